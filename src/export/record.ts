/** What is exported: records without their payloads, which stay in the ledger; and what a receiver is sent of them. */
import type { JsonObject } from '../base/json.js';

/** A verified record. */
export interface ExportRecord {
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly t: string;
  readonly type: string;
  readonly d: JsonObject;
  /** Leaf hash, hex: names the record for whoever holds the ledger. */
  readonly leaf: string;
  readonly origin: string;
}

export type Severity = 'informational' | 'low' | 'medium' | 'high';

/** One event as a receiver gets it: compact JSON, and what envelopes ask for. */
export interface ExportEvent {
  readonly seq: number;
  readonly t: string;
  readonly type: string;
  readonly severity: Severity;
  readonly body: string;
}

export type ExportFormat = 'ndjson' | 'ocsf';
