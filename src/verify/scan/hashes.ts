/** Hashes of stretches of a buffer, compared in place with the hex digits that stand for them. */
import { hash } from 'node:crypto';

/** Code of the first and of the second hex digit of each byte. */
const HIGH = new Uint8Array(256);
const LOW = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) {
  const digits = byte.toString(16).padStart(2, '0');
  HIGH[byte] = digits.charCodeAt(0);
  LOW[byte] = digits.charCodeAt(1);
}

/** Digits that are not looked at until they are compared. */
export interface HexDigits {
  /** Where they begin in the bytes; 0 where the strict parser read them. */
  readonly at: number;
  /** What the strict parser read. */
  readonly read: string;
}

/** SHA-256 of the bytes from one index to another, as a string of 32 characters, one for each byte: the fastest form. */
export const hashOf = ({ buffer, byteOffset }: Uint8Array, from: number, to: number): string =>
  hash('sha256', new Uint8Array(buffer, byteOffset + from, to - from), 'binary');

/**
 * Whether these are the digits of a hash.
 * @param digest as `hashOf` gives it
 */
export const isHexOf = (bytes: Uint8Array, { at, read }: HexDigits, digest: string): boolean => {
  if (at === 0) return read === Buffer.from(digest, 'latin1').toString('hex');
  for (let i = 0; i < 32; i++) {
    const byte = digest.charCodeAt(i);
    if (bytes[at + 2 * i] !== HIGH[byte] || bytes[at + 2 * i + 1] !== LOW[byte]) return false;
  }
  return true;
};

/** The digits as they stand. */
export const hexText = (bytes: Buffer, { at, read }: HexDigits): string =>
  at === 0 ? read : bytes.toString('latin1', at, at + 64);
