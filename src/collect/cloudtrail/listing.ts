/** What is new in a trail's bucket: lists every version below the prefixes of its chains. */
import { timestamp } from '../../base/clock.js';
import { eachOf } from '../../base/pool.js';
import type { RawObject } from '../../model/evidence.js';
import type { RawListing, RawProblem } from '../../model/raw-index.js';
import { BucketError, type ListedVersion, type TrailBucket } from './bucket.js';
import type { Refused, TrailChain } from './chains.js';

export interface ListAsk {
  readonly bucket: TrailBucket;
  /** Milliseconds since 1970: objects delivered from then on. Null: from where the last collection ended, less the overlap. */
  readonly from: number | null;
  /** Where nothing was collected yet. */
  readonly earliest: number;
  readonly now: number;
  readonly concurrency: number;
}

const DAY = 86_400_000;
/** CloudTrail tries for 30 days to deliver a file, under the name of its first attempt. */
const OVERLAP = 31 * DAY;

const day = (ms: number): string => timestamp(ms).slice(0, 10).replaceAll('-', '/');

/** What makes two listed versions the same delivery. */
const versionKey = (
  source: string,
  item: { key: string; version: string | null; etag: string | null; bytes: number },
): string => `${source} ${item.key} ${item.version ?? item.etag ?? ''} ${item.bytes}`;

const knownVersions = (objects: readonly RawObject[]): ReadonlySet<string> =>
  new Set(
    objects.flatMap(({ key, bytes, delivery }) =>
      delivery ? [versionKey(delivery.source, { key, bytes, version: delivery.version, etag: delivery.etag })] : [],
    ),
  );

/** The prefix and the start of the day that stand in a key, milliseconds since 1970. */
const placeOf = (key: string): { readonly prefix: string; readonly at: number } | undefined => {
  const [, prefix = '', date = ''] = /^(.*\/)(\d{4}\/\d{2}\/\d{2})\/[^/]+$/.exec(key) ?? [];
  const at = Date.parse(`${date.replaceAll('/', '-')}T00:00:00Z`);
  return Number.isNaN(at) ? undefined : { prefix, at };
};

/** From where each prefix is listed: the newest day collected less the overlap, or the oldest object not read. */
const startsOf = (before: Before, source: string): ReadonlyMap<string, number> => {
  const starts = new Map<string, number>();
  for (const { key, delivery } of before.objects) {
    const place = delivery?.source === source ? placeOf(key) : undefined;
    if (place) starts.set(place.prefix, Math.max(starts.get(place.prefix) ?? 0, place.at - OVERLAP));
  }
  for (const { key, sha256: hash } of before.problems) {
    const place = hash === '' ? placeOf(key) : undefined;
    const start = starts.get(place?.prefix ?? '');
    // A millisecond earlier is the day before, which sorts before every key of this one.
    if (place && start !== undefined) starts.set(place.prefix, Math.min(start, place.at - 1));
  }
  return starts;
};

/** What earlier collections left. */
export interface Before {
  readonly objects: readonly RawObject[];
  readonly problems: readonly RawProblem[];
}

export interface Listing {
  readonly fresh: readonly ListedVersion[];
  readonly lines: readonly RawListing[];
  readonly listed: readonly string[];
  readonly refused: readonly Refused[];
}

/** Lists the prefixes of all chains. What is refused is told and does not end the rest. @throws BucketError where nothing can be listed */
export const listAll = async (ask: ListAsk, chains: readonly TrailChain[], before: Before): Promise<Listing> => {
  const { bucket } = ask;
  const [known, starts] = [knownVersions(before.objects), startsOf(before, bucket.source)];
  const fresh: ListedVersion[] = [];
  const listed: string[] = [];
  const refused: Refused[] = [];
  const lines: RawListing[] = chains.map(({ account, region }) => ({
    kind: 'chain',
    source: bucket.source,
    account,
    region,
    from: timestamp(ask.from ?? ask.earliest),
    to: timestamp(ask.now),
  }));
  const take = (item: ListedVersion): void => {
    if (item.deleted)
      lines.push({ kind: 'delete_marker', source: bucket.source, key: item.key, at: timestamp(item.modified) });
    else if (!known.has(versionKey(bucket.source, item))) fresh.push(item);
  };
  const listPrefix = async (prefix: string): Promise<void> => {
    try {
      const after = `${prefix}${day(ask.from ?? starts.get(prefix) ?? ask.earliest)}`;
      for await (const page of bucket.list(prefix, after)) page.forEach(take);
      listed.push(prefix);
    } catch (error) {
      if (!(error instanceof BucketError) || error.ends) throw error;
      refused.push({ prefix, problem: error.message });
    }
  };
  await eachOf(
    chains.flatMap(({ prefixes }) => prefixes),
    Math.min(8, ask.concurrency),
    listPrefix,
  );
  return { fresh: fresh.sort((a, b) => (a.key < b.key ? -1 : 1)), lines, listed, refused };
};
