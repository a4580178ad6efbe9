/**
 * Preload for a process under test: `node --import ./test/faults/discard-unsynced.js bin/run.js proxy …`.
 *
 * What the process appends to files below COUNTERSIGN_DISCARD (a path prefix) is held in memory and reaches
 * the file at fdatasync or fsync alone, so that SIGKILL loses what a power cut would lose. Reads of such a file
 * do not see what is held; the writer never reads what it has not synced.
 *
 * COUNTERSIGN_SYNC_FAILS: share of those syncs that fail with EIO, half of them although the bytes are on disk.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { resolve } from 'node:path';

const prefix = resolve(process.env.COUNTERSIGN_DISCARD ?? '/nonexistent');
const held = new Map();
const { open, writeSync, write, fdatasync, fsync, ftruncate, close } = fs;

const isAppend = (flags) => typeof flags === 'string' && flags.startsWith('a');

const flush = (fd) => {
  const chunks = held.get(fd) ?? [];
  held.set(fd, []);
  const bytes = Buffer.concat(chunks);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at);
};

fs.open = (path, flags, mode, done) =>
  open(path, flags, mode, (error, fd) => {
    if (!error && isAppend(flags) && resolve(String(path)).startsWith(prefix)) held.set(fd, []);
    done(error, fd);
  });
const hold = (fd, bytes, offset, length) => {
  held.get(fd).push(Buffer.from(bytes.subarray(offset, offset + length)));
  return length;
};
fs.writeSync = (fd, bytes, offset, length) =>
  held.has(fd) ? hold(fd, bytes, offset, length) : writeSync(fd, bytes, offset, length);
fs.write = (fd, bytes, offset, length, position, done) => {
  if (!held.has(fd)) return write(fd, bytes, offset, length, position, done);
  const count = hold(fd, bytes, offset, length);
  return setImmediate(() => done(null, count));
};
const failing = Number(process.env.COUNTERSIGN_SYNC_FAILS ?? 0);
const flushed = (original) => (fd, done) => {
  const fails = held.has(fd) && Math.random() < failing;
  if (held.has(fd) && !(fails && Math.random() < 0.5)) flush(fd);
  if (!fails) return original(fd, done);
  const error = Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO', syscall: 'fdatasync' });
  return original(fd, () => done(error));
};
fs.fdatasync = flushed(fdatasync);
fs.fsync = flushed(fsync);
fs.ftruncate = (fd, size, done) => {
  if (held.has(fd)) flush(fd);
  return ftruncate(fd, size, done);
};
fs.close = (fd, done) => {
  held.delete(fd);
  return close(fd, done);
};
syncBuiltinESMExports();
