/** Anchoring beside the path of calls: turns, retries, records, receipts, the open window and what it may hold up. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { anchorHealth, limitUnanchored, overdueSince } from '../../../src/app/anchors.js';
import { type Anchor, AnchorError, type AnchorHead } from '../../../src/ledger/anchors/anchor.js';
import { type Anchoring, type AnchorOutcome, startAnchoring } from '../../../src/ledger/anchors/anchoring.js';
import { createFileAnchor } from '../../../src/ledger/anchors/file.js';
import { newestReceipts } from '../../../src/ledger/anchors/receipts.js';
import { compareAnchors } from '../../../src/ledger/anchors/start.js';
import { createTimestampAnchor } from '../../../src/ledger/anchors/timestamp.js';
import type { OpenedLedger } from '../../../src/ledger/opening.js';
import { readLedger } from '../../../src/ledger/read.js';
import { callDraft, ORIGIN, oneCall, openSample, testClock } from '../samples.js';
import { headOf, never, temporaryFolder } from './world.js';

let folder: string;
let clock: ReturnType<typeof testClock>;
let ledger: OpenedLedger;
let anchoring: Anchoring | null = null;
beforeEach(async () => {
  folder = temporaryFolder();
  clock = testClock();
  ledger = await openSample({ dir: join(folder, 'ledger'), clock });
  await oneCall(ledger, clock, 1);
});
afterEach(async () => {
  await anchoring?.close();
  anchoring = null;
  await ledger.close('the test ends');
  rmSync(folder, { recursive: true, force: true });
});

/** A file anchor that fails as long as it is told to. */
const shaky = (name: string): { anchor: Anchor; problem: string | null; asked: AnchorHead[] } => {
  const file = createFileAnchor({ name, path: join(folder, `${name}.txt`) });
  const state: { anchor: Anchor; problem: string | null; asked: AnchorHead[] } = {
    problem: null,
    asked: [],
    anchor: {
      ...file,
      put: (head, signal) => {
        state.asked.push(head);
        return state.problem === null ? file.put(head, signal) : Promise.reject(new AnchorError(state.problem));
      },
    },
  };
  return state;
};
const start = (anchors: readonly Anchor[], told: AnchorOutcome[] = []): Anchoring => {
  anchoring = startAnchoring({
    ledger,
    plans: anchors.map((anchor) => ({ anchor, every: 3_600_000, since: 0 })),
    clock,
    onOutcome: (outcome) => void told.push(outcome),
  });
  return anchoring;
};
const records = async () => {
  const found: unknown[] = [];
  for await (const { type, d } of readLedger(ledger.dir)) if (type === 'anchor') found.push(d);
  return found;
};

it('anchors at its start, on record, with a receipt and a line to carry elsewhere', async () => {
  const one = shaky('carry');
  const running = start([one.anchor]);
  await expect.poll(() => running.status[0]?.confirmed).toBe(3);
  await expect
    .poll(records)
    .toMatchObject([{ event: 'anchored', anchor: 'carry', kind: 'file', size: 3, failures: 0 }]);
  const root = headOf(ledger).origin === ORIGIN ? one.asked[0]?.root.toString('hex') : '';
  expect(JSON.parse(readFileSync(join(folder, 'carry.txt'), 'utf8'))).toEqual({ origin: ORIGIN, size: 3, root });
  expect(await newestReceipts(ledger.dir)).toMatchObject([{ name: 'carry', size: 3 }]);
  expect(readdirSync(join(ledger.dir, 'anchors'))).toEqual(['carry-2026-11-24.jsonl']);
});

it('tries again after a failure, tells of it, records the first and the success', async () => {
  const one = shaky('carry');
  one.problem = 'is on holiday';
  const told: AnchorOutcome[] = [];
  const running = start([one.anchor], told);
  await running.now();
  await running.now();
  expect(told).toMatchObject([{ problem: 'is on holiday', failures: 1 }, { failures: 2 }]);
  expect(await records()).toMatchObject([{ event: 'failed', problem: 'is on holiday', failures: 1 }]);
  expect(anchorHealth(running)).toMatchObject({ anchors: '1 of 1 do not answer' });
  one.problem = null;
  // Without being asked, after the first wait.
  await expect.poll(() => running.status[0]?.failures, { timeout: 8_000 }).toBe(0);
  expect(told.at(-1)).toMatchObject({ problem: null });
  await expect.poll(records).toMatchObject([{}, { event: 'anchored', failures: 2 }]);
  expect(anchorHealth(running)).toMatchObject({ anchors: 'all answer' });
});

it('records a failure that lasts once an hour, not each time', async () => {
  const one = shaky('carry');
  one.problem = 'is away';
  const running = start([one.anchor]);
  for (let n = 0; n < 3; n++) await running.now();
  expect(await records()).toHaveLength(1);
  clock.advance(3_600_001);
  await running.now();
  expect(await records()).toHaveLength(2);
});

it('does not let one anchor wait for another', async () => {
  const [bad, good] = [shaky('bad'), shaky('good')];
  const running = start([{ ...bad.anchor, put: () => new Promise(() => {}) }, good.anchor]);
  await expect.poll(() => running.status[1]?.confirmed).toBe(3);
  expect(running.status[0]?.confirmed).toBe(0);
  // An attempt that never ends must not keep the gateway from ending either.
  anchoring = null;
});

it('says what is not confirmed since when, and holds up calls where it was told to', async () => {
  const one = shaky('carry');
  one.problem = 'is away';
  const running = start([one.anchor]);
  await running.now();
  const since = clock.now();
  const limited = limitUnanchored(ledger, () => overdueSince(running, 60_000, clock));
  clock.advance(60_000);
  await limited.append(callDraft(2));
  clock.advance(1);
  await expect(limited.append(callDraft(3))).rejects.toMatchObject({ code: 'LEDGER_UNANCHORED' });
  await limited.append(callDraft(4, { forwarded: false }));
  expect(running.window).toEqual({ records: ledger.size, since });
  one.problem = null;
  await running.now();
  await limited.append(callDraft(5));
  expect(running.window.since).toBe(clock.now());
});

it('takes no answer of a time stamp authority that is not to its question', async () => {
  const answer = (status: number, body: string | Uint8Array) => (): Promise<Response> =>
    Promise.resolve(new Response(body, { status }));
  const put = (fetch: typeof globalThis.fetch) =>
    createTimestampAnchor({ name: 's', url: 'http://tsa.example.com', fetch }).put(headOf(ledger), never);
  await expect(put(answer(500, ''))).rejects.toThrow('status 500');
  await expect(put(answer(200, 'no'))).rejects.toThrow('the time stamp');
  await expect(put(answer(200, new Uint8Array(70_000)))).rejects.toThrow('more than 65536 bytes');
  await expect(
    put(() => Promise.reject(new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') }))),
  ).rejects.toThrow('gave no answer: ECONNREFUSED');
});

it('compares a file with this history', async () => {
  const file = createFileAnchor({ name: 'carry', path: join(folder, 'carry.txt') });
  const compare = () => compareAnchors({ dir: ledger.dir, origin: ORIGIN }, [file], never);
  expect(await compare()).toEqual([{ name: 'carry', state: 'agrees', problem: '' }]);
  const head = headOf(ledger);
  await file.put(head, never);
  expect(await compare()).toMatchObject([{ state: 'agrees' }]);
  await file.put({ ...head, root: Buffer.alloc(32, 7) }, never);
  expect(await compare()).toMatchObject([
    { state: 'differs', problem: 'confirms another history of the first 3 records' },
  ]);
  await file.put({ ...head, size: 99 }, never);
  expect(await compare()).toMatchObject([{ state: 'differs', problem: 'confirms 99 records, and only 3 are here' }]);
});
