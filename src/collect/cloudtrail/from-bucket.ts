/** Collects a trail's bucket: lists every version, fetches what is new, keeps it as delivered, and can be stopped at any point. */
import { timestamp } from '../../base/clock.js';
import { CountersignError, reason } from '../../base/errors.js';
import { eachOf } from '../../base/pool.js';
import type { RawDelivery, RawObject } from '../../model/evidence.js';
import type { RawProblem } from '../../model/raw-index.js';
import { openRawStore, type RawStore } from '../raw-store.js';
import { BucketError, type Delivered, type ListedVersion, type ListKeys, type TrailBucket } from './bucket.js';
import { findChains, type Refused, type TrailScope } from './chains.js';
import { type CollectedFile, type Collection, rowOf } from './files.js';
import { type Intake, takeHere } from './intake/intake.js';
import { type Before, type ListAsk, type Listing, listAll } from './listing.js';
import { collectKeys } from './public-keys.js';

export interface BucketAsk extends ListAsk {
  readonly listKeys: ListKeys;
  readonly scope: TrailScope;
  readonly dataDir: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Index files are written after this many objects, or a tenth of all: a stop loses no more, and the cost stays linear. */
const COMMIT_EVERY = 2_000;
/** AWS delivers at most 50 MB. */
const MAX_OBJECT_BYTES = 256 * 1024 ** 2;

const deliveryOf = (source: string, item: ListedVersion, { metadata, lock }: Delivered): RawDelivery => ({
  source,
  version: item.version,
  etag: item.etag,
  modified: timestamp(item.modified),
  lock,
  backfill: metadata['backfill-generation-timestamp'] ?? null,
});

const notRead = (key: string, bytes: number, why: string): CollectedFile => ({
  key,
  sha256: '',
  bytes,
  kind: 'other',
  rowsRead: 0,
  out: 0,
  rejected: 0,
  duplicate: 0,
  excluded: 0,
  reason: why,
  problem: true,
});

interface Row {
  readonly row: CollectedFile;
  readonly object: RawObject | null;
}

const SIGNATURE = /^[0-9a-f]{2,4096}$/;

const take = async (ask: BucketAsk, item: ListedVersion, store: RawStore, intake: Intake): Promise<Row> => {
  const delivered = await ask.bucket.get(item, MAX_OBJECT_BYTES);
  const [taken] = await intake.take([{ key: item.key, from: delivered.bytes }]);
  // The bytes are here: what fails is this machine, and goes on failing.
  if (taken === undefined || 'problem' in taken) throw new Error(taken?.problem ?? 'nothing came of it');
  const { sha256: hash, bytes, found, kind } = taken;
  const row = rowOf(item.key, hash, bytes, found);
  if (kind === null) return { row, object: null };
  store.kept(hash);
  const signature = delivered.metadata['signature'];
  const signed = kind === 'cloudtrail-digest' && signature !== undefined && SIGNATURE.test(signature);
  const delivery = deliveryOf(ask.bucket.source, item, delivered);
  const object = { sha256: hash, bytes, kind, key: item.key, signature: signed ? signature : null, delivery };
  return { row, object };
};

const problemOf = ({ key, sha256: hash, bytes, reason: why }: CollectedFile): RawProblem => ({
  key,
  sha256: hash,
  bytes,
  reason: why ?? '',
});

/**
 * Fetches, and commits as it goes, in the order of the keys and nothing beyond an object still under way: where the
 * process ends, the next collection goes on from the newest day committed. Once the credentials fail as a whole, the
 * rest is named as not read.
 */
const fetchAll = async (
  ask: BucketAsk,
  listing: Listing,
  store: RawStore,
  kept: number,
  intake: Intake,
): Promise<readonly Row[]> => {
  const all: (Row | undefined)[] = listing.fresh.map(() => undefined);
  let [done, ready, committed] = [0, 0, 0];
  let ended: string | null = null;
  let committing: Promise<void> = Promise.resolve();
  const commit = (): Promise<void> => {
    const batch = all.slice(committed, ready).flatMap((one) => one ?? []);
    committed = ready;
    const objects = batch.flatMap(({ object }) => (object === null ? [] : [object]));
    const problems = batch.filter(({ row, object }) => row.problem && object === null).map(({ row }) => problemOf(row));
    committing = committing.then(() => store.commit(objects, problems));
    return committing;
  };
  const fetchOne = async ([i, item]: [number, ListedVersion]): Promise<void> => {
    let taken: Row;
    try {
      taken =
        ended === null
          ? await take(ask, item, store, intake)
          : { row: notRead(item.key, item.bytes, `not read: ${ended}`), object: null };
    } catch (error) {
      if (!(error instanceof BucketError || error instanceof RangeError)) throw error;
      if (error instanceof BucketError && error.ends) ended ??= error.message;
      taken = { row: notRead(item.key, item.bytes, `not read: ${error.message}`), object: null };
    }
    all[i] = taken;
    while (all[ready] !== undefined) ready++;
    ask.onProgress?.(++done, listing.fresh.length);
    if (ready - committed >= Math.max(COMMIT_EVERY, (kept + ready) / 10)) await commit();
  };
  await eachOf(listing.fresh.entries(), ask.concurrency, fetchOne);
  await commit();
  return all.flatMap((one) => one ?? []);
};

/** S3 refuses requests over 15 minutes off, and the SDK then corrects itself; anything near that is worth a word. */
const CLOCK_TOLERANCE = 5 * 60_000;

/** How far AWS's clock is from this machine's, where that matters; milliseconds. */
const clockError = (bucket: TrailBucket): number => {
  const offset = bucket.clockOffset() ?? 0;
  return Math.abs(offset) > CLOCK_TOLERANCE ? offset : 0;
};

const clockRows = (bucket: TrailBucket): readonly CollectedFile[] => {
  const offset = clockError(bucket);
  if (offset === 0) return [];
  const how = `${Math.round(Math.abs(offset) / 60_000)} minutes ${offset > 0 ? 'behind' : 'ahead of'}`;
  return [
    notRead('clock', 0, `the clock of this machine is ${how} that of ${bucket.source}; the latter was used. Set it`),
  ];
};

const refusedRow = (bucket: TrailBucket, { prefix, problem }: Refused): CollectedFile =>
  notRead(prefix, 0, `${bucket.source} could not be listed there: ${problem}`);

/**
 * Collects what is new in a trail's bucket into `<dataDir>/raw`, and the public keys of its digests. Versions and
 * delete markers are listed, so that what was replaced or deleted shows. A stop loses nothing that was committed; the
 * next run goes on. Listing reaches back over the overlap in which CloudTrail may still deliver.
 * @throws CountersignError COLLECT_BUCKET where nothing could be listed, RAW_INDEX
 */
export const collectCloudTrailBucket = async (ask: BucketAsk): Promise<Collection> => {
  const { bucket } = ask;
  const store = await openRawStore(ask.dataDir);
  const before: Before = { objects: await store.objects(), problems: await store.problems() };
  let listing: Listing;
  let { now } = ask;
  try {
    const found = await findChains(bucket, ask.scope);
    const { chains } = found;
    now += clockError(bucket);
    const all = await listAll({ ...ask, now }, chains, before);
    const listed = [...found.listed, ...all.listed];
    listing = { ...all, listed, refused: [...found.refused, ...all.refused] };
    if (chains.length === 0) {
      const problem = found.refused[0]?.problem ?? 'there are no CloudTrail logs below the prefix';
      throw new BucketError(problem);
    }
  } catch (error) {
    if (!(error instanceof BucketError)) throw error;
    throw new CountersignError('COLLECT_BUCKET', { bucket: bucket.source, problem: reason(error) }, { cause: error });
  }
  const refused = listing.refused.map((one) => refusedRow(bucket, one));
  await store.commit([], refused.map(problemOf), { lines: listing.lines, prefixes: listing.listed });
  // Fetching takes more of this thread than the taking would save it.
  const intake = takeHere(store.root);
  const taken = await fetchAll(ask, listing, store, before.objects.length, intake);
  const keys = await collectKeys(ask.listKeys, store, now);
  const rows = [...taken.map(({ row }) => row), ...keys, ...refused, ...clockRows(bucket)];
  return { files: rows.sort((a, b) => (a.key < b.key ? -1 : 1)) };
};
