/**
 * Speed of masking, as MB/s of message bytes (10^6, CPU time of this process) and as a ratio to JSON.parse in the same
 * run: compare machines by the ratio. Run after `npm run build`: node bench/masking.js
 */
import { cpus } from 'node:os';
import { baits } from '../dist/masking/canary.js';
import { createMasker } from '../dist/masking/mask.js';
import { corpora } from '../test/masking/speed/corpora.mjs';
import { ADVERSARIAL } from '../test/masking/speed/inputs.mjs';
import { growths, timings } from '../test/masking/speed/timing.mjs';

const keys = ['password', 'token', 'secret'];
const mask = createMasker({ name: 'bench', detectors: ['secrets', 'personal'], keys });
const row = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? cell.padEnd(28) : cell.padStart(15))).join(''));

console.log(`${cpus()[0].model.trim()}, Node ${process.versions.node}, one core, CPU time\n`);
row('', 'MB/s', 'µs a message', 'of JSON.parse', 'bytes a hit');
for (const { kind, bytes, masked, parsed, hits } of timings(mask, corpora(mask, baits))) {
  row(
    kind,
    (bytes / masked / 1e6).toFixed(1),
    (masked * 1e6).toFixed(1),
    `${(parsed / masked).toFixed(3)}×`,
    hits === 0 ? '-' : (bytes / hits).toFixed(0),
  );
}

const slowest = growths(mask, ADVERSARIAL).sort((a, b) => a.speed - b.speed);
console.log(
  `\nmade to take long, the slowest of ${slowest.length} texts of 128 KB, and the time beside that of half of each`,
);
row('', 'MB/s', 'time');
for (const { input, speed, growth } of slowest.slice(0, 12)) {
  row(JSON.stringify(input).slice(0, 27), (speed / 1e6).toFixed(1), `${growth.toFixed(2)}×`);
}
