/**
 * Collects what CloudTrail's LookupEvents tells of accounts without a trail's bucket. Its answers carry no digest, so they
 * are evidence that something happened, and none that nothing else did. Source: AWS CloudTrail API reference,
 * "LookupEvents": management events of one region and the last 90 days, 50 a page, two requests a second.
 */
import { timestamp } from '../../base/clock.js';
import { sha256 } from '../../base/digest.js';
import { JsonError, parseJson } from '../../base/json.js';
import type { Pace } from '../../base/pace.js';
import { eachOf } from '../../base/pool.js';
import type { RawObject } from '../../model/evidence.js';
import { openRawStore, type RawStore } from '../raw-store.js';
import { BucketError } from './bucket.js';
import { type CollectedFile, type Collection, rowOf } from './files.js';
import { inspectFile } from './inspect.js';

/** What is looked up. Times in milliseconds since 1970, of whole seconds. */
export interface LookupAsk {
  /** The first and the last second that is asked for. */
  readonly from: number;
  readonly to: number;
  /** Of the page before; null for the first page. It goes with the same times only. */
  readonly token: string | null;
}

export interface LookupPage {
  /** The text of each event as delivered, `CloudTrailEvent`; the whole item as JSON where it has none. */
  readonly events: readonly string[];
  readonly next: string | null;
}

/** LookupEvents in a region. @throws BucketError */
export type LookupEvents = (region: string, ask: LookupAsk) => Promise<LookupPage>;

export interface CollectLookup {
  readonly lookup: LookupEvents;
  readonly account: string;
  readonly regions: readonly string[];
  readonly dataDir: string;
  /** Milliseconds since 1970: windows from then on. */
  readonly from: number;
  readonly now: number;
  /** Of one region of the account. */
  readonly pace: (region: string) => Pace;
  readonly onProgress?: (done: number, total: number) => void;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A stop loses no more than one window of each region. */
const WINDOW = 6 * HOUR;
/** AWS keeps 90 days. */
const KEPT = 90 * DAY;
/** Events come within 15 minutes, mostly: a window is asked for again until it ended this long ago. */
const SETTLED = 2 * HOUR;
const MAX_WINDOW_BYTES = 256 * 1024 ** 2;
const MAX_PAGES = 1_000_000;

interface Window {
  readonly region: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly key: string;
}

const keyOf = (account: string, region: string, from: number): string => {
  const [day = '', time = ''] = timestamp(from).split('T');
  return `lookup/${account}/${region}/${day.replaceAll('-', '/')}/T${time.slice(0, 2)}0000Z.json`;
};

/** Windows that were collected when they had settled: they are not asked for again. */
const settledKeys = (objects: readonly RawObject[]): ReadonlySet<string> => {
  const settled = new Set<string>();
  for (const { key, delivery } of objects) {
    const [, day = '', hour = ''] =
      /^lookup\/\d{12}\/[a-z0-9-]+\/(\d{4}\/\d{2}\/\d{2})\/T(\d{2})0000Z\.json$/.exec(key) ?? [];
    const end = Date.parse(`${day.replaceAll('/', '-')}T${hour}:00:00Z`) + WINDOW;
    if (delivery && Date.parse(delivery.modified) >= end + SETTLED) settled.add(key);
  }
  return settled;
};

const windowsOf = ({ account, regions, from, now }: CollectLookup): readonly Window[] => {
  const oldest = Math.ceil((now - KEPT) / WINDOW) * WINDOW;
  const first = Math.max(Math.floor(from / WINDOW) * WINDOW, oldest);
  const windows: Window[] = [];
  for (let at = first; at < now; at += WINDOW) {
    for (const region of regions) {
      windows.push({ region, from: at, to: Math.min(at + WINDOW, now), key: keyOf(account, region, at) });
    }
  }
  return windows;
};

/** An element of the list of records: the event as delivered, or a text that is then rejected as no event. */
const elementOf = (event: string): string => {
  try {
    parseJson(Buffer.from(event));
    return event;
  } catch (error) {
    if (error instanceof JsonError) return JSON.stringify(event);
    throw error;
  }
};

/** Follows the pages of one window. @throws BucketError, RangeError */
const documentOf = async ({ lookup, pace }: CollectLookup, { region, from, to }: Window): Promise<Buffer> => {
  const parts: string[] = [];
  let bytes = 0;
  let token: string | null = null;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    await pace(region).next();
    const page: LookupPage = await lookup(region, { from, to: Math.ceil(to / 1000) * 1000 - 1000, token });
    for (const event of page.events) {
      const element = elementOf(event);
      bytes += element.length;
      parts.push(element);
    }
    if (bytes > MAX_WINDOW_BYTES) throw new RangeError(`more than ${MAX_WINDOW_BYTES} bytes`);
    token = page.next;
    if (token === null) return Buffer.from(`{"Records":[${parts.join(',')}]}`);
  }
  throw new RangeError(`more than ${MAX_PAGES} pages`);
};

const notRead = (key: string, problem: string): CollectedFile => ({
  key,
  sha256: '',
  bytes: 0,
  kind: 'lookup',
  rowsRead: 0,
  out: 0,
  rejected: 0,
  duplicate: 0,
  excluded: 0,
  reason: problem,
  problem: true,
});

const keep = async (ask: CollectLookup, window: Window, store: RawStore): Promise<CollectedFile> => {
  const bytes = await documentOf(ask, window);
  const hash = sha256(bytes);
  store.put(hash, bytes);
  const source = `cloudtrail:${window.region}`;
  const delivery = { source, version: null, etag: null, modified: timestamp(ask.now), lock: null, backfill: null };
  const object = {
    sha256: hash,
    bytes: bytes.length,
    kind: 'cloudtrail-log',
    key: window.key,
    signature: null,
  } as const;
  await store.commit([{ ...object, delivery }], []);
  return rowOf(window.key, hash, bytes.length, inspectFile(window.key, bytes));
};

/** What was asked for and lies before AWS's 90 days, in a sentence for each region. */
const beyond = ({ account, regions, from, now }: CollectLookup): readonly CollectedFile[] =>
  from >= now - KEPT
    ? []
    : regions.map((region) =>
        notRead(
          `lookup/${account}/${region}`,
          `LookupEvents reaches back 90 days: what happened from ${timestamp(from)} to ${timestamp(now - KEPT)} cannot be asked for; a quarter needs a trail`,
        ),
      );

/**
 * Looks up what is new, window by window, newest regions beside each other; a stop loses no window that was kept. A region
 * that refuses is named for each of its windows and does not stop the others.
 * @throws CountersignError RAW_INDEX
 */
export const collectLookup = async (ask: CollectLookup): Promise<Collection> => {
  const store = await openRawStore(ask.dataDir);
  const settled = settledKeys(await store.objects());
  const windows = windowsOf(ask).filter(({ key }) => !settled.has(key));
  const files: CollectedFile[] = [...beyond(ask)];
  let done = 0;
  // One region after its own pace; the index is written by one at a time.
  let committing: Promise<unknown> = Promise.resolve();
  const serial: RawStore = {
    ...store,
    commit: (...batch) => {
      const next = committing.then(() => store.commit(...batch));
      committing = next.catch(() => undefined);
      return next;
    },
  };
  const lookRegion = async (region: string): Promise<void> => {
    let ended: string | null = null;
    for (const window of windows.filter((one) => one.region === region)) {
      try {
        files.push(ended === null ? await keep(ask, window, serial) : notRead(window.key, `not read: ${ended}`));
      } catch (error) {
        if (!(error instanceof BucketError || error instanceof RangeError)) throw error;
        if (error instanceof BucketError && error.ends) ended = error.message;
        files.push(notRead(window.key, `not read: ${error.message}`));
      }
      ask.onProgress?.(++done, windows.length);
    }
  };
  await eachOf(ask.regions, 16, lookRegion);
  const problems = files.filter(({ problem, sha256: hash }) => problem && hash === '');
  await store.commit(
    [],
    problems.map(({ key, bytes, reason }) => ({ key, sha256: '', bytes, reason: reason ?? '' })),
  );
  return { files: files.sort((a, b) => (a.key < b.key ? -1 : 1)) };
};
