/** Receipts of a real time stamp authority and of a witness in a process of its own: when they count, and when not. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Anchor } from '../../src/ledger/anchors/anchor.js';
import { keepReceipt } from '../../src/ledger/anchors/receipts.js';
import { createTimestampAnchor } from '../../src/ledger/anchors/timestamp.js';
import type { Verification } from '../../src/model/evidence.js';
import { AnchorWalk } from '../../src/verify/anchors.js';
import { createFindings } from '../../src/verify/findings.js';
import { verifyPath } from '../../src/verify/verify.js';
import { startTsa, type Tsa } from '../ledger/anchors/tsa.js';
import { headOf, never, startWitness, type WitnessProcess, witnessAnchor } from '../ledger/anchors/world.js';
import { newKey, oneCall, openSample, testClock } from '../ledger/samples.js';
import { trustFile } from './sample.js';

const folder = mkdtempSync(join(tmpdir(), 'countersign-receipts-'));
const dir = join(folder, 'ledger');
let tsa: Tsa;
let witness: WitnessProcess;
let ledgerKey: string;
/** Sizes that were anchored, and records in all. */
let sizes: number[];
let size: number;

beforeAll(async () => {
  tsa = await startTsa();
  const clock = testClock(Date.now() - 5_000);
  const ledger = await openSample({ dir, key: newKey(), clock, rotate: { bytes: 1e9, age: 1e9 } });
  witness = await startWitness(join(folder, 'witness.json'), ledger.key);
  const anchors: readonly Anchor[] = [
    createTimestampAnchor({ name: 'stamp', url: tsa.url, fetch: globalThis.fetch }),
    witnessAnchor(ledger, witness),
  ];
  sizes = [];
  for (let n = 0; n < 6; n++) {
    await oneCall(ledger, clock, n);
    if (n === 3) await ledger.rotate();
    const head = headOf(ledger);
    sizes.push(head.size);
    const anchor = anchors[n % 2];
    if (anchor) await keepReceipt(dir, anchor.name, Date.now(), await anchor.put(head, never));
  }
  ledgerKey = ledger.key;
  size = ledger.size;
  await ledger.close('the test goes on');
  // The closing record is beyond the last anchor; the tests look at what is before.
  size = ledger.size;
});
afterAll(async () => {
  await Promise.all([tsa.close(), witness.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const certificate = (): string => tsa.ca.toString('base64');
const verify = async (path: string, anchors: object, over: object = {}): Promise<Verification> =>
  verifyPath(path, { trust: await trustFile({ ledgers: [ledgerKey], anchors, ...over }) });
const codes = ({ findings }: Verification): string[] => findings.map(({ code }) => code);
const established = ({ established: all }: Verification): string =>
  all.find((line) => line.includes('confirmed')) ?? '';

const files = (path: string): string[] => readdirSync(join(path, 'anchors')).filter((name) => name.endsWith('.jsonl'));
/** Another digit of base64. */
const other = (digit: string): string => (digit === 'A' ? 'B' : 'A');
/** A copy of the ledger whose receipts were changed, line by line. */
const changed = (change: (line: string, file: string) => string): string => {
  const copy = mkdtempSync(join(folder, 'copy-'));
  cpSync(dir, copy, { recursive: true });
  for (const name of files(copy)) {
    const path = join(copy, 'anchors', name);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    writeFileSync(path, lines.map((line) => `${change(line, name)}\n`).join(''));
  }
  return copy;
};

describe('receipts of anchors', () => {
  it('count under the key of a witness and the certificate of an authority', async () => {
    const both = await verify(dir, { witnesses: [witness.key], timestamps: [certificate()] });
    expect(codes(both)).toEqual(['NOT_ANCHORED']);
    expect(established(both)).toContain(
      `records 0 to ${(sizes[5] ?? 0) - 1} are those that the witness witness.example.com/w1 confirmed`,
    );
    expect(both.findings[0]?.message).toContain(`records ${sizes[5]} to ${size - 1}`);
    const stamps = await verify(dir, { timestamps: [certificate()] });
    expect(established(stamps)).toContain(`records 0 to ${(sizes[4] ?? 0) - 1} are those that a time stamp confirmed`);
    expect(codes(stamps)).toEqual(['ANCHOR_UNKNOWN', 'NOT_ANCHORED']);
  });

  it('together with a kept checkpoint establish everything', async () => {
    const unanchored = await verify(dir, {});
    const root = unanchored.established.find((line) => line.includes('signed root'))?.slice(-65, -1);
    const kept = await verify(
      dir,
      { witnesses: [witness.key], timestamps: [certificate()] },
      { checkpoints: [{ origin: 'example.com/mcp/gw-1', size, root }] },
    );
    expect([kept.exit, codes(kept)]).toEqual([0, []]);
  });

  it('prove nothing by themselves', async () => {
    const none = await verify(dir, {});
    expect(none.exit).toBe(13);
    expect(codes(none)).toEqual(['ANCHOR_UNKNOWN', 'ANCHOR_UNKNOWN', 'NOT_ANCHORED']);
    expect(none.findings.at(-1)?.message).toContain('records 0 to');
    const other = await startTsa();
    const stranger = await verify(dir, { timestamps: [other.ca.toString('base64')] });
    expect(codes(stranger)).toContain('ANCHOR_RECEIPT');
    expect(stranger.findings.find(({ code }) => code === 'ANCHOR_RECEIPT')?.message).toContain(
      'nobody trusted vouches',
    );
    await other.close();
  });

  it('of another root tell that history was changed, whoever altered what', async () => {
    const swapped = changed((line, name) =>
      name.startsWith('stamp') ? line.replace(/"size":\d+/, `"size":${sizes[1]}`) : line,
    );
    // Without the authority's key nobody can say what it stamped; its own text does not fit the token any more.
    expect(codes(await verify(swapped, { timestamps: [certificate()] }))).toContain('ANCHOR_RECEIPT');
  });

  it.each([
    ['a root', (line: string) => line.replace(/"root":"../, '"root":"00')],
    ['a cosignature', (line: string) => line.replace(/(?<=cosignature":".{60})./, other)],
    ['a token', (line: string) => line.replace(/(?<=token":".{900})./, other)],
    ['the form', (line: string) => line.replace('"v":1', '"v":2')],
    ['a member', (line: string) => line.replace('{', '{"more":1,')],
    ['JSON', (line: string) => line.slice(1)],
  ])(
    'do not count where %s was changed, and the rest of what they said is then not anchored',
    async (_name, change) => {
      const all = { witnesses: [witness.key], timestamps: [certificate()] };
      const found = await verify(changed(change), all);
      expect(found.exit).toBe(13);
      expect(codes(found)).toContain('ANCHOR_RECEIPT');
    },
  );

  it('of a longer history than the one that is here: records were dropped', async () => {
    const copy = changed((line) => line);
    const second = readdirSync(join(copy, 'log')).sort()[1] ?? '';
    rmSync(join(copy, 'log', second));
    const found = await verify(copy, { witnesses: [witness.key] });
    expect([found.exit, codes(found)]).toEqual([12, expect.arrayContaining(['TRUNCATED'])]);
    expect(found.findings.find(({ code }) => code === 'TRUNCATED')?.message).toContain(
      'the witness witness.example.com/w1 confirmed',
    );
  });

  it('that were withheld leave the window open', async () => {
    const copy = changed((line) => line);
    for (const name of files(copy)) rmSync(join(copy, 'anchors', name));
    expect(codes(await verify(copy, { witnesses: [witness.key], timestamps: [certificate()] }))).toEqual([
      'NOT_ANCHORED',
    ]);
  });

  it('that came late say how long anybody with the key had', async () => {
    const late = await verify(dir, { witnesses: [witness.key] }, { thresholds: { anchorSeconds: 1 } });
    expect(codes(late)).toContain('ANCHORED_LATE');
    expect(late.findings.find(({ code }) => code === 'ANCHORED_LATE')?.message).toMatch(
      /records \d+ to \d+ were confirmed \d+ s after/,
    );
  });

  it('tell of a clock that ran ahead', async () => {
    const ahead = join(folder, 'ahead');
    const clock = testClock(Date.now() + 60_000);
    const ledger = await openSample({ dir: ahead, key: newKey(), clock, rotate: { bytes: 1e9, age: 1e9 } });
    await oneCall(ledger, clock, 1);
    const stamp = createTimestampAnchor({ name: 'stamp', url: tsa.url, fetch: globalThis.fetch });
    await keepReceipt(ahead, 'stamp', Date.now(), await stamp.put(headOf(ledger), never));
    await ledger.close('the test ends');
    const trust = await trustFile({ ledgers: [ledger.key], anchors: { timestamps: [certificate()] } });
    const found = await verifyPath(ahead, { trust });
    expect([found.exit, codes(found)]).toEqual([11, expect.arrayContaining(['CLOCK_AHEAD'])]);
  });
});

describe('what was confirmed of more records than are there', () => {
  const ended = (time: number | null, until?: number): string[] => {
    const findings = createFindings();
    const anchor = { origin: 'o', size: 9, root: '', time, by: 'somebody' };
    new AnchorWalk([anchor], { delay: 1, skew: 1, until }, findings, 'it').end({ size: 5, verifier: { name: 'o' } });
    return codes(findings.result('x', 'ledger'));
  };

  it('is of records that were dropped, but for what came after the period of a package', () => {
    expect(ended(1_000)).toEqual(['TRUNCATED']);
    expect(ended(1_000, 2_000)).toEqual(['TRUNCATED']);
    expect(ended(3_000, 2_000)).toEqual([]);
    expect(ended(null, 2_000)).toEqual(['TRUNCATED']);
    expect(ended(3_000, Number.NaN)).toEqual(['TRUNCATED']);
  });
});

describe('a trust file', () => {
  it.each([
    [{ witnesses: ['x'] }, 'anchors.witnesses[0] is not a verifier key'],
    [{ timestamps: ['AAAA'] }, 'anchors.timestamps[0] '],
    [{ s3: [{ bucket: 'b' }] }, 'anchors.s3[0] lacks the field "region"'],
    [{ s3: [{ bucket: 'b', region: 'r', prefix: 'p' }] }, 'does not end in /'],
    [{ more: [] }, 'an unknown field "more"'],
  ])('with %o is refused by name', async (anchors, problem) => {
    await expect(verify(dir, anchors)).rejects.toThrow(problem);
  });
});
