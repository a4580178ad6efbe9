/** One writer per ledger: a lock file that names its holder. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isAlive } from '../base/abandoned.js';
import { sha256 } from '../base/digest.js';
import { type FilePort, isSystemError, readBounded } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { at, JsonError, parseJson, stringOf } from '../base/json.js';

/** Processes that died one after the other while they took over. */
const MAX_CLAIMS = 16;

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

/** The file by which a process claims the place of the stale lock, or stale claim, that holds these bytes. */
const claimOn = (path: string, stale: Buffer): string => `${path}.${sha256(stale).slice(0, 32)}`;

interface Found {
  readonly path: string;
  readonly bytes: Buffer;
}

/** The lock, then the claim on it where there is one, then the claim on that: the last one says who holds. */
const readClaims = async (path: string, files: FilePort): Promise<readonly Found[]> => {
  const found: Found[] = [];
  for (let at = path; found.length < MAX_CLAIMS; ) {
    const bytes = await readLock(at, files);
    if (!bytes) break;
    found.push({ path: at, bytes });
    at = claimOn(path, bytes);
  }
  return found;
};

/**
 * Takes the place of a stale lock. Of all who try, one makes the claim; and as nobody else may change what is claimed,
 * what it finds unchanged afterwards stays so until the claim becomes the lock.
 * @returns whether it did
 */
const takeOver = async (path: string, bytes: Buffer, stale: readonly Found[], files: FilePort): Promise<boolean> => {
  const last = stale.at(-1);
  if (!last) return false;
  const claim = claimOn(path, last.bytes);
  if (!(await put(claim, bytes, files))) return false;
  const now = await readClaims(path, files);
  const unchanged = stale.every((found, index) => now[index]?.bytes.equals(found.bytes));
  if (unchanged) await files.rename(claim, path);
  else await files.unlink(claim);
  if (unchanged) for (const found of stale.slice(1)) await files.unlink(found.path);
  return unchanged;
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
  const found = (await readClaims(path, files)).at(-1);
  if (!found) return { state: 'free', holder: '' };
  const holder = parseHolder(found.bytes);
  if (!holder) return { state: 'unknown', holder: describe(holder, found.path) };
  return { state: isGone(holder) ? 'stale' : 'held', holder: describe(holder, found.path) };
};

export interface Lock {
  release(): Promise<void>;
}

const isTaken = async (path: string, bytes: Buffer, files: FilePort): Promise<boolean> => {
  if (await put(path, bytes, files)) return true;
  const found = await readClaims(path, files);
  const last = found.at(-1);
  if (!last) return false;
  const holder = parseHolder(last.bytes);
  if (!holder || !isGone(holder)) {
    throw new CountersignError('LEDGER_LOCKED', { dir: dirname(path), holder: describe(holder, last.path) });
  }
  return takeOver(path, bytes, found, files);
};

/** @throws CountersignError LEDGER_LOCKED, naming the holder */
export const takeLock = async (dir: string, now: string, files: FilePort): Promise<Lock> => {
  const path = join(dir, 'lock');
  const self: Holder = { pid: process.pid, host: hostname(), start: now, process: processIdentity(process.pid) };
  const bytes = Buffer.from(`${JSON.stringify({ ...self, id: randomUUID() })}\n`);
  for (let attempt = 0; !(await isTaken(path, bytes, files)); attempt++) {
    if (attempt > MAX_CLAIMS) throw new CountersignError('LEDGER_LOCKED', { dir, holder: 'one of several that begin' });
  }
  return {
    release: async () => {
      if ((await readLock(path, files))?.equals(bytes)) await files.unlink(path);
    },
  };
};
