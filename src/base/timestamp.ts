/**
 * Time stamps of RFC 3161, with the certificate identifiers of RFC 5816: the request, the answer, and the check of
 * a token. SHA-256 imprints alone. Node built-ins only.
 */
import { createHash, timingSafeEqual, verify, type X509Certificate } from 'node:crypto';
import {
  childrenOf,
  context,
  DerError,
  type DerNode,
  encodeDer,
  encodeOid,
  expectTag,
  oidOf,
  readDer,
  sequenceOf,
  TAG,
  timeOfDer,
} from './der.js';
import { isVouchedFor, parseTimestampCertificate, type TimestampCertificate } from './timestamp-certificate.js';

/** Bytes of a token; with a chain of certificates they have some 6,000. */
export const MAX_TOKEN = 65_536;

const SIGNED_DATA = '1.2.840.113549.1.7.2';
const TST_INFO = '1.2.840.113549.1.9.16.1.4';
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const SHA256 = '2.16.840.1.101.3.4.2.1';

const DIGESTS: Readonly<Record<string, string>> = {
  [SHA256]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** Signature algorithms; null: the hash is that of the digest algorithm. */
const SIGNATURES: Readonly<Record<string, { readonly key: string; readonly hash: string | null }>> = {
  '1.2.840.113549.1.1.1': { key: 'rsa', hash: null },
  '1.2.840.113549.1.1.11': { key: 'rsa', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { key: 'rsa', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { key: 'rsa', hash: 'sha512' },
  '1.2.840.10045.4.3.2': { key: 'ec', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { key: 'ec', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { key: 'ec', hash: 'sha512' },
};

const digest = (algorithm: string, data: Uint8Array): Buffer => createHash(algorithm).update(data).digest();
const same = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);

const algorithmOf = (node: DerNode | undefined): string => oidOf(sequenceOf(node)[0]);

const hashOf = (node: DerNode | undefined): string => {
  const name = DIGESTS[algorithmOf(node)];
  if (name === undefined) throw new DerError('uses a hash other than SHA-256, SHA-384 and SHA-512');
  return name;
};

/**
 * A TimeStampReq that asks for the authority's certificate too.
 * @param hash SHA-256 of what is to be stamped
 * @param nonce at least 8 random bytes, the first neither 0 nor over 0x7f
 */
export const timestampRequest = (hash: Buffer, nonce: Buffer): Buffer =>
  encodeDer(
    TAG.sequence,
    encodeDer(TAG.integer, Uint8Array.of(1)),
    encodeDer(
      TAG.sequence,
      encodeDer(TAG.sequence, encodeOid(SHA256), encodeDer(TAG.null)),
      encodeDer(TAG.octets, hash),
    ),
    encodeDer(TAG.integer, nonce),
    encodeDer(TAG.boolean, Uint8Array.of(0xff)),
  );

/** The token of a TimeStampResp. @throws DerError where the authority refused, or it is none */
export const tokenOfResponse = (response: Buffer): Buffer => {
  const [info, token] = sequenceOf(readDer(response));
  const status = expectTag(sequenceOf(info)[0], TAG.integer).content;
  if (status.length !== 1 || (status[0] ?? 2) > 1) throw new DerError(`was refused with status ${status[0] ?? '?'}`);
  return expectTag(token, TAG.sequence).bytes;
};

/** What a token says. */
export interface TimestampInfo {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** SHA-256 of what was stamped. */
  readonly imprint: Buffer;
  /** Of the request; null where the token repeats none. */
  readonly nonce: Buffer | null;
}

const parseInfo = (content: Buffer): TimestampInfo => {
  const [version, policy, imprint, serial, time, ...rest] = sequenceOf(readDer(content));
  if (expectTag(version, TAG.integer).content[0] !== 1) throw new DerError('has an unknown version');
  oidOf(policy);
  expectTag(serial, TAG.integer);
  const [algorithm, hash] = sequenceOf(imprint);
  if (algorithmOf(algorithm) !== SHA256) throw new DerError('stamps a hash other than SHA-256');
  const nonce = rest.find(({ tag }) => tag === TAG.integer)?.content ?? null;
  return { time: timeOfDer(time), imprint: expectTag(hash, TAG.octets).content, nonce };
};

interface SignedContent {
  readonly content: Buffer;
  readonly certificates: readonly TimestampCertificate[];
  readonly signer: readonly DerNode[];
}

/** Attribute certificates and others than X.509 are passed over. */
const plainCertificates = (node: DerNode): readonly TimestampCertificate[] =>
  childrenOf(node)
    .filter(({ tag }) => tag === TAG.sequence)
    .map(({ bytes }) => parseTimestampCertificate(bytes));

const parseSignedData = (token: Buffer): SignedContent => {
  if (token.length > MAX_TOKEN) throw new DerError('is too long');
  const [type, wrapped] = sequenceOf(readDer(token));
  if (oidOf(type) !== SIGNED_DATA) throw new DerError('is not signed data');
  const [, , encapsulated, ...rest] = sequenceOf(childrenOf(expectTag(wrapped, context(0)))[0]);
  const [contentType, content] = sequenceOf(encapsulated);
  if (oidOf(contentType) !== TST_INFO) throw new DerError('does not hold a time stamp');
  const octets = expectTag(childrenOf(expectTag(content, context(0)))[0], TAG.octets);
  const certificates = rest.find(({ tag }) => tag === context(0));
  const signers = childrenOf(expectTag(rest.at(-1), TAG.set));
  if (signers.length !== 1) throw new DerError('does not have exactly one signer');
  return {
    content: octets.content,
    certificates: certificates ? plainCertificates(certificates) : [],
    signer: sequenceOf(signers[0]),
  };
};

/** Signed attributes by type; each has exactly one value. */
const attributesOf = (node: DerNode): ReadonlyMap<string, DerNode> => {
  const found = new Map<string, DerNode>();
  for (const attribute of childrenOf(node)) {
    const [type, values] = sequenceOf(attribute);
    const [value, ...more] = childrenOf(expectTag(values, TAG.set));
    const id = oidOf(type);
    if (!value || more.length > 0 || found.has(id)) throw new DerError('has an attribute without exactly one value');
    found.set(id, value);
  }
  return found;
};

/** Whether the attribute that names the signing certificate names this one: RFC 5816, or SHA-1 of RFC 3161. */
const namesCertificate = (attributes: ReadonlyMap<string, DerNode>, certificate: Buffer): boolean => {
  const v2 = attributes.get(SIGNING_CERTIFICATE_V2);
  const v1 = attributes.get(SIGNING_CERTIFICATE);
  const named = v2 ?? v1;
  if (!named) return false;
  const [first] = sequenceOf(sequenceOf(named)[0]);
  const id = sequenceOf(first);
  const [head] = id;
  const algorithm = v2 ? (head?.tag === TAG.sequence ? hashOf(head) : 'sha256') : 'sha1';
  const hash = head?.tag === TAG.sequence ? id[1] : head;
  return same(expectTag(hash, TAG.octets).content, digest(algorithm, certificate));
};

const signerCertificate = (
  sid: DerNode | undefined,
  known: readonly TimestampCertificate[],
): TimestampCertificate | undefined => {
  const { content } = expectTag(sid, TAG.sequence);
  return known.find(({ issuerAndSerial }) => issuerAndSerial.equals(content));
};

const checkSignature = ({ content, signer }: SignedContent, { certificate, stamps }: TimestampCertificate): void => {
  const [, , digestAlgorithm, signed, signatureAlgorithm, signature] = signer;
  const attributes = attributesOf(expectTag(signed, context(0)));
  const hash = hashOf(digestAlgorithm);
  const type = attributes.get(CONTENT_TYPE);
  const message = attributes.get(MESSAGE_DIGEST);
  if (!type || oidOf(type) !== TST_INFO) throw new DerError('does not sign that it is a time stamp');
  if (!same(expectTag(message, TAG.octets).content, digest(hash, content))) {
    throw new DerError('does not sign its content');
  }
  if (!stamps) throw new DerError('is signed by a certificate that is not for time stamping alone');
  if (!namesCertificate(attributes, certificate.raw)) throw new DerError('names another certificate than its signer’s');
  const algorithm = SIGNATURES[algorithmOf(signatureAlgorithm)];
  if (!algorithm || algorithm.key !== certificate.publicKey.asymmetricKeyType) {
    throw new DerError('uses an unknown signature');
  }
  // What is signed is the attributes as a SET, not under the tag that they have here (RFC 5652 §5.4).
  const text = encodeDer(TAG.set, signed?.content ?? Buffer.alloc(0));
  const bytes = expectTag(signature, TAG.octets).content;
  if (!verify(algorithm.hash ?? hash, text, certificate.publicKey, bytes)) throw new DerError('has a false signature');
};

/** What a token says, whoever signed it: nothing of it is established. @throws DerError */
export const readTimestamp = (token: Buffer): TimestampInfo => parseInfo(parseSignedData(token).content);

/**
 * Checks a token against certificates that count: those of authorities, or of whoever vouches for them.
 * @returns what it says
 * @throws DerError with a clause that has no subject, where it does not hold or nobody trusted vouches for it
 */
export const verifyTimestamp = (token: Buffer, trusted: readonly X509Certificate[]): TimestampInfo => {
  const data = parseSignedData(token);
  const info = parseInfo(data.content);
  const pinned = trusted.map(({ raw }) => parseTimestampCertificate(raw));
  const signer = signerCertificate(data.signer[1], [...data.certificates, ...pinned]);
  if (!signer) throw new DerError('does not hold the certificate of its signer');
  checkSignature(data, signer);
  const others = data.certificates.map(({ certificate }) => certificate);
  if (!isVouchedFor(signer.certificate, others, trusted, info.time)) {
    throw new DerError('is signed by an authority that nobody trusted vouches for');
  }
  return info;
};
