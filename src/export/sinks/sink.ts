import type { ExportEvent } from '../record.js';

/** A receiver does not want these events and never will: sent again, they would be refused again. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
}

/** Where events go. */
export interface Sink {
  /** How long events may wait for others to go with, milliseconds; absent: not at all. */
  readonly gather?: number;
  /**
   * Resolves when the receiver has them for good, as far as its protocol tells.
   * @throws Rejected; any other error means that they are sent again later
   */
  send(events: readonly ExportEvent[]): Promise<void>;
  close(): Promise<void>;
}
