/** What is written aside bears the id of its process, so that what a process left that was killed can be told and removed. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from './durable.js';

/** Whether a process of this id runs on this machine. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user may not be signalled, but it is there.
    return isSystemError(error, 'EPERM');
  }
};

/**
 * Removes entries of a folder whose process is gone; of one that still runs they are in use. A folder that does not
 * exist has none.
 * @param name of such entries; its first group is the id of the process
 */
export const removeAbandoned = async (dir: string, name: RegExp): Promise<void> => {
  const entries = await readdir(dir).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  });
  for (const entry of entries) {
    const pid = name.exec(entry)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dir, entry), { recursive: true, force: true });
  }
};
