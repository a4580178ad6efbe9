/**
 * Public keys in COSE form (RFC 9052 §7, RFC 9053 §7), as passkeys have them: a CBOR map (RFC 8949) of whole
 * numbers and byte strings. Node built-ins only.
 */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** What is wrong with a key. */
export class CoseError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'CoseError';
  }
}

export interface CoseKey {
  readonly key: KeyObject;
  /** Digest that the signature is over, as `crypto.verify` takes it: null for Ed25519. */
  readonly digest: 'sha256' | null;
}

type CborValue = number | Buffer;

/** The forms of CBOR that a COSE key needs, and no others: everything else is refused. */
const createReader = (bytes: Buffer) => {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new CoseError('is cut off');
    at += length;
    return bytes.subarray(at - length, at);
  };
  /** Major type and argument (RFC 8949 §3); arguments of up to 32 bits. */
  const head = (): readonly [major: number, argument: number] => {
    const first = take(1).readUInt8();
    const [major, size] = [first >> 5, first & 31];
    if (size < 24) return [major, size];
    if (size === 24) return [major, take(1).readUInt8()];
    if (size === 25) return [major, take(2).readUInt16BE()];
    if (size === 26) return [major, take(4).readUInt32BE()];
    throw new CoseError('has a form that no COSE key has');
  };
  const value = (): CborValue => {
    const [major, argument] = head();
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 2) return take(argument);
    throw new CoseError('holds a value that no COSE key has');
  };
  return { head, value, atEnd: (): boolean => at === bytes.length };
};

const readMap = (bytes: Buffer): ReadonlyMap<number, CborValue> => {
  const reader = createReader(bytes);
  const [major, length] = reader.head();
  if (major !== 5 || length > 16) throw new CoseError('is no COSE key');
  const map = new Map<number, CborValue>();
  for (let i = 0; i < length; i++) {
    const label = reader.value();
    if (typeof label !== 'number' || map.has(label)) throw new CoseError('names a parameter twice, or by no number');
    map.set(label, reader.value());
  }
  if (!reader.atEnd()) throw new CoseError('has bytes after its end');
  return map;
};

/** Labels (RFC 9053 §7.1, §7.2; RFC 8230 §4); -1 to -3 mean different things for each key type. */
const KTY = 1;
const ALG = 3;

const jwkOf = (
  map: ReadonlyMap<number, CborValue>,
): { readonly jwk: JsonWebKey; readonly digest: CoseKey['digest'] } => {
  const bytes = (label: number): string => {
    const found = map.get(label);
    if (!Buffer.isBuffer(found)) throw new CoseError(`lacks the parameter ${label}`);
    return found.toString('base64url');
  };
  const is = (kty: number, alg: number, curve?: number): boolean =>
    map.get(KTY) === kty && map.get(ALG) === alg && (curve === undefined || map.get(-1) === curve);
  if (is(1, -8, 6)) return { jwk: { kty: 'OKP', crv: 'Ed25519', x: bytes(-2) }, digest: null };
  if (is(2, -7, 1)) return { jwk: { kty: 'EC', crv: 'P-256', x: bytes(-2), y: bytes(-3) }, digest: 'sha256' };
  if (is(3, -257)) return { jwk: { kty: 'RSA', n: bytes(-1), e: bytes(-2) }, digest: 'sha256' };
  throw new CoseError('is of a kind that is not supported: only Ed25519, ES256 and RS256 are');
};

/**
 * Reads a public key: Ed25519 (-8), ES256 on P-256 (-7), or RS256 (-257).
 * @throws CoseError where it is none of them, not whole, or not on its curve
 */
export const parseCoseKey = (bytes: Uint8Array): CoseKey => {
  const { jwk, digest } = jwkOf(readMap(Buffer.from(bytes)));
  try {
    return { key: createPublicKey({ key: jwk, format: 'jwk' }), digest };
  } catch {
    throw new CoseError('is no valid public key');
  }
};
