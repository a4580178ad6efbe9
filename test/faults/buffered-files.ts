/**
 * A real disk behind a page cache that dies with the process: what was written is held in memory and
 * reaches the file at `sync` alone. SIGKILL then loses what a power cut would lose.
 */
import type { AppendFile, FilePort } from '../../src/base/durable.js';

const buffered = (file: AppendFile): AppendFile => {
  let held: Uint8Array[] = [];
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(held);
    held = [];
    if (bytes.length > 0) await file.write(bytes);
  };
  return {
    write: async (bytes) => {
      held.push(Uint8Array.from(bytes));
    },
    sync: async () => {
      await flush();
      await file.sync();
    },
    truncate: async (size) => {
      await flush();
      await file.truncate(size);
    },
    close: () => file.close(),
  };
};

export const createBufferedFiles = (files: FilePort): FilePort => ({
  ...files,
  append: async (path) => buffered(await files.append(path)),
  create: async (path, mode) => buffered(await files.create(path, mode)),
});
