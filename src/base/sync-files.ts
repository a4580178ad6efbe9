/** Makes many files durable that were written one after the other. */
import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { realFiles } from './durable.js';
import { eachOf } from './pool.js';

/** From so many files on, one sync of their file system takes less than one of each. */
const MANY = 64;
/** Threads that wait for the disk. */
const AT_ONCE = 16;

const run = (command: string, args: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(command, args, (error) => resolve(error === null));
  });

const syncEach = async (paths: readonly string[]): Promise<void> => {
  await eachOf(paths, AT_ONCE, async (path) => {
    const file = await open(path, 'r');
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  });
  await eachOf(new Set(paths.map(dirname)), AT_ONCE, (folder) => realFiles.syncFolder(folder));
};

/**
 * Files of one file system, and their names, are durable when it resolves. Node has no `syncfs`; where GNU's `sync -f`
 * (coreutils manual, "sync: Synchronize cached writes to persistent storage") is not there or fails, each file is synced.
 * @param command stands in for `sync` in tests
 */
export const syncFiles = async (paths: readonly string[], command = 'sync'): Promise<void> => {
  const [first] = paths;
  if (first === undefined) return;
  if (paths.length < MANY || !(await run(command, ['-f', first]))) await syncEach(paths);
};
