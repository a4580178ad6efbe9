/** Anchors: what confirms, outside this machine, that the ledger held a checkpoint. */
import type { AnchorKind, AnchorReceipt } from '../../model/anchor.js';

/** A signed checkpoint of the ledger that is on disk. */
export interface AnchorHead {
  readonly origin: string;
  /** Number of records. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
  /** The checkpoint's signed note, as its line holds it. */
  readonly note: string;
}

/** What an anchor holds of a ledger. */
export interface Confirmed {
  readonly size: number;
  /** 32 bytes; null where the anchor tells only the size. */
  readonly root: Buffer | null;
}

export interface Anchor {
  /** Its name in the configuration; also that of its receipts. */
  readonly name: string;
  readonly kind: AnchorKind;
  /** Where it is: what the record of a failure names. */
  readonly locator: string;
  /**
   * Has this checkpoint confirmed.
   * @throws AnchorError
   */
  put(head: AnchorHead, signal: AbortSignal): Promise<AnchorReceipt>;
  /**
   * The newest checkpoint that it holds of this ledger; null where it holds none, or keeps none.
   * @throws AnchorError
   */
  latest(ask: LatestAsk, signal: AbortSignal): Promise<Confirmed | null>;
}

/** What an anchor is told before writing begins. */
export interface LatestAsk {
  readonly origin: string;
  /** The last checkpoint on this machine; null for a new ledger. */
  readonly head: AnchorHead | null;
  /** Size of the newest receipt of this anchor on this machine; 0 where there is none. */
  readonly since: number;
  /** Whether the anchor shall be left as it is, even where it could then be asked less. */
  readonly lookOnly: boolean;
}

/** Why an anchor did not confirm. Never holds content of answers. */
export class AnchorError extends Error {
  /** What the anchor holds instead: another history of this ledger. Null where it could not be asked. */
  readonly conflict: Confirmed | null;
  constructor(problem: string, conflict: Confirmed | null = null) {
    super(problem);
    this.name = 'AnchorError';
    this.conflict = conflict;
  }
}
