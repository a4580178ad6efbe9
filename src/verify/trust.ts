/** The trust file: what the auditor believes, and from where the verifier takes every key that counts. */
import { CoseError, parseCoseKey } from '../base/cose.js';
import { readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import { NoteError, type NoteVerifier, parseVerifierKey } from '../base/note.js';
import { keyFingerprint, TrailDigestError, trailPublicKey } from '../base/trail-digest.js';
import type { TrailKey } from '../base/trail-keys.js';
import type { KeptCheckpoint } from './anchors.js';
import { countOf, hashOf, listOf, objectOf, readJson, ShapeError, textOf } from './shape.js';
import { type TrustedAnchors, trustedAnchors } from './trusted-anchors.js';

/** A passkey that the auditor knows to be this person's own. */
interface TrustedPasskey {
  readonly issuer: string;
  readonly subject: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
}

/** A parsed trust file. Without one every list is empty, so nothing is believed. */
export interface TrustedKeys {
  readonly ledgers: readonly NoteVerifier[];
  readonly reports: readonly NoteVerifier[];
  /** Whether AWS uses the key of this fingerprint in the region, as the auditor learnt it. */
  readonly cloudtrail: (region: string, fingerprint: string) => boolean;
  readonly cloudtrailKeys: readonly TrailKey[];
  readonly passkeys: readonly TrustedPasskey[];
  /** Each of an origin that `ledgers` names. */
  readonly checkpoints: readonly KeptCheckpoint[];
  /** Those who order that something is removed, two together. */
  readonly custodians: readonly NoteVerifier[];
  /** Anchors whose confirmations count. */
  readonly anchors: TrustedAnchors;
  /** Longest time from a record to its confirmation, milliseconds. */
  readonly anchorDelay: number;
  /** Longest silence between two records that is not a gap, milliseconds. */
  readonly heartbeat: number;
  /** Tolerance of clocks, milliseconds. */
  readonly skew: number;
}

const DEFAULTS = { heartbeatSeconds: 180, skewMs: 2000, anchorSeconds: 86_400 } as const;
const MAX_BYTES = 4 * 1024 * 1024;

const verifierKey = (value: JsonValue, where: string): NoteVerifier => {
  try {
    return parseVerifierKey(textOf(value, where));
  } catch (error) {
    if (error instanceof NoteError) throw new ShapeError(`${where} is ${error.message}`);
    throw error;
  }
};

interface RegionalKey extends TrailKey {
  readonly region: string;
}

const trailKey = (value: JsonValue, where: string): RegionalKey => {
  const fields = objectOf(value, where, ['region', 'fingerprint', 'publicKey']);
  const publicKey = textOf(fields['publicKey'], `${where}.publicKey`);
  const fingerprint = textOf(fields['fingerprint'], `${where}.fingerprint`);
  try {
    trailPublicKey(publicKey);
    if (keyFingerprint(publicKey) !== fingerprint) {
      throw new ShapeError(`${where}.fingerprint is not that of the public key`);
    }
    const region = textOf(fields['region'], `${where}.region`);
    // When a key was in use is not in the trust file: the auditor's word for it is enough.
    return { region, value: publicKey, fingerprint, validFrom: -Infinity, validTo: Infinity };
  } catch (error) {
    if (error instanceof TrailDigestError) throw new ShapeError(`${where}.publicKey is ${error.message}`);
    throw error;
  }
};

const passkey = (value: JsonValue, where: string): TrustedPasskey => {
  const fields = objectOf(value, where, ['issuer', 'subject', 'publicKey']);
  const publicKey = textOf(fields['publicKey'], `${where}.publicKey`);
  try {
    parseCoseKey(Buffer.from(publicKey, 'base64url'));
  } catch (error) {
    if (error instanceof CoseError) throw new ShapeError(`${where}.publicKey ${error.message}`);
    throw error;
  }
  const [issuer, subject] = [
    textOf(fields['issuer'], `${where}.issuer`),
    textOf(fields['subject'], `${where}.subject`),
  ];
  return { issuer, subject, publicKey };
};

const checkpoint = (value: JsonValue, where: string): KeptCheckpoint => {
  const fields = objectOf(value, where, ['origin', 'size', 'root']);
  const size = countOf(fields['size'], `${where}.size`);
  if (size === 0) throw new ShapeError(`${where}.size is 0, which confirms nothing`);
  return { origin: textOf(fields['origin'], `${where}.origin`), size, root: hashOf(fields['root'], `${where}.root`) };
};

/** A checkpoint of a ledger that is not expected would never be looked at, and nobody would be told. */
const checkpointsOf = (value: JsonValue | undefined, ledgers: readonly NoteVerifier[]): readonly KeptCheckpoint[] => {
  const kept = listOf(value ?? [], 'checkpoints', checkpoint);
  const index = kept.findIndex(({ origin }) => ledgers.every(({ name }) => name !== origin));
  if (index >= 0) throw new ShapeError(`checkpoints[${index}].origin is none of those in ledgers`);
  return kept;
};

const OPTIONAL = ['thresholds', 'passkeys', 'checkpoints', 'anchors', 'custodians'];

const threshold = (value: JsonValue | undefined, where: string, fallback: number): number =>
  value === undefined ? fallback : countOf(value, where);

const build = (value: JsonValue): TrustedKeys => {
  const fields = objectOf(value, 'the file', ['v', 'ledgers', 'reports', 'cloudtrail'], OPTIONAL);
  if (fields['v'] !== 1) throw new ShapeError('v is not 1');
  const thresholds = objectOf(fields['thresholds'] ?? {}, 'thresholds', [], Object.keys(DEFAULTS));
  const trail = listOf(fields['cloudtrail'], 'cloudtrail', trailKey);
  const keys = new Set(trail.map(({ region, fingerprint }) => `${region} ${fingerprint}`));
  const { heartbeatSeconds, skewMs, anchorSeconds } = DEFAULTS;
  const ledgers = listOf(fields['ledgers'], 'ledgers', verifierKey);
  return {
    ledgers,
    reports: listOf(fields['reports'], 'reports', verifierKey),
    cloudtrail: (region, fingerprint) => keys.has(`${region} ${fingerprint}`),
    cloudtrailKeys: trail,
    passkeys: listOf(fields['passkeys'] ?? [], 'passkeys', passkey),
    checkpoints: checkpointsOf(fields['checkpoints'], ledgers),
    anchors: trustedAnchors(fields['anchors']),
    custodians: listOf(fields['custodians'] ?? [], 'custodians', verifierKey),
    anchorDelay: threshold(thresholds['anchorSeconds'], 'thresholds.anchorSeconds', anchorSeconds) * 1000,
    heartbeat: threshold(thresholds['heartbeatSeconds'], 'thresholds.heartbeatSeconds', heartbeatSeconds) * 1000,
    skew: threshold(thresholds['skewMs'], 'thresholds.skewMs', skewMs),
  };
};

/** Believes nothing; the thresholds are the defaults. */
export const noTrust = (): TrustedKeys => build({ v: 1, ledgers: [], reports: [], cloudtrail: [] });

/**
 * @param file for the message
 * @throws CountersignError TRUST_INVALID, naming the field
 */
const parseTrust = (bytes: Uint8Array, file: string): TrustedKeys => {
  try {
    return build(readJson(bytes));
  } catch (error) {
    if (error instanceof ShapeError) throw new CountersignError('TRUST_INVALID', { file, problem: error.message });
    throw error;
  }
};

/** @throws CountersignError TRUST_INVALID */
export const loadTrust = async (file: string): Promise<TrustedKeys> => {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file, MAX_BYTES);
  } catch (error) {
    throw new CountersignError('TRUST_INVALID', { file, problem: reason(error) });
  }
  return parseTrust(bytes, file);
};
