/** Frozen receipts of a witness and of a time stamp authority: every later version must say the same of them. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { vectors } from './python.js';

const folder = join(vectors, 'v1', 'anchors');
const trust = join(mkdtempSync(join(tmpdir(), 'countersign-vectors-')), 'trust.json');
cpSync(join(folder, 'trust.json'), trust);
afterAll(() => rmSync(trust));

const { cases }: { cases: readonly { name: string; exit: number; code: string | null }[] } = JSON.parse(
  readFileSync(join(folder, 'cases.json'), 'utf8'),
);

test.each(cases)('$name', async ({ name, exit, code }) => {
  const found = await verifyPath(join(folder, name), { trust });
  const codes = found.findings.filter(({ severity }) => severity !== 'note').map((finding) => finding.code);
  expect(codes).toEqual(code === null ? [] : expect.arrayContaining([code]));
  expect(found.exit).toBe(exit);
});

test('every vector has its case', () => {
  const found = readdirSync(folder).filter((name) => !name.endsWith('.json'));
  expect(found.toSorted()).toEqual(cases.map(({ name }) => name).toSorted());
});
