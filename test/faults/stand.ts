/** A ledger on a disk that can be cut off, and what must hold after each cut. */
import { expect } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { openLedger } from '../../src/ledger/append.js';
import type { LedgerOptions, OpenedLedger } from '../../src/ledger/opening.js';
import { type LedgerEntry, readLedger } from '../../src/ledger/read.js';
import { callDraft, newKey, ORIGIN, oneCall, openSample, testClock } from '../ledger/samples.js';
import { type PowerCut, SimulatedDisk } from './simulated-disk.js';

export const DIR = '/data/ledger/x';
export const LOG = `${DIR}/log/0000000000000000.jsonl`;
const key = newKey();

export const open = (
  files: SimulatedDisk,
  over: Partial<Pick<LedgerOptions, 'onFailure' | 'retry' | 'rotate'>> = {},
): Promise<OpenedLedger> =>
  openLedger({ dir: DIR, origin: ORIGIN, key, clock: testClock(), heartbeat: 0, files, ...over });

/** The machine comes back. Its lock names this very process, as no other machine's would. */
export const comeBack = (disk: SimulatedDisk, cut: PowerCut = {}): SimulatedDisk => {
  const back = disk.powerCut(cut);
  back.remove(`${DIR}/lock`);
  return back;
};

export const entries = async (files: SimulatedDisk): Promise<readonly LedgerEntry[]> => {
  const list: LedgerEntry[] = [];
  for await (const entry of readLedger(DIR, { verify: true, files })) list.push(entry);
  return list;
};

export const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    return error instanceof CountersignError ? error.code : String(error);
  }
  return 'none';
};

/** A ledger of a few batches, closed in order. */
export const sample = async (): Promise<SimulatedDisk> => {
  const disk = new SimulatedDisk();
  const clock = testClock();
  const ledger = await openSample({ dir: DIR, key, clock, files: disk });
  await oneCall(ledger, clock, 1);
  await Promise.all([2, 3].map((n) => ledger.append(callDraft(n, { forwarded: false }))));
  await ledger.close('test');
  return disk;
};

/** End offsets of batches, and how many records each covers. */
export const batches = (bytes: Buffer): readonly { readonly end: number; readonly size: number }[] => {
  const found = [];
  let size = 0;
  for (let start = 0, feed = bytes.indexOf(10); feed >= 0; start = feed + 1, feed = bytes.indexOf(10, start)) {
    if (bytes[start] === 0x7b) size++;
    if (bytes[start] === 0x7e) found.push({ end: feed + 1, size });
  }
  return found;
};

/** Opens the ledger cut at each chosen byte: the last signed batch stands, the rest is set aside byte for byte. */
export const cutEverywhere = async (bytes: Buffer, chosen: (cut: number) => boolean): Promise<void> => {
  const ends = [{ end: 0, size: 0 }, ...batches(bytes)];
  expect(ends.length).toBe(6);
  for (let cut = 0; cut <= bytes.length; cut++) {
    if (!chosen(cut)) continue;
    const disk = new SimulatedDisk();
    disk.put(LOG, bytes.subarray(0, cut));
    const ledger = await open(disk);
    await ledger.close('test');
    const last = ends.findLast(({ end }) => end <= cut) ?? { end: 0, size: 0 };
    expect(ledger.recovered.setAside, `cut ${cut}`).toBe(cut > last.end ? 1 : 0);
    const written = disk.bytes(LOG);
    expect(written.subarray(0, last.end).equals(bytes.subarray(0, last.end))).toBe(true);
    const aside = disk.paths().filter((path) => path.includes('/quarantine/'));
    expect(aside.map((path) => disk.bytes(path).toString('hex'))).toEqual(
      cut > last.end ? [bytes.toString('hex', last.end, cut)] : [],
    );
    if (cut % 29 === 0) await entries(disk);
  }
};
