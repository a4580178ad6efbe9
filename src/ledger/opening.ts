/** What opening a ledger takes, and what it gives. */
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import type { FilePort } from '../base/durable.js';
import type { CountersignError } from '../base/errors.js';
import type { Ledger } from '../model/ports.js';
import type { Receipt } from '../model/record.js';
import type { Checkpoint } from './commit.js';
import type { LedgerCondition } from './condition.js';
import type { KeepRule } from './kept.js';
import type { Retry } from './outage.js';
import type { LedgerEntry } from './read.js';
import type { RemoteKey } from './root.js';

export interface LedgerOptions {
  /** See `ledgerDir`. Made where there is none. */
  readonly dir: string;
  /** Names the ledger and its key. */
  readonly origin: string;
  /** The root key: an Ed25519 private key, or one that is kept elsewhere. */
  readonly key: KeyObject | RemoteKey;
  readonly clock: Clock;
  /** Interval of heartbeats, milliseconds; 0 writes none. */
  readonly heartbeat: number;
  /**
   * When a new segment begins, with a new key that `key` certifies: after so many bytes, or milliseconds. A start
   * begins one too, as keys of segments are not kept. Absent: `key` signs everything, in one segment, unless the
   * ledger has certified segments already, or the key is kept elsewhere.
   */
  readonly rotate?: { readonly bytes: number; readonly age: number };
  /** When to try again after a failed write. Absent: never; the ledger must be opened again. */
  readonly retry?: Retry;
  /** Bytes of the disk that are kept for closing records; absent: none. */
  readonly reserve?: number;
  /** Records that `kept` reads again at the next start, by type and age. */
  readonly keep?: KeepRule;
  readonly files?: FilePort;
  /** Told when the ledger can write no more, or not every record; once until `onResumed`. */
  readonly onFailure?: (error: CountersignError) => void;
  /** Told when it writes again. No record that was refused before is in the ledger. */
  readonly onResumed?: () => void;
  /** Told of what failed and is tried again: going on after a failure, or the next segment. */
  readonly onProblem?: (error: unknown) => void;
  /** Told of the last checkpoint of each segment that ended. */
  readonly onSealed?: (checkpoint: Checkpoint) => void;
}

export interface OpenedLedger extends Ledger {
  readonly dir: string;
  readonly origin: string;
  /** C2SP verifier key: what a trust file names. */
  readonly key: string;
  /** Records so far, those under way included. */
  readonly size: number;
  /** Whether it takes records, and if not, why. */
  readonly condition: LedgerCondition;
  /** Wall clock at the failure since which it takes none, or not all, milliseconds since 1970; null while it does. */
  readonly failedAt: number | null;
  /**
   * The last checkpoint of this run that is acknowledged; null before the first. What is on disk may hold a later one
   * that is not: a batch whose sync failed is set aside with its checkpoint.
   */
  readonly checkpoint: Checkpoint | null;
  /** What opening found: bytes set aside, and calls whose outcome is unknown. */
  readonly recovered: { readonly setAside: number; readonly unknown: number };
  /**
   * The records of earlier runs that `keep` names, in order.
   * @throws CountersignError LEDGER_DAMAGED
   */
  kept(): AsyncGenerator<LedgerEntry>;
  /**
   * Ends the segment and begins the next, with a key of its own.
   * @returns the receipt of its first record
   * @throws CountersignError LEDGER_WRITE_FAILED, ROOT_KEY_UNAVAILABLE
   */
  rotate(): Promise<Receipt>;
  /**
   * The root key's signature line over the text of a note.
   * @throws CountersignError ROOT_KEY_UNAVAILABLE
   */
  signRoot(text: string): Promise<string>;
}
