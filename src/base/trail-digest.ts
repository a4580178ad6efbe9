/**
 * CloudTrail digest files: strict parse, signed bytes and signature check, without I/O.
 * Source: AWS CloudTrail user guide, "CloudTrail digest file structure" and
 * "Custom implementations of CloudTrail log file integrity validation".
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { sha256 } from './digest.js';
import { isArray, isObject, JsonError, type JsonObject, type JsonValue, parseJson, toValue } from './json.js';

export interface TrailDigestLog {
  readonly s3Bucket: string;
  readonly s3Object: string;
  /** SHA-256 of the uncompressed log file, hex. */
  readonly hashValue: string;
  readonly hashAlgorithm: string;
  readonly newestEventTime: string;
  readonly oldestEventTime: string;
}

/** A digest file. The five `previous…` fields are null in a starting digest. */
export interface TrailDigest {
  readonly awsAccountId: string;
  readonly digestStartTime: string;
  readonly digestEndTime: string;
  readonly digestS3Bucket: string;
  readonly digestS3Object: string;
  readonly digestPublicKeyFingerprint: string;
  readonly digestSignatureAlgorithm: string;
  readonly newestEventTime: string | null;
  readonly oldestEventTime: string | null;
  readonly previousDigestS3Bucket: string | null;
  readonly previousDigestS3Object: string | null;
  readonly previousDigestHashValue: string | null;
  readonly previousDigestHashAlgorithm: string | null;
  readonly previousDigestSignature: string | null;
  readonly logFiles: readonly TrailDigestLog[];
}

export class TrailDigestError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'TrailDigestError';
  }
}

const text = (object: JsonObject, name: string): string => {
  const value = object[name];
  if (typeof value !== 'string' || value.length > 4096) throw new TrailDigestError(`${name} is not a text`);
  return value;
};

const textOrNull = (object: JsonObject, name: string): string | null =>
  object[name] === null || object[name] === undefined ? null : text(object, name);

const logFile = (value: JsonValue): TrailDigestLog => {
  if (!isObject(value)) throw new TrailDigestError('logFiles holds something that is no object');
  return {
    s3Bucket: text(value, 's3Bucket'),
    s3Object: text(value, 's3Object'),
    hashValue: text(value, 'hashValue'),
    hashAlgorithm: text(value, 'hashAlgorithm'),
    newestEventTime: text(value, 'newestEventTime'),
    oldestEventTime: text(value, 'oldestEventTime'),
  };
};

/**
 * Parses the uncompressed bytes of a digest file. Unknown fields are let through: AWS adds some.
 * @throws TrailDigestError
 */
export const parseTrailDigest = (inflated: Uint8Array): TrailDigest => {
  let value: JsonValue;
  try {
    value = toValue(parseJson(inflated));
  } catch (error) {
    if (error instanceof JsonError) throw new TrailDigestError(`not strict JSON: ${error.message}`);
    throw error;
  }
  if (!isObject(value)) throw new TrailDigestError('not a JSON object');
  const logs = value['logFiles'];
  if (logs === undefined || !isArray(logs)) throw new TrailDigestError('logFiles is not a list');
  return {
    awsAccountId: text(value, 'awsAccountId'),
    digestStartTime: text(value, 'digestStartTime'),
    digestEndTime: text(value, 'digestEndTime'),
    digestS3Bucket: text(value, 'digestS3Bucket'),
    digestS3Object: text(value, 'digestS3Object'),
    digestPublicKeyFingerprint: text(value, 'digestPublicKeyFingerprint'),
    digestSignatureAlgorithm: text(value, 'digestSignatureAlgorithm'),
    newestEventTime: textOrNull(value, 'newestEventTime'),
    oldestEventTime: textOrNull(value, 'oldestEventTime'),
    previousDigestS3Bucket: textOrNull(value, 'previousDigestS3Bucket'),
    previousDigestS3Object: textOrNull(value, 'previousDigestS3Object'),
    previousDigestHashValue: textOrNull(value, 'previousDigestHashValue'),
    previousDigestHashAlgorithm: textOrNull(value, 'previousDigestHashAlgorithm'),
    previousDigestSignature: textOrNull(value, 'previousDigestSignature'),
    logFiles: logs.map(logFile),
  };
};

/** The bytes AWS signs: end time, location, hash of the file and the previous signature (`null` for the first). */
export const digestSignedBytes = (digest: TrailDigest, inflated: Uint8Array): Buffer =>
  Buffer.from(
    [
      digest.digestEndTime,
      `${digest.digestS3Bucket}/${digest.digestS3Object}`,
      sha256(inflated),
      digest.previousDigestSignature ?? 'null',
    ].join('\n'),
  );

/**
 * The RSA key of a `Value` that ListPublicKeys returned. Documented as PKCS#1, yet one of AWS's own
 * samples is SPKI, so both are tried.
 * @throws TrailDigestError
 */
export const trailPublicKey = (derBase64: string): KeyObject => {
  const der = Buffer.from(derBase64, 'base64');
  for (const type of ['pkcs1', 'spki'] as const) {
    try {
      const key = createPublicKey({ key: der, format: 'der', type });
      if (key.asymmetricKeyType === 'rsa') return key;
    } catch {
      // The other encoding is tried next; what is neither is refused below.
    }
  }
  throw new TrailDigestError('not an RSA public key');
};

/** The fingerprint CloudTrail gives a key: MD5 of its DER bytes. Selects a key, proves nothing. */
export const keyFingerprint = (derBase64: string): string =>
  createHash('md5').update(Buffer.from(derBase64, 'base64')).digest('hex');

/** Whether `signatureHex` is the key's SHA256withRSA (RSASSA-PKCS1-v1_5) signature of this digest. */
export const verifyDigestSignature = (
  digest: TrailDigest,
  inflated: Uint8Array,
  signatureHex: string,
  key: KeyObject,
): boolean =>
  digest.digestSignatureAlgorithm === 'SHA256withRSA' &&
  /^(?:[0-9a-f]{2})+$/.test(signatureHex) &&
  verify('sha256', digestSignedBytes(digest, inflated), key, Buffer.from(signatureHex, 'hex'));
