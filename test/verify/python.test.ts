/** The second verifier, in Python, comes to the same exit as ours: for every vector, and for random damage. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callDraft, newKey, openSample } from '../ledger/samples.js';
import { compareDamaged, coreVerdicts, exits, vectors, verdicts } from './python.js';
import { ledgerOf, temporary } from './sample.js';

interface Vectors {
  readonly key: string;
  readonly cases: readonly { readonly name: string; readonly exit: number; readonly key?: string }[];
}

test.each([
  ['the core', coreVerdicts],
  ['with what was kept and removed', verdicts],
])('every frozen vector, %s', async (_name, program) => {
  const { key, cases }: Vectors = JSON.parse(await readFile(join(vectors, 'v1', 'cases.json'), 'utf8'));
  for (const own of new Set(cases.map((one) => one.key ?? key))) {
    const mine = cases.filter((one) => (one.key ?? key) === own);
    const dirs = await Promise.all(
      mine.map(async ({ name }) => ledgerOf(await readFile(join(vectors, 'v1', `${name}.jsonl`)))),
    );
    const found = program(own, dirs);
    expect(mine.map(({ name }, i) => `${name} ${exits(found)[i]}`)).toEqual(
      mine.map(({ name, exit }) => `${name} ${exit}`),
    );
  }
});

test('a payload that lies in a file of its own', async () => {
  const key = newKey();
  const dir = await temporary();
  const ledger = await openSample({ dir, key });
  await ledger.append(callDraft(1, { forwarded: false }, { args: `"${'x'.repeat(1_100_000)}"` }));
  await ledger.close('test');
  expect(verdicts(ledger.key, [dir])).toEqual(['13 NOT_ANCHORED']);
  const [name = ''] = await readdir(join(dir, 'blobs'));
  await writeFile(join(dir, 'blobs', name), 'another');
  expect(verdicts(ledger.key, [dir])).toEqual(['12 PAYLOAD_ALTERED']);
});

test('random damage: both come to one exit', () => compareDamaged(7, 150));

test('the core is as short as the page of the format says', async () => {
  const page = await readFile(join(vectors, '..', '..', 'docs', 'ledger-format.md'), 'utf8');
  const core = await readFile(join(vectors, 'verify.py'), 'utf8');
  const lines = core.split('\n').filter((line) => line.trim() !== '').length;
  expect(page).toContain(`\`verify.py\` is the core of a ledger in ${lines} lines`);
});
