/** Room on the disk that is kept for the closing records of calls under way, should the disk be full. */
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { type FilePort, isSystemError } from '../base/durable.js';

const CHUNK = 1024 * 1024;

export interface Reserve {
  /** Whether the room is kept. */
  readonly held: boolean;
  /** Takes the room, durably; rejects with the error of the system where there is not so much. */
  make(): Promise<void>;
  /** Gives the room to whoever writes next. */
  release(): Promise<void>;
}

/** Random bytes: a file system that compresses would keep no room for zeros. */
const fill = async (path: string, size: number, files: FilePort): Promise<void> => {
  const file = await files.create(path);
  try {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size));
    for (let left = size; left > 0; left -= chunk.length) {
      await file.write(randomFillSync(chunk).subarray(0, left));
    }
    await file.sync();
  } finally {
    await file.close();
  }
};

const remove = async (path: string, files: FilePort): Promise<void> => {
  try {
    await files.unlink(path);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
};

/**
 * The file `reserve` in the folder of a ledger.
 * @param size bytes
 */
export const createReserve = (dir: string, size: number, files: FilePort): Reserve => {
  const path = join(dir, 'reserve');
  let held = false;
  return {
    get held() {
      return held;
    },
    async make() {
      if (held || (await files.facts(path))?.size === size) {
        held = true;
        return;
      }
      await remove(path, files);
      try {
        await fill(path, size, files);
        await files.syncFolder(dir);
      } catch (error) {
        // Half of the room is no room kept, and what is there may be what others need.
        await remove(path, files);
        throw error;
      }
      held = true;
    },
    async release() {
      held = false;
      await remove(path, files);
      await files.syncFolder(dir);
    },
  };
};
