/** Random damage to a ledger or package, and what may never come of it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey } from '../ledger/samples.js';
import { verifyBothWays } from './both-ways.js';
import { samplePackage } from './package-sample.js';
import { ledgerOf, SEGMENT, sampleLedger, trustFile } from './sample.js';

/** mulberry32: small, seeded, good enough to choose bytes. */
export const seeded = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return Math.floor((((z ^ (z >>> 14)) >>> 0) / 4294967296) * below);
  };
};

export const MUTATIONS: readonly ((bytes: Buffer, below: (n: number) => number) => Buffer)[] = [
  (bytes, below) => {
    const at = below(bytes.length);
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
    return copy;
  },
  (bytes, below) => {
    const copy = Buffer.from(bytes);
    copy[below(bytes.length)] = below(256);
    return copy;
  },
  (bytes, below) => {
    const at = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.of(below(256)), bytes.subarray(at)]);
  },
  (bytes, below) => {
    const at = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(40))]);
  },
  (bytes, below) => {
    const at = below(bytes.length);
    const from = below(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(from, from + 1 + below(300)), bytes.subarray(at)]);
  },
  (bytes, below) => bytes.subarray(0, below(bytes.length)),
  (bytes, below) => {
    const copy = Buffer.from(bytes);
    const at = below(bytes.length);
    return copy.fill(0, at, Math.min(bytes.length, at + 1 + below(64)));
  },
  // Whole lines: taken out, put in once more, exchanged.
  (bytes, below) => {
    const lines = bytes.toString('latin1').split('\n');
    const [a, b] = [below(lines.length), below(lines.length)];
    const kind = below(3);
    if (kind === 0) lines.splice(a, 1);
    else if (kind === 1) lines.splice(b, 0, lines[a] ?? '');
    else [lines[a], lines[b]] = [lines[b] ?? '', lines[a] ?? ''];
    return Buffer.from(lines.join('\n'), 'latin1');
  },
];

const withoutCheckpoints = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .split('\n')
    .filter((line) => !line.startsWith('~'))
    .join('\n')
    .replace(/\n$/, '');

/**
 * Each mutation is noticed, or is one of the two that the format cannot notice without anchors: batches dropped
 * from the end, and checkpoints taken out of the middle.
 */
export const fuzzLedger = async (seed: number, runs: number): Promise<void> => {
  const below = seeded(seed);
  const sample = await sampleLedger(newKey());
  const trust = await trustFile({ ledgers: [sample.key] });
  const original = await readFile(join(sample.dir, 'log', SEGMENT));
  const records = withoutCheckpoints(original);
  const dir = await ledgerOf(original);
  for (let run = 0; run < runs; run++) {
    const mutated = MUTATIONS[below(MUTATIONS.length)]?.(original, below) ?? original;
    if (mutated.equals(original)) continue;
    await writeFile(join(dir, 'log', SEGMENT), mutated);
    const { exit, findings } = await verifyBothWays(dir, trust, `seed ${seed}, run ${run}`);
    const found = findings.map(({ code }) => code).join();
    if (exit === 13)
      expect(records.startsWith(withoutCheckpoints(mutated)), `seed ${seed}, run ${run}: ${found}`).toBe(true);
    else expect([11, 12], `seed ${seed}, run ${run}: ${found}`).toContain(exit);
  }
};

/** A changed byte in any file of a package is noticed. */
export const fuzzPackage = async (seed: number, runs: number): Promise<void> => {
  const below = seeded(seed);
  const { dir, trust } = await samplePackage();
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (let run = 0; run < runs; run++) {
    const path = files[below(files.length)] ?? '';
    const original = await readFile(path);
    const mutated = MUTATIONS[below(MUTATIONS.length)]?.(original, below) ?? original;
    if (mutated.equals(original)) continue;
    await writeFile(path, mutated);
    const { exit, findings } = await verifyPath(dir, { trust });
    const found = findings.map(({ code }) => code);
    // A changed name or key id makes a signature one of somebody unknown.
    const expected =
      found.includes('REPORT_SIGNER_UNKNOWN') && /(?:run\.json|manifest\.sig)$/.test(path) ? [12, 13] : [12];
    expect(expected, `seed ${seed}, run ${run}, ${path}: ${found.join()}`).toContain(exit);
    await writeFile(path, original);
  }
  expect((await verifyPath(dir, { trust })).exit).toBe(13);
};
