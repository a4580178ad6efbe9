/** Proof files: what they show alone, and that nothing in them can be changed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ProofAsk, proveFrom } from '../../src/ledger/prove.js';
import type { Verification } from '../../src/model/evidence.js';
import type { ProofFile } from '../../src/model/proof.js';
import { verifyPath } from '../../src/verify/verify.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { type Certified, certifiedLedger, filesOf, folderOf, rootOf } from './certified.js';
import { MUTATIONS, seeded } from './fuzzing.js';
import { exits, proofVerdicts } from './python.js';
import { type SampleLedger, sampleLedger, temporary, trustFile } from './sample.js';

let ledger: Certified;
let dir: string;
let trust: string;
let single: SampleLedger;
beforeAll(async () => {
  ledger = certifiedLedger();
  dir = await folderOf(filesOf(ledger.segments));
  single = await sampleLedger(newKey());
  trust = await trustAt([16], [ledger.rootKey, ledger.segments]);
});

const trustAt = (
  sizes: readonly number[],
  [key, segments]: readonly [string, Certified['segments']],
): Promise<string> =>
  trustFile({
    ledgers: [key],
    checkpoints: sizes.map((size) => ({ origin: ORIGIN, size, root: rootOf(segments, size) })),
  });

const judged = async (proof: unknown, file = trust): Promise<Verification> => {
  const path = join(await temporary(), 'proof.json');
  await writeFile(path, typeof proof === 'string' ? proof : JSON.stringify(proof));
  return verifyPath(path, { trust: file });
};
const without = (proof: ProofFile, member: keyof ProofFile): object =>
  Object.fromEntries(Object.entries(proof).filter(([name]) => name !== member));
const codes = ({ findings }: Verification): readonly string[] => findings.map(({ code }) => code);
const RANGE: ProofAsk = { kind: 'range', from: 3, to: 9, redacted: new Set([4, 6]) };
const ASKS: readonly (readonly [string, ProofAsk, RegExp])[] = [
  ['one record', { kind: 'records', seqs: [6] }, /^the proof: record 6 as written; ledger .*, 16 records/],
  ['several records', { kind: 'records', seqs: [1, 0, 15] }, /^the proof: records 1, 0, 15 as written/],
  ['a range', RANGE, /^the proof: records 3 to 8, every one: 4 as written, 2 as hashes alone/],
  ['the whole', { kind: 'range', from: 0, to: 16, redacted: new Set() }, /records 0 to 15, every one: 16 as written/],
  ['a begin', { kind: 'begin', size: 7 }, /^the proof: the first 7 records are those of the root [0-9a-f]{64}; /],
  ['all of it as a begin', { kind: 'begin', size: 16 }, /^the proof: the first 16 records/],
];

test.each(ASKS)(
  '%s verifies alone, to 0 where signer and checkpoint are in the trust file',
  async (_name, ask, says) => {
    const proof = await proveFrom({ dir, ask });
    const verification = await judged(proof);
    expect([verification.exit, verification.kind, codes(verification)]).toEqual([0, 'proof', []]);
    expect(verification.established[0]).toMatch(says);
    const unknown = await judged(proof, await trustFile({}));
    expect([unknown.exit, codes(unknown)]).toEqual([13, ['LEDGER_SIGNER_UNKNOWN', 'NOT_ANCHORED']]);
  },
);

test.each([8, 10, 13])('against the checkpoint over %i records', async (at) => {
  for (const [, ask] of ASKS) {
    if (ask.kind === 'begin' && ask.size > at) continue;
    const fits: ProofAsk = ask.kind === 'records' ? { kind: 'records', seqs: [0, at - 1] } : ask;
    const capped: ProofAsk = fits.kind === 'range' ? { ...fits, to: Math.min(fits.to, at) } : fits;
    const proof = await proveFrom({ dir, ask: capped, at });
    expect((await judged(proof, await trustAt([at], [ledger.rootKey, ledger.segments]))).exit).toBe(0);
    const other = await judged(proof, await trustAt([16], [ledger.rootKey, ledger.segments]));
    expect([other.exit, codes(other)]).toEqual([13, ['NOT_ANCHORED']]);
  }
});

test('of a ledger with one key', async () => {
  const proof = await proveFrom({ dir: single.dir, ask: { kind: 'records', seqs: [0, 3, 8] } });
  const verification = await judged(proof, await trustFile({ ledgers: [single.key] }));
  expect([verification.exit, codes(verification)]).toEqual([13, ['NOT_ANCHORED']]);
});

test('withheld payloads are named; others are those of the record', async () => {
  const proof = await proveFrom({ dir, ask: { kind: 'records', seqs: [1] } });
  const [record] = proof.records ?? [];
  const withheld = await judged({ ...proof, records: [{ ...record, payloads: [] }] });
  expect([withheld.exit, withheld.findings[0]?.message]).toEqual([
    0,
    'the proof does not hold the payloads "args" of record 1.',
  ]);
  const changed = record?.payloads.map((line) => line.replace('read', 'rite'));
  const verification = await judged({ ...proof, records: [{ ...record, payloads: changed }] });
  expect([verification.exit, codes(verification)]).toEqual([12, ['PROOF_INVALID']]);
});

test('the root that was kept is another one', async () => {
  const checkpoints = [{ origin: ORIGIN, size: 16, root: 'a'.repeat(64) }];
  const file = await trustFile({ ledgers: [ledger.rootKey], checkpoints });
  const verification = await judged(await proveFrom({ dir, ask: { kind: 'begin', size: 3 } }), file);
  expect([verification.exit, codes(verification)]).toEqual([12, ['ANCHOR_MISMATCH']]);
});

describe('what does not hold', () => {
  const other = (): Promise<ProofFile> =>
    folderOf(filesOf(certifiedLedger(ledger.root, 'write').segments)).then((folder) =>
      proveFrom({ dir: folder, ask: RANGE }),
    );
  const rows: readonly (readonly [string, (proof: ProofFile) => object | Promise<object>, string])[] = [
    ['another version', (proof) => ({ ...proof, v: 2 }), 'the file is no proof of version 1'],
    ['an unknown member', (proof) => ({ ...proof, trust: [] }), 'the file has an unknown field "trust"'],
    ['nothing to show', (proof) => without(proof, 'range'), 'the file has not one of records, range, begin'],
    ['two things', (proof) => ({ ...proof, begin: {} }), 'the file has not one of records, range, begin'],
    ['no record', (proof) => ({ ...without(proof, 'range'), records: [] }), 'records is empty'],
    [
      'the segment of another',
      async (proof) => ({ ...proof, segment: (await other()).segment }),
      'checkpoint is not signed by the key of the segment',
    ],
    [
      'the checkpoint of another',
      async (proof) => ({ ...proof, checkpoint: (await other()).checkpoint }),
      'checkpoint is not signed by the key of the segment',
    ],
    [
      'the records of another',
      async (proof) => ({ ...proof, range: (await other()).range }),
      'range does not lead to the root of the checkpoint',
    ],
    ['a record for a segment', (proof) => ({ ...proof, segment: '{}' }), 'segment does not begin as a record does'],
    [
      'a range from elsewhere',
      (proof) => ({ ...proof, range: { ...proof.range, from: 4 } }),
      'range.records[0] is not record 4',
    ],
    [
      'a record left out',
      (proof) => ({ ...proof, range: { ...proof.range, records: proof.range?.records.slice(0, -1) } }),
      'range does not lead to the root of the checkpoint',
    ],
    [
      'the last records left out',
      (proof) => ({ ...proof, range: { ...proof.range, right: [] } }),
      'range does not lead to the root of the checkpoint',
    ],
  ];
  test.each(rows)('%s', async (_name, change, problem) => {
    const verification = await judged(await change(await proveFrom({ dir, ask: RANGE })));
    expect([verification.exit, verification.findings[0]?.message]).toEqual([
      12,
      `the proof does not hold: ${problem}.`,
    ]);
  });

  test('a checkpoint older than the key that signs it', async () => {
    const early = await proveFrom({ dir, ask: { kind: 'begin', size: 3 }, at: 5 });
    const late = await proveFrom({ dir, ask: { kind: 'begin', size: 3 } });
    expect((await judged({ ...early, segment: late.segment })).exit).toBe(12);
  });

  test('random damage: never 0 but where the file says the same, and in Python the same exit', async () => {
    const below = seeded(3);
    const files: string[] = [];
    const found: number[] = [];
    for (const [, ask] of ASKS) {
      const proof = await proveFrom({ dir, ask });
      const bytes = Buffer.from(JSON.stringify(proof));
      for (let run = 0; run < 60; run++) {
        const damaged = MUTATIONS[below(MUTATIONS.length)]?.(bytes, below) ?? bytes;
        const path = join(await temporary(), 'proof.json');
        await writeFile(path, damaged);
        const { exit } = await verifyPath(path, { trust });
        if (exit === 0) expect(JSON.parse(damaged.toString())).toEqual(proof);
        else expect(exit).toBe(12);
        files.push(path);
        found.push(exit);
      }
    }
    const given = `${ledger.rootKey}@16:${rootOf(ledger.segments, 16)}`;
    expect(exits(proofVerdicts(given, files))).toEqual(found);
  });
});

describe('what cannot be proved', () => {
  test.each<[ProofAsk, number | undefined, string]>([
    [{ kind: 'records', seqs: [16] }, undefined, 'record 16 is not under that checkpoint'],
    [{ kind: 'records', seqs: [5] }, 5, 'record 5 is not under that checkpoint'],
    [{ kind: 'records', seqs: [] }, undefined, 'name records by their numbers'],
    [{ kind: 'range', from: 3, to: 3, redacted: new Set() }, undefined, 'a range begins before it ends'],
    [{ kind: 'range', from: 3, to: 17, redacted: new Set() }, undefined, 'record 16 is not under that checkpoint'],
    [{ kind: 'begin', size: 0 }, undefined, 'name records by their numbers'],
    [{ kind: 'begin', size: 17 }, undefined, 'has no 17 records under that checkpoint'],
    [{ kind: 'begin', size: 3 }, 4, 'no checkpoint over 4 records'],
  ])('%j', async (ask, at, problem) => {
    await expect(proveFrom({ dir, ask, at })).rejects.toThrow(problem);
  });

  test('a ledger that was changed', async () => {
    const [first, ...rest] = ledger.segments;
    const lines = first?.lines.map((line) => line.replace('file_1', 'file_9')) ?? [];
    const changed = await folderOf(filesOf([{ name: first?.name ?? '', lines }, ...rest]));
    await expect(proveFrom({ dir: changed, ask: RANGE })).rejects.toMatchObject({ code: 'LEDGER_DAMAGED' });
  });
});
