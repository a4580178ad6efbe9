/** One masked value. Never holds the value. */
export interface Redaction {
  /** The detector, such as `email`, or `key` for a rule on member names. */
  readonly detector: string;
  /** JSON pointer (RFC 6901) of the string that was masked, with masked member names. */
  readonly pointer: string;
  /** Length of the masked text in characters. */
  readonly length: number;
}

/** Count of redactions per detector: what records hold. */
export const countRedactions = (redactions: readonly Redaction[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { detector } of redactions) counts[detector] = (counts[detector] ?? 0) + 1;
  return counts;
};

export interface MaskedBytes {
  /** The very same buffer where nothing was found. */
  readonly bytes: Buffer;
  readonly redactions: readonly Redaction[];
}

/** Masks one JSON document. Pure; throws where it cannot tell, and the answer is then blocked. */
export type Mask = (json: Buffer) => MaskedBytes;
