/** Rounds of load on several targets, one after the other, and a table of their medians. */
import { cpus } from 'node:os';
import { load, open, rss } from './load.js';

const SECONDS = Number(process.env.BENCH_SECONDS ?? 2);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LOADS = (process.env.BENCH_LOADS ?? '1,16,64').split(',').map(Number);

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const medians = (rounds) =>
  Object.fromEntries(['rate', 'p50', 'p99', 'cpu'].map((name) => [name, median(rounds.map((round) => round[name]))]));
const cell = (value, digits, width) => value.toFixed(digits).padStart(width);

const line = (target, inFlight, own, base) => {
  const { rate, p50, p99, cpu } = own;
  const added = own === base.direct ? ['', ''] : [cell(p50 - base.direct.p50, 2, 0), cell(p99 - base.direct.p99, 2, 0)];
  const ratio = target.name === 'direct' ? '' : cell(rate / base.bare.rate, 2, 0);
  return `${String(inFlight).padStart(3)}  ${target.name.padEnd(28)}${cell(rate, 0, 8)}${cell(p50, 2, 8)}${cell(p99, 2, 8)}${added[0].padStart(10)}${added[1].padStart(10)}${cell(cpu, 0, 9)}${cell(rss(target.pid), 0, 9)}${ratio.padStart(10)}`;
};

const measure = async (targets, inFlight) => {
  const rounds = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++)
    for (const target of targets) rounds.get(target.name).push(await load({ ...target, inFlight, seconds: SECONDS }));
  const found = new Map([...rounds].map(([name, all]) => [name, medians(all)]));
  const base = { direct: found.get('direct'), bare: found.get('bare pass-through') };
  for (const target of targets) console.log(line(target, inFlight, found.get(target.name), base));
};

/**
 * Measures targets, `direct` and `bare pass-through` among them, and prints a table. CPU is that of the target's own
 * process alone; of a server over stdio, not that of the server.
 */
export const table = async (targets) => {
  for (const target of targets) target.headers = await open(target.url, target.token);
  for (const target of targets) await load({ ...target, inFlight: 16, seconds: 1 });
  console.log(
    `node ${process.version}, ${cpus().length} × ${cpus()[0].model}; medians of ${ROUNDS} rounds of ${SECONDS} s, one after the other`,
  );
  console.log(
    ' in  target                         calls/s  p50 ms  p99 ms added p50 added p99  CPU us  RSS MiB   of bare',
  );
  for (const inFlight of LOADS) await measure(targets, inFlight);
};
