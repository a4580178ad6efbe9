/** Frozen ledgers and proof files: every later version must say the same of them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { exits, proofVerdicts, vectors, verdicts } from './python.js';
import { ledgerOf, trustFile } from './sample.js';

interface Case {
  readonly name: string;
  readonly exit: number;
  readonly code: string | null;
  /** In place of the one of all others. */
  readonly key?: string;
}

const v1 = join(vectors, 'v1');
const casesIn = async <T>(folder: string): Promise<T> => JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8'));

const codes = ({ findings }: Verification): readonly string[] =>
  findings
    .filter(({ severity, code }) => severity !== 'note' && code !== 'NOT_ANCHORED')
    .map((finding) => finding.code);

const agrees = (verification: Verification, { exit, code }: Case): void => {
  expect(verification.exit).toBe(exit);
  const isPlain = code === null || code === 'NOT_ANCHORED';
  expect(codes(verification)).toEqual(isPlain ? [] : expect.arrayContaining([code]));
};

describe('ledgers of one segment', async () => {
  const { key, cases } = await casesIn<{ key: string; cases: readonly Case[] }>(v1);

  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const trust = await trustFile({ ledgers: [one.key ?? key] });
    agrees(await verifyPath(await ledgerOf(await readFile(join(v1, `${name}.jsonl`))), { trust }), one);
  });

  test('every vector has its case', async () => {
    const files = (await readdir(v1)).filter((name) => name.endsWith('.jsonl'));
    expect(files.sort()).toEqual(cases.map(({ name }) => `${name}.jsonl`).sort());
  });
});

interface FolderCase extends Case {
  /** Kept by the trust file. */
  readonly checkpoints: readonly { readonly size: number; readonly root: string }[];
}
interface FolderCases {
  readonly origin: string;
  readonly key: string;
  readonly custodians?: readonly string[];
  readonly cases: readonly FolderCase[];
}

describe.each([
  ['of several segments', 'segments'],
  ['from which something was removed', 'removals'],
])('ledgers %s', async (_name, below) => {
  const folder = join(v1, below);
  const { origin, key, custodians = [], cases } = await casesIn<FolderCases>(folder);

  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const checkpoints = one.checkpoints.map((kept) => ({ origin, ...kept }));
    const trust = await trustFile({ ledgers: [key], checkpoints, ...(custodians.length > 0 ? { custodians } : {}) });
    agrees(await verifyPath(join(folder, name), { trust }), one);
    const kept = [key, ...one.checkpoints.map(({ size, root }) => `${size}:${root}`)].join('@');
    const given = [kept, ...custodians].join('!');
    expect(exits(verdicts(given, [join(folder, name)]))).toEqual([one.exit]);
  });

  test('every vector has its case', async () => {
    const found = (await readdir(folder)).filter((name) => name !== 'cases.json');
    expect(found.sort()).toEqual(cases.map(({ name }) => name).sort());
  });
});

describe('proof files', async () => {
  const folder = join(v1, 'proofs');
  const { key, checkpoints, cases } = await casesIn<{
    key: string;
    checkpoints: FolderCase['checkpoints'];
    cases: readonly Case[];
  }>(folder);

  test.each(cases.map((one) => [one.name, one] as const))('%s', async (name, one) => {
    const trust = await trustFile({ ledgers: [key], checkpoints });
    const file = join(folder, `${name}.json`);
    agrees(await verifyPath(file, { trust }), one);
    const given = [key, ...checkpoints.map(({ size, root }) => `${size}:${root}`)].join('@');
    expect(exits(proofVerdicts(given, [file]))).toEqual([one.exit]);
  });

  test('every vector has its case', async () => {
    const found = (await readdir(folder)).filter((name) => name !== 'cases.json');
    expect(found.sort()).toEqual(cases.map(({ name }) => `${name}.json`).sort());
  });
});
