/** The members of a trust file that say which anchors count. */
import { X509Certificate } from 'node:crypto';
import { type Cosigner, parseCosigner } from '../base/cosignature.js';
import { DerError } from '../base/der.js';
import type { JsonValue } from '../base/json.js';
import { NoteError } from '../base/note.js';
import { parseTimestampCertificate } from '../base/timestamp-certificate.js';
import { listOf, objectOf, ShapeError, textOf } from './shape.js';

/** A bucket whose objects count where they are fetched with the auditor's credentials. */
export interface TrustedBucket {
  readonly bucket: string;
  readonly region: string;
  /** Before the folder of the ledger; empty, or ends in `/`. */
  readonly prefix: string;
  /** Where S3 is not AWS's own; null: AWS. */
  readonly endpoint: string | null;
}

export interface TrustedAnchors {
  readonly witnesses: readonly Cosigner[];
  /** Certificates of time stamp authorities, or of whoever issues them. */
  readonly timestamps: readonly X509Certificate[];
  readonly buckets: readonly TrustedBucket[];
}

const witness = (value: JsonValue, where: string): Cosigner => {
  try {
    return parseCosigner(textOf(value, where));
  } catch (error) {
    if (error instanceof NoteError) throw new ShapeError(`${where} is ${error.message}, of type 4`);
    throw error;
  }
};

const certificate = (value: JsonValue, where: string): X509Certificate => {
  const text = textOf(value, where);
  const der = Buffer.from(text, 'base64');
  if (der.toString('base64') !== text) throw new ShapeError(`${where} is not base64`);
  try {
    return parseTimestampCertificate(der).certificate;
  } catch (error) {
    if (error instanceof DerError) throw new ShapeError(`${where} ${error.message}`);
    throw error;
  }
};

const bucket = (value: JsonValue, where: string): TrustedBucket => {
  const fields = objectOf(value, where, ['bucket', 'region'], ['prefix', 'endpoint']);
  const prefix = fields['prefix'] === undefined ? '' : textOf(fields['prefix'], `${where}.prefix`);
  if (prefix !== '' && !prefix.endsWith('/')) throw new ShapeError(`${where}.prefix does not end in /`);
  const endpoint = fields['endpoint'] === undefined ? null : textOf(fields['endpoint'], `${where}.endpoint`);
  const [name, region] = [textOf(fields['bucket'], `${where}.bucket`), textOf(fields['region'], `${where}.region`)];
  return { bucket: name, region, prefix, endpoint };
};

/** @throws ShapeError */
export const trustedAnchors = (value: JsonValue | undefined): TrustedAnchors => {
  const fields = objectOf(value ?? {}, 'anchors', [], ['witnesses', 'timestamps', 's3']);
  return {
    witnesses: listOf(fields['witnesses'] ?? [], 'anchors.witnesses', witness),
    timestamps: listOf(fields['timestamps'] ?? [], 'anchors.timestamps', certificate),
    buckets: listOf(fields['s3'] ?? [], 'anchors.s3', bucket),
  };
};
