/** Certificates of time stamp authorities: what RFC 3161 §2.3 asks of them, and who vouches for them. */
import { X509Certificate } from 'node:crypto';
import { childrenOf, context, DerError, type DerNode, oidOf, readDer, sequenceOf, TAG } from './der.js';

const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
/** Certificates from a signer to one that is trusted. */
const MAX_PATH = 6;

export interface TimestampCertificate {
  readonly certificate: X509Certificate;
  /** Issuer and serial number, as a SignerInfo names them: SEQUENCE content. */
  readonly issuerAndSerial: Buffer;
  /** Whether its one purpose, marked critical, is time stamping. */
  readonly stamps: boolean;
}

/** The fields of the certificate proper, without its version. */
const fieldsOf = (der: Buffer): readonly DerNode[] => {
  const [inner] = sequenceOf(readDer(der));
  const fields = sequenceOf(inner);
  return fields[0]?.tag === context(0) ? fields.slice(1) : fields;
};

const stampsOnly = (fields: readonly DerNode[]): boolean => {
  const wrapped = fields.find(({ tag }) => tag === context(3));
  const extensions = wrapped ? sequenceOf(childrenOf(wrapped)[0]) : [];
  const usage = extensions.map(sequenceOf).find(([id]) => oidOf(id) === EXTENDED_KEY_USAGE);
  if (usage?.[1]?.tag !== TAG.boolean || usage[1].content[0] !== 0xff) return false;
  const purposes = sequenceOf(readDer(usage[2]?.content ?? Buffer.alloc(0)));
  return purposes.length === 1 && oidOf(purposes[0]) === TIME_STAMPING;
};

/** @throws DerError where the bytes are no certificate */
export const parseTimestampCertificate = (der: Buffer): TimestampCertificate => {
  const fields = fieldsOf(der);
  const [serial, , issuer] = fields;
  if (!serial || !issuer) throw new DerError('is not a certificate');
  try {
    const certificate = new X509Certificate(der);
    return {
      certificate,
      issuerAndSerial: Buffer.concat([issuer.bytes, serial.bytes]),
      stamps: stampsOnly(fields),
    };
  } catch (error) {
    if (error instanceof DerError) throw error;
    throw new DerError('is not a certificate that can be read');
  }
};

const isSame = (a: X509Certificate, b: X509Certificate): boolean => a.raw.equals(b.raw);

const isValidAt = ({ validFrom, validTo }: X509Certificate, time: number): boolean =>
  Date.parse(validFrom) <= time && time <= Date.parse(validTo);

const issued = (issuer: X509Certificate, subject: X509Certificate): boolean =>
  issuer.ca && subject.checkIssued(issuer) && subject.verify(issuer.publicKey);

/**
 * Whether a trusted certificate is the signer's own, or vouches for it through `others`, each valid at `time`.
 * Whether one was revoked is not asked: that needs the authority's word of a later day.
 */
export const isVouchedFor = (
  signer: X509Certificate,
  others: readonly X509Certificate[],
  trusted: readonly X509Certificate[],
  time: number,
): boolean => {
  const visit = (subject: X509Certificate, depth: number): boolean => {
    if (!isValidAt(subject, time)) return false;
    if (trusted.some((one) => isSame(one, subject))) return true;
    if (depth === MAX_PATH) return false;
    if (trusted.some((one) => isValidAt(one, time) && issued(one, subject))) return true;
    return others.some((one) => !isSame(one, subject) && issued(one, subject) && visit(one, depth + 1));
  };
  return visit(signer, 1);
};
