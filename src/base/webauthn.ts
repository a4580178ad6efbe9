/**
 * The signature of a passkey, checked offline with node built-ins only (W3C Web Authentication Level 3, §7.2).
 * The gateway asks it before it records an assertion and the verifier asks it afterwards: one judge for both.
 */
import { verify } from 'node:crypto';
import { CoseError, parseCoseKey } from './cose.js';
import { sha256 } from './digest.js';
import { at, JsonError, parseJson, stringOf } from './json.js';

/** What a passkey gave; all base64url without padding. */
export interface SignedAssertion {
  readonly authenticator_data: string;
  readonly client_data: string;
  readonly signature: string;
  /** COSE key. */
  readonly public_key: string;
}

export interface ExpectedAssertion {
  /** The bytes that were to be signed, hex. */
  readonly challenge: string;
  /** Domain that the passkey is bound to. */
  readonly rp: string;
}

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
/** Hash of the domain, flags, counter (§6.1). */
const MIN_AUTHENTICATOR_DATA = 37;
/** Far beyond what authenticators give. */
const MAX_FIELD = 8_192;

const bytesOf = (text: string): Buffer | null => {
  const bytes = Buffer.from(text, 'base64url');
  return text.length <= MAX_FIELD && bytes.toString('base64url') === text ? bytes : null;
};

const clientDataFault = (clientData: Buffer, { challenge, rp }: ExpectedAssertion): string | null => {
  const node = parseJson(clientData);
  if (stringOf(at(node, 'type')) !== 'webauthn.get') return 'it is not a signature of a login';
  if (stringOf(at(node, 'challenge')) !== Buffer.from(challenge, 'hex').toString('base64url'))
    return 'it was made over something else';
  const origin = stringOf(at(node, 'origin')) ?? '';
  if (!URL.canParse(origin)) return 'it names no origin';
  const { hostname } = new URL(origin);
  return hostname === rp || hostname.endsWith(`.${rp}`) ? null : 'it was made on another site';
};

const authenticatorFault = (data: Buffer, { rp }: ExpectedAssertion): string | null => {
  if (data.length < MIN_AUTHENTICATOR_DATA) return 'its authenticator data are cut off';
  if (data.subarray(0, 32).toString('hex') !== sha256(rp)) return 'it was made for another site';
  const flags = data.readUInt8(32);
  if ((flags & USER_PRESENT) === 0) return 'nobody was present';
  return (flags & USER_VERIFIED) === 0 ? 'the person was not verified by a PIN, a finger or a face' : null;
};

/** Why an assertion is not what it should be; null where it holds. Never throws. */
export const assertionFault = (assertion: SignedAssertion, expected: ExpectedAssertion): string | null => {
  const data = bytesOf(assertion.authenticator_data);
  const clientData = bytesOf(assertion.client_data);
  const signature = bytesOf(assertion.signature);
  const publicKey = bytesOf(assertion.public_key);
  if (!data || !clientData || !signature || !publicKey) return 'a part of it is not base64url, or too long';
  try {
    const fault = clientDataFault(clientData, expected) ?? authenticatorFault(data, expected);
    if (fault !== null) return fault;
    const { key, digest } = parseCoseKey(publicKey);
    const signed = Buffer.concat([data, Buffer.from(sha256(clientData), 'hex')]);
    return verify(digest, signed, key, signature) ? null : 'its signature does not verify';
  } catch (error) {
    if (error instanceof CoseError) return `its key ${error.message}`;
    if (error instanceof JsonError) return 'its client data are not strict JSON';
    throw error;
  }
};
