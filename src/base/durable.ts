/**
 * Files whose content must survive a power cut. Everything that is written durably goes through
 * `FilePort`, so that tests can put a disk that fails or forgets in its place.
 */
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A file open for appending. Calls are made one after the other, never at once. */
export interface AppendFile {
  /** Appends all bytes or rejects. They are durable only after `sync`. */
  write(bytes: Uint8Array): Promise<void>;
  /** fdatasync: content and size are durable when it resolves. */
  sync(): Promise<void>;
  /** Cuts the file to `size` bytes, durably. */
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

/** A file open for reading. */
export interface ReadFile {
  /** Reads into the buffer from a position; resolves with the number of bytes, 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export type FileKind = 'file' | 'folder' | 'link' | 'other';

export interface FileFacts {
  /** Links are not followed. */
  readonly kind: FileKind;
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface FilePort {
  /** Opens for appending and makes the file where there is none (0600). */
  append(path: string): Promise<AppendFile>;
  /** As `append`, but rejects with EEXIST where the file exists. */
  create(path: string, mode?: number): Promise<AppendFile>;
  open(path: string): Promise<ReadFile>;
  /** Undefined where there is nothing. */
  facts(path: string): Promise<FileFacts | undefined>;
  /** Names in a folder, in no particular order. */
  list(path: string): Promise<readonly string[]>;
  /** Makes one folder (0700); content to find it there already. */
  mkdir(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A second name for a file; rejects with EEXIST. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Makes the names in a folder durable: after creating, renaming or removing. */
  syncFolder(path: string): Promise<void>;
}

/** Whether a thrown value is the system error of this code, such as `ENOENT`. */
export const isSystemError = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

type Done<T> = (error: NodeJS.ErrnoException | null, value?: T) => void;

const call = <T>(start: (done: Done<T>) => void): Promise<T | undefined> =>
  new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))));

/** Up to this the page cache takes the bytes faster than a thread could be asked to. */
const AT_ONCE = 256 * 1024;
/** Bytes read at a time of a file that is read whole. */
const SMALL = 64 * 1024;

const writeAll = async (fd: number, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; ) {
    const rest = bytes.length - at;
    if (rest <= AT_ONCE) at += fs.writeSync(fd, bytes, at, rest);
    else at += (await call<number>((done) => fs.write(fd, bytes, at, rest, null, done))) ?? 0;
  }
};

const appendFile = async (path: string, flags: string, mode: number): Promise<AppendFile> => {
  const fd = (await call<number>((done) => fs.open(path, flags, mode, done))) ?? -1;
  return {
    write: (bytes) => writeAll(fd, bytes),
    sync: async () => void (await call((done) => fs.fdatasync(fd, done))),
    truncate: async (size) => {
      await call((done) => fs.ftruncate(fd, size, done));
      await call((done) => fs.fsync(fd, done));
    },
    close: async () => void (await call((done) => fs.close(fd, done))),
  };
};

const kindOf = (stats: fs.Stats): FileKind => {
  if (stats.isSymbolicLink()) return 'link';
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'folder' : 'other';
};

/** Links are not followed; Windows has no such flag. */
const READ = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0);

/** The disk of this machine. */
export const realFiles: FilePort = {
  append: (path) => appendFile(path, 'a', 0o600),
  create: (path, mode = 0o600) => appendFile(path, 'ax', mode),
  open: async (path) => {
    const fd = (await call<number>((done) => fs.open(path, READ, done))) ?? -1;
    return {
      read: async (buffer, position) =>
        (await call<number>((done) => fs.read(fd, buffer, 0, buffer.length, position, done))) ?? 0,
      close: async () => void (await call((done) => fs.close(fd, done))),
    };
  },
  facts: async (path) => {
    try {
      const stats = await fs.promises.lstat(path);
      return { kind: kindOf(stats), size: stats.size, mode: stats.mode & 0o777 };
    } catch (error) {
      if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return undefined;
      throw error;
    }
  },
  list: (path) => fs.promises.readdir(path),
  mkdir: async (path) => {
    try {
      await fs.promises.mkdir(path, 0o700);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
  },
  rename: (from, to) => fs.promises.rename(from, to),
  link: (from, to) => fs.promises.link(from, to),
  unlink: (path) => fs.promises.unlink(path),
  syncFolder: async (path) => {
    // Windows cannot open a folder; its file systems journal names themselves.
    if (process.platform === 'win32') return;
    const folder = await fs.promises.open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
};

/**
 * Fills a buffer from a file, in this thread: for those that do nothing else, whom asking another would only hold up.
 * Links are not followed.
 * @returns false where the file ends before
 */
export const fillFrom = (path: string, buffer: Uint8Array, position: number): boolean => {
  const fd = fs.openSync(path, READ);
  try {
    for (let at = 0; at < buffer.length; ) {
      const count = fs.readSync(fd, buffer, at, buffer.length - at, position + at);
      if (count === 0) return false;
      at += count;
    }
    return true;
  } finally {
    fs.closeSync(fd);
  }
};

/**
 * The bytes of a file, in this thread as `fillFrom` reads them.
 * @throws RangeError where it holds more than `limit` bytes
 */
export const readAtOnce = (path: string, limit: number): Buffer => {
  const fd = fs.openSync(path, READ);
  try {
    const { size } = fs.fstatSync(fd);
    if (size > limit) throw new RangeError(`more than ${limit} bytes`);
    const bytes = Buffer.allocUnsafe(size);
    let length = 0;
    for (let count = -1; length < size && count !== 0; length += count) {
      count = fs.readSync(fd, bytes, length, size - length, length);
    }
    return bytes.subarray(0, length);
  } finally {
    fs.closeSync(fd);
  }
};

/**
 * Makes a file of these bytes, in this thread. They are durable only after `syncFiles`.
 * @returns false where a file of that name is there
 */
export const createAtOnce = (path: string, bytes: Uint8Array): boolean => {
  let fd: number;
  try {
    fd = fs.openSync(path, 'wx', 0o600);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
  try {
    for (let at = 0; at < bytes.length; ) at += fs.writeSync(fd, bytes, at);
    return true;
  } catch (error) {
    fs.unlinkSync(path);
    throw error;
  } finally {
    fs.closeSync(fd);
  }
};

/** Makes a folder and those above it, durably. */
export const makeFolder = async (path: string, files: FilePort = realFiles): Promise<void> => {
  if ((await files.facts(path))?.kind === 'folder') return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent, files);
  await files.mkdir(path);
  await files.syncFolder(parent);
};

/**
 * Makes the names of a folder and of those above it durable, also where an earlier process made them and was cut off
 * before it could.
 * @param levels how many folders up
 */
export const syncAbove = async (path: string, levels: number, files: FilePort = realFiles): Promise<void> => {
  const parent = dirname(path);
  if (levels === 0 || parent === path) return;
  try {
    await files.syncFolder(parent);
  } catch (error) {
    // Whoever may not read a folder has not made anything in it.
    if (!isSystemError(error, 'EACCES')) throw error;
  }
  await syncAbove(parent, levels - 1, files);
};

/**
 * Replaces or makes a file so that after a power cut it holds either the old bytes or the new ones:
 * written to a temporary name in the same folder, synced, renamed, and the folder synced.
 */
export const writeAtomic = async (
  path: string,
  bytes: Uint8Array,
  files: FilePort = realFiles,
  mode = 0o600,
): Promise<void> => {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  try {
    const file = await files.create(temporary, mode);
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(temporary, path);
  } catch (error) {
    if (await files.facts(temporary)) await files.unlink(temporary);
    throw error;
  }
  await files.syncFolder(dirname(path));
};

/**
 * The bytes of a file.
 * @throws RangeError where it holds more than `limit` bytes
 */
export const readBounded = async (path: string, limit: number, files: FilePort = realFiles): Promise<Buffer> => {
  const file = await files.open(path);
  try {
    const chunks: Buffer[] = [];
    for (let length = 0; ; ) {
      const chunk = Buffer.allocUnsafe(Math.min(SMALL, limit + 1));
      const count = await file.read(chunk, length);
      if (count === 0) return Buffer.concat(chunks, length);
      chunks.push(chunk.subarray(0, count));
      length += count;
      if (length > limit) throw new RangeError(`more than ${limit} bytes`);
    }
  } finally {
    await file.close();
  }
};
