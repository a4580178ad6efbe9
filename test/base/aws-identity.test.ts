import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roleSessionName, sourceIdentity } from '../../src/base/aws-identity.js';
import { isUlid, ulid } from '../../src/base/ulid.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Base 32 by whole-number arithmetic: another way to the same text. */
const base32 = (bytes: Buffer): string => {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < (bytes.length * 8) / 5; i++, rest /= 32n) text = ALPHABET.charAt(Number(rest % 32n)) + text;
  return text;
};

describe('sourceIdentity', () => {
  it('is base 32 of the first 160 bits of SHA-256(issuer, 0x00, subject)', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.string(), (issuer, subject) => {
        const hash = createHash('sha256').update(`${issuer}\0${subject}`).digest().subarray(0, 20);
        expect(sourceIdentity(issuer, subject)).toBe(`cs-${base32(hash)}`);
      }),
    );
  });

  it('fits what STS takes and tells people apart', () => {
    const one = sourceIdentity('https://idp.example', 'ab');
    expect(one).toMatch(/^cs-[A-Z2-7]{32}$/);
    expect(one).not.toBe(sourceIdentity('https://idp.examplea', 'b'));
  });
});

it('roleSessionName is cs- and the session', () => {
  const session = ulid(Date.now());
  expect(isUlid(roleSessionName(session).slice(3))).toBe(true);
  expect(roleSessionName(session)).toMatch(/^[\w+=,.@-]{2,64}$/);
});
