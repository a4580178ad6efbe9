import { open } from 'node:fs/promises';
import type { Sink } from './sink.js';

/** Appends to a file that its owner alone can read; on disk when it resolves. */
export const appendDurably = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'a', 0o600);
  try {
    await file.writeFile(text);
    await file.datasync();
  } finally {
    await file.close();
  }
};

/** A file that grows by a line for each event, on disk before they count as sent. */
export const createFileSink = (path: string): Sink => ({
  send: (events) => appendDurably(path, events.map(({ body }) => `${body}\n`).join('')),
  close: () => Promise.resolve(),
});
