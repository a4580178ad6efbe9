import type { Ulid } from '../base/ulid.js';
import type { MaskMode } from './masking-settings.js';
import type { ServerSettings } from './settings.js';

/** One masked value. Never holds the value. */
export interface Redaction {
  /** The detector, such as `email`, or `key` for a rule on member names. */
  readonly detector: string;
  /** JSON pointer (RFC 6901) of the string that was masked, with masked member names. */
  readonly pointer: string;
  /** Length of the masked text in characters. */
  readonly length: number;
  /** The rule of the configuration that chose the mode. Absent: none did. */
  readonly rule?: string;
  /** Absent: `redact`. */
  readonly mode?: MaskMode;
  /**
   * `SHA-256(0x02 ‖ salt ‖ UTF-8 of the value)`, hex. Whoever holds the salt can show which value it was; nobody
   * else can try values out.
   */
  readonly commitment?: string;
  /** Names the salt in the vault. */
  readonly salt?: string;
}

/** Count of redactions per detector: what records hold. */
const countRedactions = (redactions: readonly Redaction[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { detector } of redactions) counts[detector] = (counts[detector] ?? 0) + 1;
  return counts;
};

/** How often a rule treated what a detector found. */
export interface MaskCount {
  readonly detector: string;
  readonly rule: string | null;
  readonly mode: MaskMode;
  readonly n: number;
}

/** Counts by detector, rule and mode, in the order in which they were first met. */
export const countMasks = (redactions: readonly Redaction[]): readonly MaskCount[] => {
  const counts = new Map<string, MaskCount>();
  for (const { detector, rule = null, mode = 'redact' } of redactions) {
    const key = JSON.stringify([detector, rule, mode]);
    counts.set(key, { detector, rule, mode, n: (counts.get(key)?.n ?? 0) + 1 });
  }
  return [...counts.values()];
};

/** What a record says of redactions: nothing more where there were none. */
export const redactionFacts = (
  redactions: readonly Redaction[],
): { readonly redactions: Readonly<Record<string, number>>; readonly masked?: readonly MaskCount[] } => ({
  redactions: countRedactions(redactions),
  ...(redactions.length > 0 ? { masked: countMasks(redactions) } : {}),
});

/** The payload line of redactions; nothing where there were none. */
export const redactionPayload = (redactions: readonly Redaction[]): { readonly redactions?: string } =>
  redactions.length > 0 ? { redactions: JSON.stringify(redactions) } : {};

export interface MaskedBytes {
  /** The very same buffer where nothing was found. */
  readonly bytes: Buffer;
  readonly redactions: readonly Redaction[];
}

/** Masks one JSON document. Pure; throws where it cannot tell, and the answer is then blocked. */
export type Mask = (json: Buffer) => MaskedBytes;

/** Masks one JSON document, perhaps with the help of an outside analyzer. Throws or rejects where it cannot tell. */
export type MaskMessage = (json: Buffer) => MaskedBytes | Promise<MaskedBytes>;

/** What rules select by beside the document itself. */
export interface MaskAbout {
  readonly direction: 'to_server' | 'to_client';
  /** The tool called; null where no tool was. */
  readonly tool: string | null;
  /** Groups of the principal. */
  readonly groups: readonly string[];
  /** The profile that the deciding rule names. Null or absent: that of the server. */
  readonly profile?: string | null;
  /** JSON pointer of the document in its JSON-RPC message; empty where it is the message. */
  readonly base: string;
}

/** Seals a message in clear to an auditor's key. Rejects where it cannot; the message is then blocked. */
export type SealMessage = (clear: Uint8Array) => Promise<string>;

/** The payload line of a sealed message; nothing where there is none. */
export const sealedPayload = (sealed: string | null | undefined): { readonly sealed?: string } =>
  typeof sealed === 'string' ? { sealed: JSON.stringify(sealed) } : {};

/** The mask of a server's profile. Throws where there is none: nothing passes unmasked. */
export type MaskFor = (server: ServerSettings, about: MaskAbout) => MaskMessage;

/** `masking`: masking failed and the answer was blocked, or the daily canary went through the rules of a server. */
export type MaskingRecord =
  | { readonly event: 'failure'; readonly call: Ulid | null; readonly problem: string }
  | {
      readonly event: 'canary';
      readonly server: string;
      /** Made-up values sent through, and the detectors whose values came out in clear. */
      readonly values: number;
      readonly leaked: readonly string[];
      /** Why some were not tried, where masking failed. */
      readonly problem: string | null;
    };
