import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { ledgerOf, trustFile } from './sample.js';

interface Vectors {
  readonly key: string;
  readonly cases: readonly {
    readonly name: string;
    readonly exit: number;
    readonly code: string | null;
    /** In place of the one of all others. */
    readonly key?: string;
  }[];
}

const folder = join(import.meta.dirname, '..', 'vectors', 'v1');
const { key, cases }: Vectors = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8'));

test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, { exit, code, key: own = key }) => {
  const trust = await trustFile({ ledgers: [own] });
  const dir = await ledgerOf(await readFile(join(folder, `${name}.jsonl`)));
  const { exit: found, findings } = await verifyPath(dir, { trust });
  const codes = findings.filter(({ severity }) => severity !== 'note').map((finding) => finding.code);
  expect(found).toBe(exit);
  expect(codes).toEqual(code === null ? ['NOT_ANCHORED'] : expect.arrayContaining([code]));
});

test('every vector has its case', async () => {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl'));
  expect(files.sort()).toEqual(cases.map(({ name }) => `${name}.jsonl`).sort());
});
