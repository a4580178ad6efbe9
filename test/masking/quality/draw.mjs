/** Draws from a seed: the same seed draws the same values. */
import { createHash } from 'node:crypto';

export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
export const UPPER = LOWER.toUpperCase();
export const DIGITS = '0123456789';
export const ALNUM = UPPER + LOWER + DIGITS;
export const HEX = `${DIGITS}abcdef`;
export const BASE32 = `${UPPER}234567`;
export const BASE64 = `${ALNUM}+/`;
export const URL64 = `${ALNUM}-_`;

export const createDraw = (seed) => {
  let block = 0;
  let bytes = Buffer.alloc(0);
  const byte = () => {
    if (bytes.length === 0) bytes = createHash('sha256').update(`${seed}:${block++}`).digest();
    const [first = 0] = bytes;
    bytes = bytes.subarray(1);
    return first;
  };
  /** An integer below `n`, which is 65,536 at most. */
  const below = (n) => ((byte() << 8) | byte()) % n;
  const pick = (list) => list[below(list.length)];
  const text = (alphabet, length) => Array.from({ length }, () => alphabet[below(alphabet.length)]).join('');
  return { below, pick, text };
};

/** Check digit of ISO/IEC 7812-1. */
export const luhnDigit = (head) => {
  let sum = 0;
  for (let i = 0; i < head.length; i++) {
    const digit = Number(head[head.length - 1 - i]) * (i % 2 === 0 ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return String((10 - (sum % 10)) % 10);
};

/** Check digits of ISO 13616 for a country and an account. */
export const ibanOf = (country, account) => {
  const digits = Array.from(`${account}${country}00`, (c) => Number.parseInt(c, 36)).join('');
  return `${country}${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${account}`;
};
