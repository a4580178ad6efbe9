/**
 * Speed of masking, as MB/s of message bytes (10^6, CPU time of this process) and as a ratio to JSON.parse in the same
 * run: compare machines by the ratio. Run after `npm run build`: node bench/masking.js
 */
import { cpus } from 'node:os';
import { baits } from '../dist/masking/canary.js';
import { createMasker } from '../dist/masking/mask.js';
import { corpora } from '../test/masking/speed/corpora.mjs';
import { ADVERSARIAL } from '../test/masking/speed/inputs.mjs';

const keys = ['password', 'token', 'secret'];
const mask = createMasker({ name: 'bench', detectors: ['secrets', 'personal'], keys });
const withNetwork = createMasker({ name: 'bench', detectors: ['secrets', 'personal', 'network'], keys });

/** Least CPU seconds of one run, of many. */
const time = (run, runs = 25) => {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  return best;
};
const often = (times, run) => () => {
  for (let i = 0; i < times; i++) run();
};

const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(13))).join(''));

console.log(`${cpus()[0].model.trim()}, Node ${process.versions.node}, one core, CPU time\n`);
row('', 'MB/s', 'µs/message', 'of JSON.parse', 'bytes a hit', 'with network');
for (const [name, bytes] of Object.entries(corpora(mask, baits))) {
  const times = Math.max(1, Math.ceil(500_000 / bytes.length));
  const per = (run) => time(often(times, run)) / times;
  for (let i = 0; i < 40; i++) mask(bytes);
  const masked = per(() => mask(bytes));
  const parsed = per(() => JSON.parse(bytes.toString('utf8')));
  const network = per(() => withNetwork(bytes));
  const hits = mask(bytes).redactions.length;
  row(
    name,
    (bytes.length / masked / 1e6).toFixed(1),
    (masked * 1e6).toFixed(1),
    (parsed / masked).toFixed(2),
    hits === 0 ? '-' : (bytes.length / hits).toFixed(0),
    (bytes.length / network / 1e6).toFixed(1),
  );
}

const SIZE = 65_536;
const document = (input, size) =>
  Buffer.from(JSON.stringify({ content: [{ type: 'text', text: input.repeat(Math.ceil(size / input.length)) }] }));
const adversarial = ADVERSARIAL.map((input) => {
  const small = document(input, SIZE);
  const large = document(input, 2 * SIZE);
  mask(small);
  const seconds = time(() => mask(large), 5);
  return { input, speed: large.length / seconds / 1e6, growth: seconds / time(() => mask(small), 5) };
});
adversarial.sort((a, b) => a.speed - b.speed);
console.log(
  `\nmade to take long, the slowest of ${adversarial.length} texts of ${(2 * SIZE) / 1024} KB, and its time at half the size`,
);
row('', 'MB/s', 'time × at 2×');
for (const { input, speed, growth } of adversarial.slice(0, 12)) {
  row(JSON.stringify(input).slice(0, 27), speed.toFixed(1), growth.toFixed(2));
}
