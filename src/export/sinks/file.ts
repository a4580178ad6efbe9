import { open } from 'node:fs/promises';
import type { Sink } from './sink.js';

/** A file that grows by a line for each event, on disk before they count as sent. */
export const createFileSink = (path: string): Sink => ({
  async send(events) {
    const file = await open(path, 'a', 0o600);
    try {
      await file.writeFile(events.map(({ body }) => `${body}\n`).join(''));
      await file.datasync();
    } finally {
      await file.close();
    }
  },
  close: () => Promise.resolve(),
});
