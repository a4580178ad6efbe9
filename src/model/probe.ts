/** Whether a server can be reached around the gateway, as one look at it found. */

export const PROBE_OUTCOMES = ['refused', 'unreachable', 'open', 'unclear', 'unseen'] as const;

/**
 * `refused`: it turned away a request without the gateway's credential. `unreachable`: no connection from where it was
 * tried. `open`: it answered. `unclear`: it said something else. `unseen`: there is no address to try.
 */
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** `probe`: one server was tried without the gateway's credential. */
export interface ProbeRecord {
  readonly server: string;
  readonly transport: 'http' | 'stdio';
  readonly outcome: ProbeOutcome;
  /** The server's address; null where it has none. */
  readonly address: string | null;
  /** What was seen, in a sentence; nothing of an answer stands in it. */
  readonly says: string;
  /** The machine and user that it was tried from. */
  readonly from: string;
}
