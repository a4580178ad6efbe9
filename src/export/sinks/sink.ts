import type { ExportEvent } from '../record.js';

/** A receiver does not want these events and never will: sent again, they would be refused again. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
}

/** Where events go. */
export interface Sink {
  /**
   * Resolves when the receiver has them for good, as far as its protocol tells.
   * @throws Rejected; any other error means that they are sent again later
   */
  send(events: readonly ExportEvent[]): Promise<void>;
  close(): Promise<void>;
}
