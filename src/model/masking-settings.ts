/** What is masked, and how: the parsed section `masking`. */

/**
 * What is done with a value that is not to be seen: `redact` says what it was, `partial` shows its last four letters
 * and digits, `token` shows the same sign for the same value, `drop` shows nothing, `block` refuses the whole message.
 */
export const MASK_MODES = ['redact', 'partial', 'token', 'drop', 'block'] as const;
export type MaskMode = (typeof MASK_MODES)[number];

/** Which values a rule is about, and what becomes of them. Every list that is empty selects everything. */
export interface MaskRule {
  readonly id: string;
  readonly mode: MaskMode;
  /** Null: both. A rule that blocks and names none is about answers only. */
  readonly direction: 'to_server' | 'to_client' | null;
  /** Globs. */
  readonly servers: readonly string[];
  /** Globs over tool names. */
  readonly tools: readonly string[];
  /** Groups of the principal. */
  readonly groups: readonly string[];
  /** JSON pointers in the JSON-RPC message, `*` for any one step; what lies below is included. */
  readonly pointers: readonly string[];
  /** Member names, whatever their case and separators. */
  readonly keys: readonly string[];
  /** Detectors, or their groups. Empty beside `pointers` or `keys`: whatever stands there. */
  readonly detectors: readonly string[];
}

/** A detector of the configuration. */
export interface CustomDetector {
  /** Begins with `x-`. */
  readonly id: string;
  readonly kind: 'secrets' | 'personal';
  /** RE2 syntax: linear time, no look-around, no references back. */
  readonly pattern: string;
  readonly ignoreCase: boolean;
  /** A text without any of these holds no match; ASCII, compared without case. Empty: every text is searched. */
  readonly keywords: readonly string[];
  readonly validate: 'luhn' | 'none';
}

/** A Presidio analyzer, asked about the texts of every message. */
export interface PresidioSettings {
  readonly url: string;
  /** ISO 639-1. */
  readonly language: string;
  readonly entities: readonly string[];
  /** Lowest score that counts, 0 to 1. */
  readonly threshold: number;
  /** For all texts of one message, milliseconds. */
  readonly timeout: number;
}

export interface MaskingProfile {
  readonly name: string;
  /** Detector groups. `network`, the addresses of machines, is off unless named. */
  readonly detectors: readonly ('secrets' | 'personal' | 'network')[];
  /** Member names whose values are masked whole, whatever their case and separators. */
  readonly keys: readonly string[];
  /** The first that covers a value decides. */
  readonly rules?: readonly MaskRule[];
  /** Values known to be harmless. */
  readonly allow?: readonly string[];
  readonly custom?: readonly CustomDetector[];
  /** Null or absent: no outside analyzer is asked. */
  readonly presidio?: PresidioSettings | null;
}
