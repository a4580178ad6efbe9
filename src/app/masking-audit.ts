/** What a second detector finds in a ledger: the population for the test of masking. */
import { readBounded } from '../base/durable.js';
import { ledgerDir } from '../ledger/folder.js';
import { type LedgerEntry, readLedger } from '../ledger/read.js';
import { audit, type Overlooked } from '../masking/audit.js';
import type { Settings } from '../model/settings.js';

/** A value that masking missed, where it is recorded. */
export interface MissedValue extends Overlooked {
  /** Of the record. */
  readonly seq: number;
  readonly t: string;
  readonly type: string;
  /** Name of the payload line. */
  readonly payload: string;
}

export interface MaskingAudit {
  readonly records: number;
  /** Payload lines read, which are all there are. */
  readonly payloads: number;
  readonly missed: readonly MissedValue[];
  /** Findings beyond those listed. */
  readonly more: number;
}

/** Findings listed at most; the rest is counted. */
const MOST_LISTED = 10_000;
const LONGEST_BLOB = 512 * 1024 * 1024;

/** What names who called stands in clear; what is sealed to an auditor nobody else can read. */
const NOT_MASKED = new Set(['person', 'sealed']);

const payloadsOf = async ({ payloads }: LedgerEntry): Promise<readonly (readonly [string, Buffer])[]> =>
  Promise.all(
    Object.entries(payloads)
      .filter(([name]) => !NOT_MASKED.has(name))
      .map(
        async ([name, payload]): Promise<readonly [string, Buffer]> => [
          name,
          'data' in payload ? Buffer.from(payload.data) : await readBounded(payload.blob, LONGEST_BLOB),
        ],
      ),
  );

/** Reads the whole ledger. @throws CountersignError LEDGER_NOT_FOUND, LEDGER_DAMAGED */
export const auditMasking = async (
  { gateway, ledger }: Pick<Settings, 'gateway' | 'ledger'>,
  onProgress: (records: number) => void = () => {},
): Promise<MaskingAudit> => {
  const counts = { records: 0, payloads: 0, more: 0 };
  const missed: MissedValue[] = [];
  for await (const entry of readLedger(ledgerDir(gateway.dataDir, ledger.origin))) {
    onProgress(++counts.records);
    for (const [payload, json] of await payloadsOf(entry)) {
      counts.payloads++;
      for (const found of await audit(json)) {
        if (missed.length >= MOST_LISTED) counts.more++;
        else missed.push({ ...found, seq: entry.seq, t: entry.t, type: entry.type, payload });
      }
    }
  }
  return { ...counts, missed };
};
