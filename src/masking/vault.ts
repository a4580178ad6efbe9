/**
 * Commitments to masked values. Their salts are never written down: they are the key stream of AES-256 in counter mode
 * (NIST SP 800-38A §6.5) under a key that exists once a day, in the vault beside the ledger. Whoever has the day's key
 * can show which value was masked; once it is deleted nobody can, and nobody can try values out.
 */
import { createCipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import type { Seal } from './mask.js';
import { redactionOf } from './text.js';

const SALT = 32;
const KEY = 32;
const PREFIX = Buffer.of(2);

/** The salts of one message, one after the other. @param nonce 16 bytes, fresh for each message */
const saltsOf = (key: Buffer, nonce: Buffer, count: number): Buffer =>
  createCipheriv('aes-256-ctr', key, nonce).update(Buffer.alloc(count * SALT));

/** `SHA-256(0x02 ‖ salt ‖ value)`, as payload lines are committed to. */
const commitment = (salt: Buffer, value: string): string =>
  sha256(Buffer.concat([PREFIX, salt, Buffer.from(value, 'utf8')]));

/**
 * The commitment that a redaction must bear if this was its value.
 * @param key the key of the day that `salt` names
 * @param salt as the redaction names it: day, nonce and index, with colons between them
 */
export const commitmentTo = (value: string, key: Buffer, salt: string): string => {
  const [, nonce = '', index = ''] = salt.split(':');
  const at = Number(index);
  const salts = saltsOf(key, Buffer.from(nonce, 'hex'), at + 1);
  return commitment(salts.subarray(at * SALT, (at + 1) * SALT), value);
};

const readKey = (file: string): Buffer | undefined => {
  try {
    const key = readFileSync(file);
    if (key.length === KEY) return key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  throw new CountersignError('KEY_FILE', { file, problem: 'it does not hold 32 bytes' });
};

const sync = (path: string): void => {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
};

/** Makes a key and puts it on disk before anything is committed to under it. */
const makeKey = (dir: string, file: string): Buffer => {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const key = randomBytes(KEY);
  const fd = openSync(file, 'wx', 0o600);
  writeSync(fd, key);
  fsyncSync(fd);
  closeSync(fd);
  sync(dir);
  return key;
};

/**
 * Commits to what was masked. Throws where the key of the day can neither be read nor made; the message is then
 * blocked.
 * @param dir the vault; made where it is not there
 */
export const createVault = (dir: string, clock: Pick<Clock, 'now'>): Seal => {
  let day = '';
  let key: Buffer | undefined;
  const today = (): { readonly day: string; readonly key: Buffer } => {
    const now = new Date(clock.now()).toISOString().slice(0, 10);
    if (key === undefined || now !== day) {
      const file = join(dir, `${now}.key`);
      key = readKey(file) ?? makeKey(dir, file);
      day = now;
    }
    return { day, key };
  };
  return (masked) => {
    const current = today();
    const nonce = randomBytes(16);
    const salts = saltsOf(current.key, nonce, masked.length);
    return masked.map((one, i) => ({
      ...redactionOf(one, one.pointer),
      commitment: commitment(salts.subarray(i * SALT, (i + 1) * SALT), one.value),
      salt: `${current.day}:${nonce.toString('hex')}:${i}`,
    }));
  };
};
