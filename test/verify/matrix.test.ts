/**
 * The tamper matrix: for everything that can be done to a ledger, the exit, the code and the sentence; the quick way
 * and line by line; and the exit that the verifier in Python comes to.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Verification } from '../../src/model/evidence.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { verifyBothWays } from './both-ways.js';
import { type Certified, certifiedLedger, folderOf, rootOf } from './certified.js';
import { coreVerdicts, exits, verdicts } from './python.js';
import { ledgerOf, type SampleLedger, sampleLedger, trustFile } from './sample.js';
import { sentences } from './sentences.js';
import { TAMPERINGS } from './tampering.js';
import { SEGMENT_TAMPERINGS } from './tampering-segments.js';

interface Row {
  readonly name: string;
  readonly exit: number;
  readonly code: string | null;
  readonly dir: string;
  readonly trust: string;
  /** Root key and kept checkpoints, as the verifier in Python takes them. */
  readonly given: string;
}

const key = newKey();
const other = newKey();
let sample: SampleLedger;
let certified: Certified;
const rows = new Map<string, Row>();

const singleRow = async ({ name, exit, code, change }: (typeof TAMPERINGS)[number]): Promise<Row> => {
  const dir = await ledgerOf(change(sample.lines, key, other));
  return { name, exit, code, dir, trust: await trustFile({ ledgers: [sample.key] }), given: sample.key };
};

const segmentRow = async ({ name, exit, code, kept, change }: (typeof SEGMENT_TAMPERINGS)[number]): Promise<Row> => {
  const checkpoints = kept.map((size) => ({ origin: ORIGIN, size, root: rootOf(certified.segments, size) }));
  const given = [certified.rootKey, ...checkpoints.map(({ size, root }) => `${size}:${root}`)].join('@');
  const trust = await trustFile({ ledgers: [certified.rootKey], checkpoints });
  return { name, exit, code, dir: await folderOf(change(certified)), trust, given };
};

beforeAll(async () => {
  sample = await sampleLedger(key);
  certified = certifiedLedger();
  for (const tampering of TAMPERINGS) rows.set(tampering.name, await singleRow(tampering));
  for (const tampering of SEGMENT_TAMPERINGS) rows.set(tampering.name, await segmentRow(tampering));
});

const NAMES = [...TAMPERINGS, ...SEGMENT_TAMPERINGS].map(({ name }) => name);

/** Keys and hashes are new each time. */
const general = (sentence: string): string =>
  sentence.replace(/\S+\+[0-9a-f]{8}\+[\w+/=]+/g, '<key>').replace(/[0-9a-f]{64}/g, '<hash>');

const codes = ({ findings }: Verification): readonly string[] =>
  findings.filter(({ severity, code }) => severity !== 'note' && code !== 'NOT_ANCHORED').map(({ code }) => code);

describe('exit, code and sentence', () => {
  test.each(NAMES)('%s', async (name) => {
    const row = rows.get(name);
    const verification = await verifyBothWays(row?.dir ?? '', row?.trust ?? '', name);
    const found = codes(verification);
    expect(found, found.join()).toEqual(row?.code === null ? [] : expect.arrayContaining([row?.code]));
    expect(verification.exit).toBe(row?.exit);
    const sentence = verification.findings.find(({ code }) => code === row?.code)?.message;
    expect(sentence && general(sentence)).toBe(sentences[name]);
  });
});

/** Name and exit of rows, as a program in Python judges them. */
const judged = (program: typeof verdicts, some: readonly Row[]): readonly string[] =>
  [...new Set(some.map(({ given }) => given))]
    .flatMap((given) => {
      const those = some.filter((row) => row.given === given);
      const dirs = those.map(({ dir }) => dir);
      return exits(program(given, dirs)).map((exit, i) => `${those[i]?.name} ${exit}`);
    })
    .toSorted();

const named = (some: readonly Row[]): readonly string[] => some.map(({ name, exit }) => `${name} ${exit}`).toSorted();

test('the verifier in Python comes to the same exit', () => {
  const all = [...rows.values()];
  expect(judged(verdicts, all)).toEqual(named(all));
});

test('so does its core, wherever no kept checkpoint is needed', () => {
  const all = [...rows.values()].filter(({ given }) => !given.includes('@'));
  expect(all.length).toBeGreaterThan(90);
  expect(judged(coreVerdicts, all)).toEqual(named(all));
});

test('there are enough rows, and no name or sentence without its row', () => {
  expect(NAMES.length).toBeGreaterThanOrEqual(110);
  expect(new Set(NAMES).size).toBe(NAMES.length);
  expect(Object.keys(sentences).filter((name) => !NAMES.includes(name))).toEqual([]);
});
