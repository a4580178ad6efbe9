/** What one collection could not read, the next one asks for again, however old it is. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BucketError, type ListedVersion, type TrailBucket } from '../../src/collect/cloudtrail/bucket.js';
import { collectCloudTrailBucket } from '../../src/collect/cloudtrail/from-bucket.js';
import { parseRawIndex, parseRawProblems } from '../../src/model/raw-index.js';
import { log, record } from './fixtures.js';

const [ACCOUNT, REGION] = ['111122223333', 'eu-central-1'];
const PREFIX = `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/`;
const NOW = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;

/** The name of a log delivered so many days ago. */
const daysAgo = (days: number, tail = '0'): string => {
  const day = new Date(NOW - days * DAY).toISOString().slice(0, 10);
  return `${PREFIX}${day.replaceAll('-', '/')}/${ACCOUNT}_CloudTrail_${REGION}_${day.replaceAll('-', '')}T0000Z_${tail.padStart(16, 'a')}.json.gz`;
};

const BYTES = log(record('one'));
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-again-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

interface Faults {
  readonly list?: () => void;
  readonly folders?: (prefix: string) => void;
  readonly get?: (key: string) => Promise<void> | void;
}

const bucketOf = (keys: readonly string[], faults: Faults = {}): TrailBucket => ({
  source: 's3://trail',
  clockOffset: () => null,
  folders: async (prefix) => {
    faults.folders?.(prefix);
    return [
      ...new Set(
        keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length).split('/')[0] ?? ''),
      ),
    ];
  },
  list: async function* (prefix, after): AsyncGenerator<readonly ListedVersion[]> {
    faults.list?.();
    yield keys
      .filter((key) => key.startsWith(prefix) && key > after)
      .sort()
      .map((key) => ({ key, version: null, etag: key, bytes: BYTES.length, modified: NOW, deleted: false }));
  },
  get: async ({ key }) => {
    await faults.get?.(key);
    return { bytes: BYTES, metadata: {}, lock: null };
  },
});

const collect = (keys: readonly string[], faults?: Faults, concurrency = 4) =>
  collectCloudTrailBucket({
    bucket: bucketOf(keys, faults),
    listKeys: async () => [],
    scope: { prefix: '', organization: null, accounts: [], regions: [] },
    dataDir: dir,
    from: null,
    earliest: NOW - 365 * DAY,
    now: NOW,
    concurrency,
  });

const kept = (): readonly string[] => parseRawIndex(readFileSync(join(dir, 'raw/index.ndjson'))).map(({ key }) => key);
const problems = (): readonly string[] =>
  parseRawProblems(readFileSync(join(dir, 'raw/problems.ndjson'))).map(({ key }) => key);
const refuse = (): never => {
  throw new BucketError('access denied');
};

describe('what was not read', () => {
  it('is asked for again, although it is older than where the last collection ended, less the overlap', async () => {
    const [old, recent] = [daysAgo(90), daysAgo(1)];
    await collect([old, recent], { get: (key) => (key === old ? refuse() : undefined) });
    expect([kept(), problems()]).toEqual([[recent], [old]]);
    await collect([old, recent]);
    expect([kept(), problems()]).toEqual([[old, recent], []]);
  });

  it('is not asked for again where it was read, and only its content is bad', async () => {
    const keys = [daysAgo(90), daysAgo(1)];
    await collect(keys);
    const asked: string[] = [];
    await collect(keys, { get: (key) => void asked.push(key) });
    expect(asked).toEqual([]);
  });

  it.each(['folders', 'list'] as const)(
    'a place that was refused (%s) is no problem once it can be listed',
    async (way) => {
      const keys = [daysAgo(1), daysAgo(1).replaceAll(ACCOUNT, '999988887777')];
      const faults: Faults =
        way === 'list'
          ? { list: refuse }
          : { folders: (prefix) => (prefix.includes(`${ACCOUNT}/`) ? refuse() : undefined) };
      await collect(keys, faults);
      expect(problems()).not.toEqual([]);
      await collect(keys);
      expect([kept(), problems()]).toEqual([keys, []]);
    },
  );

  it('what was fetched beyond an object that is slow is not committed before it', async () => {
    const keys = Array.from({ length: 2_100 }, (_, i) => daysAgo(200 - Math.floor(i / 12), String(i).padStart(5, '0')));
    let fetched = 0;
    let release: () => void = () => {};
    const others = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stopped = collect(keys, {
      get: async (key) => {
        if (key === keys[0]) {
          await others;
          throw new Error('the process ends here');
        }
        if (++fetched === keys.length - 1) release();
      },
    });
    await expect(stopped).rejects.toThrow('the process ends here');
    await collect(keys);
    expect(kept()).toEqual(keys);
  });
});
