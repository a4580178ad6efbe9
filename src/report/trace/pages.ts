/** What the pages of a sample say, as plain data. */
import type { Period } from '../../model/evidence.js';
import type { Trace } from './trace.js';

/** An item of the sample with what the package holds of it. */
export interface SamplePage {
  /** From 1. */
  readonly rank: number;
  readonly item: string;
  readonly hmac: string;
  /** RFC 3339; empty where the item has no time. */
  readonly time: string;
  readonly person: string;
  readonly what: string;
  /** The exceptions of the control that name this item. */
  readonly exceptions: readonly { readonly id: string; readonly expected: string; readonly found: string }[];
  readonly trace: Trace;
}

/** The proof file beside the pages. */
export interface PagesProof {
  /** Its name. */
  readonly file: string;
  /** Of the ledger in the package. */
  readonly folder: string;
  /** Records under the checkpoint, and the root of them, hex. */
  readonly size: number;
  readonly root: string;
  /** How many hashes lead from a record to the root. */
  readonly steps: ReadonlyMap<number, number>;
  /** Payloads of the records as written, by `payloadKey`. */
  readonly texts: ReadonlyMap<string, string>;
}

export const payloadKey = (record: number, payload: string): string => `${record} ${payload}`;

export interface SamplePages {
  readonly organization: string;
  readonly accent: string;
  readonly demo: boolean;
  /** Of the report the sample is drawn from. */
  readonly report: string;
  readonly status: 'DRAFT' | 'FINAL';
  readonly evidenceRoot: string;
  readonly period: Period;
  readonly control: { readonly id: string; readonly title: string; readonly statement: string; readonly test: string };
  readonly population: { readonly file: string; readonly sha256: string; readonly items: number };
  readonly nonce: string;
  readonly seed: string;
  /** Name of the table beside the pages. */
  readonly table: string;
  readonly pages: readonly SamplePage[];
  /** Null where no item has a record. */
  readonly proof: PagesProof | null;
}
