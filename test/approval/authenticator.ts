/** A passkey in software: makes keys and signs as an authenticator and a browser do (Web Authentication §6.3.3, §5.8.1). */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { PasskeyAssertion } from '../../src/model/passkey.js';

const head = (major: number, argument: number): Buffer => {
  if (argument < 24) return Buffer.of((major << 5) | argument);
  if (argument < 256) return Buffer.of((major << 5) | 24, argument);
  return Buffer.of((major << 5) | 25, argument >> 8, argument & 255);
};
const cbor = (value: number | Buffer): Buffer => {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  return Buffer.concat([head(2, value.length), value]);
};
/** A CBOR map of numbers and byte strings. */
export const cborMap = (entries: readonly (readonly [number, number | Buffer])[]): Buffer =>
  Buffer.concat([head(5, entries.length), ...entries.flatMap(([label, value]) => [cbor(label), cbor(value)])]);

const bytes = (text: string | undefined): Buffer => Buffer.from(text ?? '', 'base64url');

const pairOf = (kind: Kind) => {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  return kind === 'ES256'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 });
};

export type Kind = 'Ed25519' | 'ES256' | 'RS256';

export interface Signing {
  readonly challenge: string;
  readonly rp?: string;
  readonly origin?: string;
  readonly type?: string;
  readonly flags?: number;
}

export const createAuthenticator = (kind: Kind = 'Ed25519') => {
  const { privateKey, publicKey } = pairOf(kind);
  const { x, y, n, e } = publicKey.export({ format: 'jwk' });
  const cose = {
    Ed25519: () =>
      cborMap([
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, bytes(x)],
      ]),
    ES256: () =>
      cborMap([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, bytes(x)],
        [-3, bytes(y)],
      ]),
    RS256: () =>
      cborMap([
        [1, 3],
        [3, -257],
        [-1, bytes(n)],
        [-2, bytes(e)],
      ]),
  }[kind]();
  const credential = createHash('sha256').update(cose).digest('base64url');
  return {
    credential,
    publicKey: cose.toString('base64url'),
    /** @param challenge hex */
    sign: ({
      challenge,
      rp = 'localhost',
      origin = 'http://localhost:1',
      type = 'webauthn.get',
      flags = 5,
    }: Signing): PasskeyAssertion => {
      const clientData = Buffer.from(
        JSON.stringify({
          type,
          challenge: Buffer.from(challenge, 'hex').toString('base64url'),
          origin,
          crossOrigin: false,
        }),
      );
      const data = Buffer.concat([createHash('sha256').update(rp).digest(), Buffer.of(flags, 0, 0, 0, 1)]);
      const signed = Buffer.concat([data, createHash('sha256').update(clientData).digest()]);
      return {
        credential,
        public_key: cose.toString('base64url'),
        authenticator_data: data.toString('base64url'),
        client_data: clientData.toString('base64url'),
        signature: sign(kind === 'Ed25519' ? null : 'sha256', signed, privateKey).toString('base64url'),
      };
    },
  };
};
