/** The second verifier, in Python, comes to the same exit as ours: for every vector, and for random damage. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newKey } from '../ledger/samples.js';
import { ledgerOf, sampleLedger } from './sample.js';
import { TAMPERINGS } from './tampering.js';

const vectors = join(import.meta.dirname, '..', 'vectors');
const verdicts = (key: string, dirs: readonly string[]): readonly string[] =>
  execFileSync('python3', [join(vectors, 'verify.py'), key, ...dirs], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
const exits = (lines: readonly string[]): readonly number[] => lines.map((line) => Number(line.split(' ')[0]));

interface Vectors {
  readonly key: string;
  readonly cases: readonly { readonly name: string; readonly exit: number; readonly key?: string }[];
}

test('every frozen vector', async () => {
  const { key, cases }: Vectors = JSON.parse(await readFile(join(vectors, 'v1', 'cases.json'), 'utf8'));
  for (const own of new Set(cases.map((one) => one.key ?? key))) {
    const mine = cases.filter((one) => (one.key ?? key) === own);
    const dirs = await Promise.all(
      mine.map(async ({ name }) => ledgerOf(await readFile(join(vectors, 'v1', `${name}.jsonl`)))),
    );
    const found = verdicts(own, dirs);
    expect(mine.map(({ name }, i) => `${name} ${exits(found)[i]}`)).toEqual(
      mine.map(({ name, exit }) => `${name} ${exit}`),
    );
  }
});

test('every tampering', async () => {
  const key = newKey();
  const sample = await sampleLedger(key);
  const dirs = await Promise.all(TAMPERINGS.map(({ change }) => ledgerOf(change(sample.lines, key, newKey()))));
  const found = exits(verdicts(sample.key, dirs));
  expect(TAMPERINGS.map(({ name }, i) => `${name} ${found[i]}`)).toEqual(
    TAMPERINGS.map(({ name, exit }) => `${name} ${exit}`),
  );
});
