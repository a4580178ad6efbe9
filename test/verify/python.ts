/** The verifier in Python, and ours, over the same ledgers. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey } from '../ledger/samples.js';
import { MUTATIONS, seeded } from './fuzzing.js';
import { ledgerOf, SEGMENT, sampleLedger, trustFile } from './sample.js';

export const vectors = join(import.meta.dirname, '..', 'vectors');

const run = (program: string, key: string, paths: readonly string[]): readonly string[] =>
  execFileSync('python3', [join(vectors, program), key, ...paths], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

/**
 * Exit and code for each ledger, as the verifier in Python prints them.
 * @param given the root key; where anything is kept or was removed, `@` and `!` with what is known of it
 */
export const verdicts = (given: string, dirs: readonly string[]): readonly string[] => run('removals.py', given, dirs);

/** The same of the part that knows neither anchors nor removals. */
export const coreVerdicts = (key: string, dirs: readonly string[]): readonly string[] => run('verify.py', key, dirs);

/** Exit and code for each proof file. */
export const proofVerdicts = (key: string, files: readonly string[]): readonly string[] => run('proof.py', key, files);

export const exits = (lines: readonly string[]): readonly number[] => lines.map((line) => Number(line.split(' ')[0]));

/** Damages a ledger in `runs` ways; both verifiers come to one exit for each. */
export const compareDamaged = async (seed: number, runs: number): Promise<void> => {
  const below = seeded(seed);
  const sample = await sampleLedger(newKey());
  const trust = await trustFile({ ledgers: [sample.key] });
  const original = await readFile(join(sample.dir, 'log', SEGMENT));
  const damage = (): Buffer => MUTATIONS[below(MUTATIONS.length)]?.(original, below) ?? original;
  for (let left = runs; left > 0; left -= 100) {
    const dirs = await Promise.all(Array.from({ length: Math.min(left, 100) }, () => ledgerOf(damage())));
    const ours = await Promise.all(dirs.map(async (dir) => [dir, (await verifyPath(dir, { trust })).exit]));
    for (const program of [verdicts, coreVerdicts]) {
      const theirs = exits(program(sample.key, dirs)).map((exit, i) => [dirs[i], exit]);
      expect(theirs, `seed ${seed}`).toEqual(ours);
    }
  }
};
