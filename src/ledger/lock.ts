/** One writer per ledger: a lock file that names its holder. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type FilePort, isSystemError, readBounded } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { at, JsonError, parseJson, stringOf } from '../base/json.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the lock was taken, RFC 3339. */
  readonly start: string;
  /** What tells this process from a later one with the same id; empty where the system does not say. */
  readonly process: string;
}

/** Linux: boot id and start time in clock ticks. Elsewhere empty: a process is then known by its id alone. */
const processIdentity = (pid: number): string => {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; the start time is the twentieth field after it.
    return `${boot}:${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isSystemError(error, 'EPERM');
  }
};

const parseHolder = (bytes: Buffer): Holder | undefined => {
  try {
    const node = parseJson(bytes);
    const pid = at(node, 'pid');
    const [host, start, identity] = ['host', 'start', 'process'].map((name) => stringOf(at(node, name)));
    if (pid?.kind !== 'number' || host === undefined || start === undefined || identity === undefined) return undefined;
    return { pid: pid.value, host, start, process: identity };
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

/** Only a holder on this machine can be known to be gone; anything doubtful counts as held. */
const isGone = (holder: Holder): boolean => {
  if (holder.host !== hostname()) return false;
  if (!isAlive(holder.pid)) return true;
  const now = processIdentity(holder.pid);
  return holder.process !== '' && now !== '' && holder.process !== now;
};

const describe = (holder: Holder | undefined, path: string): string => {
  if (!holder) return `an unknown process (${path} cannot be read)`;
  const elsewhere = holder.host === hostname() ? '' : `; if that machine is gone, remove ${path}`;
  return `process ${holder.pid} on ${holder.host} since ${holder.start}${elsewhere}`;
};

const readLock = async (path: string, files: FilePort): Promise<Buffer | undefined> => {
  try {
    return await readBounded(path, 4096, files);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
};

const put = async (path: string, bytes: Buffer, files: FilePort): Promise<boolean> => {
  // Written aside and linked in, so that nobody ever reads a lock that is half written.
  const temporary = `${path}.${randomUUID()}`;
  const file = await files.create(temporary);
  try {
    await file.write(bytes);
    // A power cut must not leave a lock without a holder in it: nobody could tell that it is stale.
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await files.link(temporary, path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await files.unlink(temporary);
  }
};

/** Moves a stale lock away. Where another process was quicker, its fresh lock is put back. */
const clear = async (path: string, stale: Buffer, files: FilePort): Promise<void> => {
  const aside = `${path}.${randomUUID()}`;
  try {
    await files.rename(path, aside);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  if (!(await readBounded(aside, 4096, files)).equals(stale)) await files.link(aside, path);
  await files.unlink(aside);
};

/**
 * Who holds a ledger. `stale`: a process that is gone; the next writer takes the lock over. `unknown`: the lock
 * names nobody, and no writer will take it.
 */
export interface LockState {
  readonly state: 'free' | 'held' | 'stale' | 'unknown';
  /** In words; empty where nobody does. */
  readonly holder: string;
}

/** Looks at the lock and leaves it as it is. */
export const lockState = async (dir: string, files: FilePort): Promise<LockState> => {
  const path = join(dir, 'lock');
  const found = await readLock(path, files);
  if (!found) return { state: 'free', holder: '' };
  const holder = parseHolder(found);
  if (!holder) return { state: 'unknown', holder: describe(holder, path) };
  return { state: isGone(holder) ? 'stale' : 'held', holder: describe(holder, path) };
};

export interface Lock {
  release(): Promise<void>;
}

/** @throws CountersignError LEDGER_LOCKED, naming the holder */
export const takeLock = async (dir: string, now: string, files: FilePort): Promise<Lock> => {
  const path = join(dir, 'lock');
  const self: Holder = { pid: process.pid, host: hostname(), start: now, process: processIdentity(process.pid) };
  const bytes = Buffer.from(`${JSON.stringify({ ...self, id: randomUUID() })}\n`);
  for (let attempt = 0; !(await put(path, bytes, files)); attempt++) {
    const found = await readLock(path, files);
    if (!found) continue;
    const holder = parseHolder(found);
    if (attempt > 3 || !holder || !isGone(holder)) {
      throw new CountersignError('LEDGER_LOCKED', { dir, holder: describe(holder, path) });
    }
    await clear(path, found, files);
  }
  return {
    release: async () => {
      if ((await readLock(path, files))?.equals(bytes)) await files.unlink(path);
    },
  };
};
