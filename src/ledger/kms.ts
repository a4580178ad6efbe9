/**
 * The root key in AWS KMS: a key pair of the kind ECC_NIST_EDWARDS25519 that never leaves it. KMS signs the raw
 * message (ED25519_SHA_512 is the Ed25519 of RFC 8032), so nobody who verifies sees where the key is kept.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { AWS_TIMEOUTS, awsCredentials, awsFailure, quietAws } from '../base/aws-client.js';
import { CountersignError, reason } from '../base/errors.js';
import type { KmsKeySettings } from '../model/settings.js';
import type { RemoteKey } from './root.js';

const ALGORITHM = 'ED25519_SHA_512';
/** Milliseconds for one request: records wait while a segment is certified. */
const REQUEST_MS = 5_000;

/** What is asked of the key service; both reject with an error whose message holds no secret. */
export interface KeyService {
  /** Public key as DER (SubjectPublicKeyInfo), and what may be done with it. */
  publicKey(): Promise<{ readonly spki: Uint8Array; readonly algorithms: readonly string[] }>;
  /** Ed25519 over these bytes as they are. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}

const unavailable = (problem: string, cause?: unknown): CountersignError =>
  new CountersignError('ROOT_KEY_UNAVAILABLE', { problem }, { cause });

const asked = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } catch (error) {
    throw unavailable(reason(error), error);
  }
};

const parsePublicKey = (spki: Uint8Array): KeyObject => {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (error) {
    throw unavailable('the key service gave no public key', error);
  }
  throw unavailable('it is no Ed25519 key; make one of the kind ECC_NIST_EDWARDS25519 for SIGN_VERIFY');
};

/**
 * The key of a key service. Each signature is checked before it is used.
 * @throws CountersignError ROOT_KEY_UNAVAILABLE
 */
export const remoteKey = async (service: KeyService): Promise<RemoteKey> => {
  const { spki, algorithms } = await asked(service.publicKey());
  const publicKey = parsePublicKey(spki);
  if (!algorithms.includes(ALGORITHM)) throw unavailable(`it does not sign with ${ALGORITHM}`);
  return {
    publicKey,
    async sign(message) {
      const signature = await asked(service.sign(message));
      if (verify(null, message, publicKey, signature)) return signature;
      throw unavailable('the key service gave a signature that its public key does not verify');
    },
  };
};

/** Opens AWS KMS; nothing is asked of it yet. The SDK is loaded here, as few gateways need it. */
export const openKms = async (
  settings: KmsKeySettings,
  environment: Record<string, string | undefined>,
): Promise<KeyService> => {
  quietAws(environment);
  const { KMSClient, GetPublicKeyCommand, SignCommand } = await import('@aws-sdk/client-kms');
  const { arn: KeyId, region, endpoint } = settings;
  const client = new KMSClient({
    region,
    maxAttempts: 3,
    requestHandler: { ...AWS_TIMEOUTS, requestTimeout: REQUEST_MS },
    ...(endpoint !== null && { endpoint }),
    ...(await awsCredentials({ ...settings, session: 'countersign-ledger' })),
  });
  const sent = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      throw new Error(`AWS KMS: ${awsFailure(error).problem}`, { cause: error });
    }
  };
  return {
    async publicKey() {
      const { PublicKey, SigningAlgorithms } = await sent(client.send(new GetPublicKeyCommand({ KeyId })));
      return { spki: PublicKey ?? new Uint8Array(), algorithms: SigningAlgorithms ?? [] };
    },
    async sign(message) {
      const ask = { KeyId, Message: message, MessageType: 'RAW', SigningAlgorithm: ALGORITHM } as const;
      const { Signature } = await sent(client.send(new SignCommand(ask)));
      return Signature ?? new Uint8Array();
    },
  };
};
