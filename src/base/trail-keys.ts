/** The output of `aws cloudtrail list-public-keys`, without I/O. */
import { at, type JsonNode, parseJson, stringOf } from './json.js';
import { keyFingerprint, TrailDigestError, trailPublicKey } from './trail-digest.js';

/** One key of ListPublicKeys. */
export interface TrailKey {
  /** Base64 DER. */
  readonly value: string;
  /** MD5 of the DER bytes, as digests name it. */
  readonly fingerprint: string;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
}

/** RFC 3339, or seconds since 1970: the AWS CLI prints either. */
const timeOf = (node: JsonNode | undefined, name: string): number => {
  const ms = node?.kind === 'number' ? node.value * 1000 : Date.parse(stringOf(node) ?? '');
  if (!Number.isFinite(ms)) throw new TrailDigestError(`${name} is not a time`);
  return ms;
};

const keyOf = (node: JsonNode): TrailKey => {
  const value = stringOf(at(node, 'Value'));
  if (value === undefined || value.length > 8192) throw new TrailDigestError('Value is not a text');
  trailPublicKey(value);
  return {
    value,
    fingerprint: keyFingerprint(value),
    validFrom: timeOf(at(node, 'ValidityStartTime'), 'ValidityStartTime'),
    validTo: timeOf(at(node, 'ValidityEndTime'), 'ValidityEndTime'),
  };
};

/**
 * Parses a list of public keys. Fingerprints are computed, not believed.
 * @throws TrailDigestError, JsonError
 */
export const parseTrailKeys = (bytes: Uint8Array): readonly TrailKey[] => {
  const list = at(parseJson(bytes), 'PublicKeyList');
  if (list?.kind !== 'array') throw new TrailDigestError('PublicKeyList is not a list');
  return list.items.map(keyOf);
};
