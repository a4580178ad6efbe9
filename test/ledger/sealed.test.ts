/** A start reads from where `sealed.json` ends, and everything where anything about that file does not hold. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FilePort, realFiles } from '../../src/base/durable.js';
import { openLedger } from '../../src/ledger/append.js';
import type { OpenedLedger } from '../../src/ledger/opening.js';
import { type LedgerEntry, readLedger } from '../../src/ledger/read.js';
import { findStanding } from '../../src/ledger/scan.js';
import type { RecordDraft } from '../../src/model/record.js';
import { verifyPath } from '../../src/verify/verify.js';
import { SimulatedDisk } from '../faults/simulated-disk.js';
import { comeBack, DIR } from '../faults/stand.js';
import { trustFile } from '../verify/sample.js';
import { callDraft, newKey, ORIGIN, resultDraft, testClock } from './samples.js';

const DAY = 86_400_000;
const RULE = { tool: Number.POSITIVE_INFINITY, notice: DAY } as const;
const key = newKey();
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-sealed-'));
});
afterEach(() => rm(dir, { recursive: true }));

const clock = testClock();
const open = (over: Partial<Parameters<typeof openLedger>[0]> = {}): Promise<OpenedLedger> =>
  openLedger({
    dir,
    origin: ORIGIN,
    key,
    clock,
    heartbeat: 0,
    rotate: { bytes: 6_000, age: 3_600_000 },
    keep: RULE,
    ...over,
  });

const toolDraft = (n: number): RecordDraft => ({
  type: 'tool',
  d: {
    event: 'seen',
    server: 'files',
    name: `tool_${n}`,
    digest: 'e'.repeat(64),
    previous: null,
    destructive: false,
    hints: { readOnly: true, destructive: false, idempotent: true, openWorld: false },
    flags: [],
  },
  payloads: { definition: JSON.stringify({ name: `tool_${n}`, text: 'x'.repeat(n * 100) }) },
});

/** Six calls with their outcomes and a tool each; every third call is left without outcome. */
const fill = async (ledger: OpenedLedger, from = 0): Promise<void> => {
  for (let n = from; n < from + 12; n++) {
    const { seq } = await ledger.append(callDraft(n));
    await ledger.append(toolDraft(n));
    if (n % 3 > 0) await ledger.append(resultDraft(n, seq));
  }
};

const keptOf = async (ledger: OpenedLedger): Promise<readonly LedgerEntry[]> => {
  const list: LedgerEntry[] = [];
  for await (const entry of ledger.kept()) list.push(entry);
  return list;
};

const toolsIn = async (files: FilePort, at: string): Promise<readonly LedgerEntry[]> => {
  const list: LedgerEntry[] = [];
  for await (const entry of readLedger(at, { verify: true, files })) if (entry.type === 'tool') list.push(entry);
  return list;
};

/** What a start knows, by reading everything, and from the frontier on. */
const standings = async (root: string, files: FilePort = realFiles, at = dir) => {
  const short = await findStanding(at, files, { root, rule: RULE });
  const whole = await findStanding(at, files, { rule: RULE });
  return { short, whole };
};

const sums = ({ state, account, kept, end }: Awaited<ReturnType<typeof findStanding>>) => ({
  size: state.size,
  prev: state.prev,
  root: state.range.root().toString('hex'),
  rootKey: state.root?.key,
  counts: Object.fromEntries(account.counts),
  open: [...account.open],
  named: [...account.named],
  kept,
  end,
});

test('after a close everything is summed up, and the sums are those of the records', async () => {
  const ledger = await open();
  await fill(ledger);
  await ledger.close('test');
  const { short, whole } = await standings(ledger.key);
  expect(short.sealed.length).toBe((await readdir(join(dir, 'log'))).length);
  expect(short.sealed.length).toBeGreaterThan(3);
  expect(sums(short)).toEqual(sums(whole));
});

test('a start from there goes on as one that read everything, and verifies', async () => {
  const first = await open();
  await fill(first);
  await first.close('one');
  const second = await open({ heartbeat: 5 });
  expect(second.recovered.unknown).toBe(4);
  await new Promise((resolve) => setTimeout(resolve, 40));
  await fill(second, 20);
  await second.close('two');
  const third = await open();
  expect(third.recovered.unknown).toBe(4);
  expect(await keptOf(third)).toEqual(await toolsIn(realFiles, dir));
  await third.close('three');
  const { findings } = await verifyPath(dir, { trust: await trustFile({ ledgers: [third.key] }) });
  expect(findings.map(({ code }) => code)).toEqual(['NOT_ANCHORED']);
});

test('records that are kept for a time are no longer read when it is over', async () => {
  const own = testClock();
  const notice: RecordDraft = {
    type: 'notice',
    d: { event: 'dead', channel: 'c', message: 'm', approval: 'a', kind: 'requested', attempts: 1, problem: 'p' },
  };
  const first = await open({ clock: own });
  await first.append(notice);
  await first.append(toolDraft(1));
  await first.close('one');
  own.advance(DAY - 1);
  const second = await open({ clock: own });
  expect((await keptOf(second)).map(({ type }) => type)).toEqual(['notice', 'tool']);
  own.advance(2);
  await second.close('two');
  const third = await open({ clock: own });
  expect((await keptOf(third)).map(({ type }) => type)).toEqual(['tool']);
  await third.close('three');
});

const broken: readonly [string, (text: string) => string][] = [
  ['other sums', (text) => text.replace(/\["tool",\d+\]/, '["tool",99]')],
  ['another size', (text) => text.replace(/"size":\d+/, '"size":1')],
  ['another hash of a file', (text) => text.replace(/[0-9a-f]{64}"\]\],"by"/, `${'0'.repeat(64)}"]],"by"`)],
  ['no signature', (text) => text.slice(0, text.indexOf('\n') + 1)],
  ['a signature of another text', (text) => text.replace(/\n[0-9a-f]{64}\n/, `\n${'1'.repeat(64)}\n`)],
  ['another signer', (text) => text.replace(/"by":\d+/, '"by":0')],
  ['no JSON', () => '{'],
  ['nothing', () => ''],
];

test.each(broken)('a file with %s is not believed', async (_name, change) => {
  const ledger = await open();
  await fill(ledger);
  await ledger.close('test');
  const path = join(dir, 'sealed.json');
  const text = await readFile(path, 'utf8');
  expect(change(text)).not.toBe(text);
  await writeFile(path, change(text));
  const { short, whole } = await standings(ledger.key);
  expect(short.sealed).toEqual([]);
  expect(sums(short)).toEqual(sums(whole));
});

test('a file of another ledger with the same origin is not believed', async () => {
  const ledger = await open();
  await fill(ledger);
  await ledger.close('test');
  const theirs = join(dir, 'other');
  const other = await open({ dir: theirs, key: newKey() });
  await fill(other);
  await other.close('test');
  await writeFile(join(dir, 'sealed.json'), await readFile(join(theirs, 'sealed.json')));
  expect((await standings(ledger.key)).short.sealed).toEqual([]);
});

test('a record changed in a segment that ended is found at the start', async () => {
  const ledger = await open();
  await fill(ledger);
  await ledger.close('test');
  const name = (await readdir(join(dir, 'log'))).sort()[1] ?? '';
  const path = join(dir, 'log', name);
  await writeFile(path, (await readFile(path, 'utf8')).replace('"target":"read_file"', '"target":"read_fils"'));
  await expect(open()).rejects.toMatchObject({ code: 'LEDGER_DAMAGED' });
});

test('a start that wants other records reads everything once', async () => {
  const ledger = await open();
  await fill(ledger);
  await ledger.close('test');
  const again = await open({ keep: { ...RULE, call: DAY } });
  expect((await keptOf(again)).filter(({ type }) => type === 'call').length).toBe(12);
  await again.close('test');
  const standing = await findStanding(dir, realFiles, { root: again.key, rule: { ...RULE, call: DAY } });
  expect(standing.sealed.length).toBe((await readdir(join(dir, 'log'))).length);
});

test('a payload as large as a line may be is read again whole', async () => {
  const ledger = await open();
  const big = JSON.stringify('y'.repeat(1_000_000));
  await ledger.append({ ...toolDraft(1), payloads: { definition: big } });
  await ledger.append({ ...toolDraft(2), payloads: { definition: JSON.stringify('z'.repeat(1_200_000)) } });
  await ledger.close('test');
  const again = await open();
  const [first, second] = await keptOf(again);
  await again.close('test');
  expect(first?.payloads['definition']).toEqual({ data: big });
  expect(second?.payloads['definition']).toHaveProperty('blob');
});

test('at any power cut, starts from the frontier and from the first record agree', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ calls: fc.integer({ min: 0, max: 8 }), clean: fc.boolean() }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer(),
      async (runs, seed) => {
        let disk = new SimulatedDisk();
        let root = '';
        for (const { calls, clean } of runs) {
          const ledger = await open({ dir: DIR, files: disk });
          root = ledger.key;
          expect(await keptOf(ledger)).toEqual(await toolsIn(disk, DIR));
          await Promise.all(Array.from({ length: calls }, (_, n) => ledger.append(toolDraft(n))));
          for (let n = 0; n < calls; n++) await ledger.append(callDraft(n));
          if (clean) await ledger.close('test');
          disk = comeBack(disk, {
            names: () => seed % 2 === 0,
            survive: (_path, bytes) => Math.abs(seed) % (bytes + 1),
          });
        }
        const { short, whole } = await standings(root, disk, DIR);
        expect(sums(short)).toEqual(sums(whole));
      },
    ),
    { numRuns: 12 },
  );
});
