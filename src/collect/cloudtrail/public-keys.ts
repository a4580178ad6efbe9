/** The public keys of collected digests, asked of each region and kept with the evidence. */
import { timestamp } from '../../base/clock.js';
import { sha256 } from '../../base/digest.js';
import { GzipError, gunzipSingle } from '../../base/gzip.js';
import { parseTrailDigest, TrailDigestError } from '../../base/trail-digest.js';
import { parseTrailKeys } from '../../base/trail-keys.js';
import type { RawObject } from '../../model/evidence.js';
import type { RawStore } from '../raw-store.js';
import { BucketError, type ListedKey, type ListKeys } from './bucket.js';
import type { CollectedFile } from './files.js';

const HOUR = 3_600_000;
const MAX_DIGEST_BYTES = 64 * 1024 ** 2;

interface Need {
  /** Milliseconds since 1970: the digests' ends. */
  readonly from: number;
  readonly to: number;
}

const digestOf = (bytes: Buffer) => {
  try {
    return parseTrailDigest(bytes[0] === 0x1f ? gunzipSingle(bytes, MAX_DIGEST_BYTES) : bytes);
  } catch (error) {
    if (error instanceof GzipError || error instanceof TrailDigestError) return undefined;
    throw error;
  }
};

/** Fingerprints of the keys that were collected before. */
const knownKeys = async (objects: readonly RawObject[], store: RawStore): Promise<ReadonlySet<string>> => {
  const known = new Set<string>();
  for (const object of objects) {
    if (object.kind !== 'cloudtrail-public-keys') continue;
    for (const { fingerprint } of parseTrailKeys(await store.read(object))) known.add(fingerprint);
  }
  return known;
};

/** What the digests of each region need, less what was collected before. */
const needsOf = async (store: RawStore): Promise<ReadonlyMap<string, Need>> => {
  const objects = await store.objects();
  const known = await knownKeys(objects, store);
  const needs = new Map<string, Need>();
  for (const object of objects) {
    if (object.kind !== 'cloudtrail-digest') continue;
    const digest = digestOf(await store.read(object));
    const region = /\/CloudTrail-Digest\/([a-z0-9-]+)\//.exec(object.key)?.[1];
    if (digest === undefined || region === undefined || known.has(digest.digestPublicKeyFingerprint)) continue;
    const times = [digest.digestEndTime, object.delivery?.backfill ?? ''].map(Date.parse).filter(Number.isFinite);
    const need = needs.get(region) ?? { from: Number.POSITIVE_INFINITY, to: 0 };
    needs.set(region, { from: Math.min(need.from, ...times), to: Math.max(need.to, ...times) });
  }
  return needs;
};

const documentOf = (keys: readonly ListedKey[]): Buffer => {
  const list = [...keys]
    .sort((a, b) => a.from - b.from || (a.value < b.value ? -1 : 1))
    .map(({ value, fingerprint, from, to }) => ({
      Value: value,
      ValidityStartTime: timestamp(from),
      ValidityEndTime: timestamp(to),
      Fingerprint: fingerprint,
    }));
  return Buffer.from(`${JSON.stringify({ PublicKeyList: list }, null, 2)}\n`);
};

const row = (region: string, hash: string, bytes: number, problem: string | null): CollectedFile => ({
  key: `public-keys/${region}.json`,
  sha256: hash,
  bytes,
  kind: 'public_keys',
  rowsRead: 0,
  out: 0,
  rejected: 0,
  duplicate: 0,
  excluded: 0,
  reason: problem,
  problem: problem !== null,
});

/**
 * Fetches the keys that digests name and that were not collected yet. They are asked for up to two hours after the
 * last digest: at the edge of a key's validity, the next one may have signed.
 */
export const collectKeys = async (
  listKeys: ListKeys,
  store: RawStore,
  now: number,
): Promise<readonly CollectedFile[]> => {
  const rows: CollectedFile[] = [];
  for (const [region, { from, to }] of [...(await needsOf(store))].sort(([a], [b]) => (a < b ? -1 : 1))) {
    try {
      const keys = await listKeys(region, from - HOUR, to + 2 * HOUR);
      if (keys.length === 0) {
        rows.push(row(region, '', 0, `AWS named no public key of ${region} for the time of its digests`));
        continue;
      }
      const bytes = documentOf(keys);
      const hash = sha256(bytes);
      store.put(hash, bytes);
      const source = `cloudtrail:${region}`;
      const delivery = { source, version: null, etag: null, modified: timestamp(now), lock: null, backfill: null };
      const object = { sha256: hash, bytes: bytes.length, signature: null, delivery };
      await store.commit([{ ...object, kind: 'cloudtrail-public-keys', key: `public-keys/${region}.json` }], []);
      rows.push(row(region, hash, bytes.length, null));
    } catch (error) {
      if (!(error instanceof BucketError)) throw error;
      rows.push(
        row(
          region,
          '',
          0,
          `the public keys of ${region} could not be fetched: ${error.message}${
            error.ends ? ', or the region is not enabled for the account' : ''
          }`,
        ),
      );
    }
  }
  return rows;
};
