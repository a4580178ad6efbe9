/** The ledger that `tampering.ts` is about, on disk. */
import type { KeyObject } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callDraft, oneCall, openSample, resultDraft, testClock } from '../ledger/samples.js';

export const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-verify-'));
export const SEGMENT = '0000000000000000.jsonl';

export interface SampleLedger {
  readonly dir: string;
  /** C2SP verifier key. */
  readonly key: string;
  readonly lines: readonly string[];
}

/** Records: 0 seg, 1 call, 2 result, 3 call, 4 result; 5 call and 6 denied call in one batch; 7 hb, 8 stop in one. */
export const sampleLedger = async (key: KeyObject): Promise<SampleLedger> => {
  const dir = await temporary();
  const clock = testClock();
  const ledger = await openSample({ dir, key, clock });
  await oneCall(ledger, clock, 1);
  clock.advance(10);
  const { seq } = await ledger.append(callDraft(2));
  await ledger.append(resultDraft(2, seq));
  clock.advance(10);
  await Promise.all([3, 4].map((n) => ledger.append(callDraft(n, { forwarded: false }))));
  clock.advance(10);
  const beat = ledger.append({ type: 'hb', d: { counts: { seg: 1, call: 4, result: 2 } } });
  await Promise.all([beat, ledger.close('test')]);
  const text = await readFile(join(dir, 'log', SEGMENT), 'utf8');
  return { dir, key: ledger.key, lines: text.slice(0, -1).split('\n') };
};

/** A ledger folder that holds this segment file. */
export const ledgerOf = async (segment: readonly string[] | Buffer): Promise<string> => {
  const dir = await temporary();
  await mkdir(join(dir, 'log'));
  const bytes = Buffer.isBuffer(segment) ? segment : Buffer.from(segment.map((line) => `${line}\n`).join(''));
  await writeFile(join(dir, 'log', SEGMENT), bytes);
  return dir;
};

export const trustFile = async (over: object): Promise<string> => {
  const path = join(await temporary(), 'trust.json');
  await writeFile(path, JSON.stringify({ v: 1, ledgers: [], reports: [], cloudtrail: [], ...over }));
  return path;
};
