/** Ledgers scanned in threads, which run what was built. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Scanner, scanHere, scanNothing } from '../../src/verify/scan/scanner.js';
import { scanInThreads } from '../../src/verify/scan/threads.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey, oneCall, openSample, testClock } from '../ledger/samples.js';
import { temporary, trustFile } from './sample.js';

const built = new URL('../../dist/verify/scan/worker.js', import.meta.url);

/** Calls with outcomes over several segments. */
const manySegments = async (calls: number): Promise<{ dir: string; trust: string }> => {
  const dir = await temporary();
  const clock = testClock();
  const ledger = await openSample({ dir, key: newKey(), clock, rotate: { bytes: 40_000, age: 3_600_000 } });
  for (let n = 1; n <= calls; n++) await oneCall(ledger, clock, n);
  await ledger.close('test');
  return { dir, trust: await trustFile({ ledgers: [ledger.key] }) };
};

const verdict = async (dir: string, trust: string, scanner: Scanner) => {
  try {
    return await verifyPath(dir, { trust, scanner });
  } finally {
    await scanner.close();
  }
};

test('threads, one thread, and no scan at all: one verdict, sound or damaged', async () => {
  const { dir, trust } = await manySegments(120);
  const log = join(dir, 'log');
  const names = (await readdir(log)).sort();
  expect(names.length).toBeGreaterThan(5);
  for (const damage of [null, 1, 4]) {
    if (damage !== null) {
      const path = join(log, names[damage] ?? '');
      await writeFile(path, (await readFile(path, 'utf8')).replace('"status":"ok"', '"status":"no"'));
    }
    const inThreads = await verdict(dir, trust, scanInThreads(2, built));
    expect(inThreads.exit).toBe(damage === null ? 13 : 12);
    expect(inThreads).toEqual(await verdict(dir, trust, scanHere()));
    expect(inThreads).toEqual(await verdict(dir, trust, scanNothing()));
  }
});

test('threads that cannot start cost time alone', async () => {
  const { dir, trust } = await manySegments(10);
  const { exit } = await verdict(dir, trust, scanInThreads(2, new URL('./no-such-module.js', import.meta.url)));
  expect(exit).toBe(13);
});
