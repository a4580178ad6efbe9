/** Fetches the folder of a ledger from a bucket: what a verifier reads, and nothing else. */
import { dirname, join } from 'node:path';
import { makeFolder, writeAtomic } from '../../base/durable.js';
import { eachOf } from '../../base/pool.js';
import type { ListedVersion, TrailBucket } from '../cloudtrail/bucket.js';
import { BucketError } from '../cloudtrail/bucket.js';

/** Files of a ledger's folder (docs/ledger-format.md), by their path below it. */
const FILES =
  /^(?:log\/\d{1,16}\.jsonl|blobs\/[0-9a-f]{64}|anchors\/[\w.-]{1,200}|quarantine\/[\w.-]{1,200}|pruned\.json)$/;
const MAX_FILES = 1_000_000;
const MAX_FILE_BYTES = 4 * 1024 ** 3 - 1;
const CONCURRENCY = 8;

/** The newest version of each file that is still there, by its path. */
const listNewest = async (bucket: TrailBucket, prefix: string): Promise<ReadonlyMap<string, ListedVersion>> => {
  const newest = new Map<string, ListedVersion>();
  const seen = new Set<string>();
  for await (const page of bucket.list(prefix, '')) {
    for (const item of [...page].sort((a, b) => b.modified - a.modified)) {
      const path = item.key.slice(prefix.length);
      if (!FILES.test(path)) continue;
      const known = newest.get(path);
      if (known !== undefined && known.modified >= item.modified) continue;
      seen.add(path);
      newest.set(path, item);
      if (seen.size > MAX_FILES) throw new BucketError(`more than ${MAX_FILES} files`, true);
    }
  }
  return new Map([...newest].filter(([, { deleted }]) => !deleted));
};

/**
 * Writes the files below `to`.
 * @returns how many there were
 * @throws BucketError
 */
export const downloadLedger = async (
  bucket: TrailBucket,
  prefix: string,
  to: string,
  onProgress: (done: number, total: number) => void,
): Promise<number> => {
  const files = await listNewest(bucket, prefix);
  let done = 0;
  await eachOf(files, CONCURRENCY, async ([path, item]) => {
    const { bytes } = await bucket.get(item, MAX_FILE_BYTES);
    await makeFolder(dirname(join(to, path)));
    await writeAtomic(join(to, path), bytes);
    onProgress(++done, files.size);
  });
  return files.size;
};
