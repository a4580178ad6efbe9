/** Who scans ranges: this thread, or several. */
import { fillFrom, realFiles } from '../../base/durable.js';
import { parseVerifierKey } from '../../base/note.js';
import { commitmentPrefix } from '../../ledger/format.js';
import { digestFile } from '../files.js';
import type { Tolerance } from '../tolerance.js';
import type { RangeFacts } from './facts.js';
import { type RangeRules, scanRange } from './range.js';

/** What is to be scanned: structured-cloneable. */
export interface ScanTask extends Tolerance {
  readonly path: string;
  /** Bytes of the file, the end exclusive. */
  readonly from: number;
  readonly to: number;
  /** The verifier key that should sign the range. */
  readonly key: string;
  /** The ledger's folder of payloads in files of their own. */
  readonly blobs: string;
}

export interface Scanner {
  /** How many tasks keep it busy. */
  readonly width: number;
  /** The facts of a range in which all is as it should be; null where it must be read line by line. */
  scan(task: ScanTask): Promise<RangeFacts | null>;
  close(): Promise<void>;
}

const rulesOf = ({ key, heartbeat, skew }: ScanTask): RangeRules => ({
  verifier: parseVerifierKey(key),
  heartbeat,
  skew,
});

/** A scan that keeps its buffer from one task to the next. */
export const createScan = (): ((task: ScanTask) => Promise<RangeFacts | null>) => {
  let buffer = Buffer.alloc(0);
  return async (task) => {
    const length = task.to - task.from + 1;
    if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length);
    const bytes = buffer.subarray(0, length);
    bytes[0] = 0;
    const scanned = fillFrom(task.path, bytes.subarray(1), task.from) ? scanRange(bytes, rulesOf(task)) : null;
    if (!scanned) return null;
    for (const { commitment, salt } of scanned.blobs) {
      const path = `${task.blobs}/${commitment}`;
      if ((await realFiles.facts(path))?.kind !== 'file') return null;
      const prefix = commitmentPrefix(Buffer.from(salt, 'hex'));
      if ((await digestFile(path, prefix)).sha256 !== commitment) return null;
    }
    return scanned.facts;
  };
};

/** Scans in this thread, one task after the other. */
export const scanHere = (): Scanner => {
  const scan = createScan();
  let before: Promise<unknown> = Promise.resolve();
  return {
    width: 1,
    scan: (task) => {
      const facts = before.then(() => scan(task));
      before = facts.catch(() => undefined);
      return facts;
    },
    close: () => Promise.resolve(),
  };
};

/** Scans nothing: the walk reads every line. */
export const scanNothing = (): Scanner => ({
  width: 1,
  scan: () => Promise.resolve(null),
  close: () => Promise.resolve(),
});
