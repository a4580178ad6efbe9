/**
 * How long opening a large ledger for writing takes: after it was closed, after its writer was killed in the middle of
 * a segment, and without `sealed.json`, when all of it must be read. Each in a process of its own.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createSigningKey } from '../../dist/ledger/keys.js';

const ROTATE = { bytes: 64 * 1024 * 1024, age: 3_600_000 };

/** Opens, appends so many records, and closes or is killed; says how long opening took. */
const CHILD = `
const [dist, dir, key, draft, records, end] = process.argv.slice(1);
const { systemClock } = await import(dist + 'base/clock.js');
const { openLedger } = await import(dist + 'ledger/append.js');
const { loadSigningKey } = await import(dist + 'ledger/keys.js');
const cpu = process.cpuUsage();
const from = performance.now();
const ledger = await openLedger({
  dir, origin: 'example.com/bench', key: await loadSigningKey(key), clock: systemClock(), heartbeat: 0,
  rotate: ${JSON.stringify(ROTATE)}, keep: { tool: Infinity, approval: 777_600_000 },
});
const ms = performance.now() - from;
const { user, system } = process.cpuUsage(cpu);
let left = Number(records);
const caller = async () => { while (left-- > 0) await ledger.append(JSON.parse(draft)); };
await Promise.all(Array.from({ length: 512 }, caller));
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ size: ledger.size, ms, cpu: user + system, maxRSS }));
if (end === 'close') await ledger.close('bench');
else process.kill(process.pid, 'SIGKILL');
`;

/**
 * @param records how many the ledger holds
 * @param draft the record
 */
export const measureStart = async (records, draft) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const [dir, key] = [join(folder, 'ledger'), join(folder, 'key')];
  const dist = new URL('../../dist/', import.meta.url).href;
  const run = async (count, end) => {
    const args = ['--input-type=module', '-e', CHILD, dist, dir, key, JSON.stringify(draft), String(count), end];
    const { stdout } = await promisify(execFile)(process.execPath, args).catch((error) => {
      // Killed on purpose, once it has said all.
      if (error.signal === 'SIGKILL') return error;
      throw error;
    });
    return JSON.parse(stdout);
  };
  const figures = ({ ms, cpu, maxRSS }) => ({
    seconds: Number((ms / 1000).toFixed(2)),
    cpuSeconds: Number((cpu / 1_000_000).toFixed(2)),
    peakMegabytes: Math.round(maxRSS / 1024),
  });
  try {
    await createSigningKey(key);
    await run(records, 'close');
    const closed = await run(30_000, 'kill');
    const killed = await run(0, 'close');
    await rm(join(dir, 'sealed.json'));
    const whole = await run(0, 'close');
    return {
      opened: whole.size,
      afterClose: figures(closed),
      afterKill: figures(killed),
      readingEverything: figures(whole),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
};
