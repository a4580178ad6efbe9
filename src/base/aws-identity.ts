/** How the gateway names people and sessions towards AWS, so that CloudTrail events lead back to them. */
import { createHash } from 'node:crypto';
import type { Ulid } from './ulid.js';

const PREFIX = 'cs-';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** 160 bits: 32 characters of base 32 without padding. */
const HASH_BYTES = 20;

/** Base 32 (RFC 4648 §6) of bytes whose count is a multiple of five, so that no padding is needed. */
const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32.charAt((held >>> (bits - 5)) & 31);
    held &= 0xff;
  }
  return text;
};

/**
 * The `SourceIdentity` of a person: `cs-` and 32 base32 characters of SHA-256(issuer, 0x00, subject).
 * It cannot be changed within an STS session and outlives role chaining; it says who, not which session.
 */
export const sourceIdentity = (issuer: string, subject: string): string => {
  const hash = createHash('sha256').update(issuer).update(Uint8Array.of(0)).update(subject).digest();
  return PREFIX + base32(hash.subarray(0, HASH_BYTES));
};

/** The `RoleSessionName` of a session: the tail of `userIdentity.arn` of every event it causes. */
export const roleSessionName = (session: Ulid): string => PREFIX + session;
