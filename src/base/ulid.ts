import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 26 characters, sortable by time; fits an AWS role session name. */
export type Ulid = string;

const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);

/** Sixteen fresh random bytes. One call of the generator serves many ids. */
const fresh = (): Buffer => {
  if (pool.length < 16) pool = randomBytes(POOL_BYTES);
  const bytes = pool.subarray(0, 16);
  pool = pool.subarray(16);
  return bytes;
};

/** A ULID (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, Crockford base 32. */
export const ulid = (now: number): Ulid => {
  let time = '';
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = ALPHABET.charAt(rest % 32) + time;
  let random = '';
  for (const byte of fresh()) random += ALPHABET.charAt(byte & 31);
  return time + random;
};

export const isUlid = (text: string): boolean => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
