import { createHash, hash, hkdfSync, timingSafeEqual } from 'node:crypto';

/** SHA-256 of bytes or UTF-8 text, lower-case hex. */
export const sha256 = (data: Uint8Array | string): string => hash('sha256', data, 'hex');

/** What a keyed digest may be for; each purpose has its own derived key, so equal values do not show across purposes. */
export type DigestPurpose = 'args' | 'mask-token' | 'token-id';

/**
 * A digest over values that people could guess, under a key only the operator has:
 * `hs256:<key id, 8 hex>:<HMAC-SHA-256, 64 hex>`. Two digests are compared for equality, nothing else.
 */
export type KeyedDigest = `hs256:${string}:${string}`;

export type KeyedDigester = (purpose: DigestPurpose, data: Uint8Array | string) => KeyedDigest;

const BLOCK = 64;

/**
 * HMAC-SHA-256 (RFC 2104) under one key, by two one-shot hashes: they cost a third of a streaming object.
 * @param key at most 64 bytes
 * @returns lower-case hex
 */
const createHmacSha256 = (key: Uint8Array): ((data: Uint8Array | string) => string) => {
  const pad = (byte: number): Uint8Array => Buffer.alloc(BLOCK).map((_, i) => (key[i] ?? 0) ^ byte);
  const inner = pad(0x36);
  const outer = pad(0x5c);
  return (data) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    const first = hash('sha256', Buffer.concat([inner, bytes]), 'buffer');
    return hash('sha256', Buffer.concat([outer, first]), 'hex');
  };
};

/**
 * Derives one HMAC key per purpose from the operator's digest key (HKDF-SHA-256, RFC 5869).
 * @param secret at least 32 bytes
 */
export const createKeyedDigester = (secret: Uint8Array): KeyedDigester => {
  const derive = (info: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `countersign/v1/${info}`, length));
  const keyId = derive('key-id', 4).toString('hex');
  const keys: Record<DigestPurpose, ReturnType<typeof createHmacSha256>> = {
    args: createHmacSha256(derive('args', 32)),
    'mask-token': createHmacSha256(derive('mask-token', 32)),
    'token-id': createHmacSha256(derive('token-id', 32)),
  };
  return (purpose, data) => `hs256:${keyId}:${keys[purpose](data)}`;
};

/** Compares two texts in time that depends on their lengths alone. */
export const equalConstantTime = (a: string, b: string): boolean => {
  const left = createHash('sha256').update(a).digest();
  const right = createHash('sha256').update(b).digest();
  return timingSafeEqual(left, right);
};
