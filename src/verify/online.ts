/**
 * Buckets with Object Lock, read with the auditor's own credentials. What stands behind the port is S3; which bucket
 * is believed, the trust file says.
 */
import { NoteError, parseCheckpoint, parseNote } from '../base/note.js';
import { eachOf } from '../base/pool.js';
import { ledgerFolder } from '../ledger/format.js';
import type { Anchored } from './anchors.js';
import type { Findings } from './findings.js';
import type { TrustedKeys } from './trust.js';
import type { TrustedBucket } from './trusted-anchors.js';

/** One version of an object, or a delete marker. */
export interface BucketVersion {
  readonly key: string;
  readonly version: string | null;
  /** When the bucket stored it, milliseconds since 1970. */
  readonly stored: number;
  readonly deleted: boolean;
}

export interface LockedObject {
  readonly body: Buffer;
  /** Mode of its Object Lock; null where it is not locked. */
  readonly mode: string | null;
}

/** Why a bucket cannot be read; a clause without a subject. */
export class OnlineError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'OnlineError';
  }
}

export interface OnlineBucket {
  /** Every version below a prefix. @throws OnlineError */
  list(prefix: string): AsyncIterable<BucketVersion>;
  /** At most 16 KiB of it. @throws OnlineError */
  get(object: BucketVersion): Promise<LockedObject>;
}

/** Opens a bucket with the credentials of whoever verifies; nothing is asked of it yet. */
export type OpenBucket = (bucket: TrustedBucket) => Promise<OnlineBucket>;

/** Objects of one ledger that are read; more than a minute's interval gives in a year. */
const MAX_OBJECTS = 600_000;
const CONCURRENCY = 16;

interface Earliest extends BucketVersion {
  readonly versions: number;
  readonly wasDeleted: boolean;
}

/** Later versions and delete markers change nothing: the first one is what was stored under the lock. */
const earliestVersions = async (bucket: OnlineBucket, prefix: string): Promise<ReadonlyMap<string, Earliest>> => {
  const found = new Map<string, Earliest>();
  for await (const version of bucket.list(prefix)) {
    const known = found.get(version.key);
    const versions = (known?.versions ?? 0) + (version.deleted ? 0 : 1);
    const wasDeleted = version.deleted || known?.wasDeleted === true;
    const isEarlier = !known || known.deleted || (!version.deleted && version.stored <= known.stored);
    found.set(version.key, { ...(isEarlier ? version : known), versions, wasDeleted });
    if (found.size > MAX_OBJECTS) throw new OnlineError(`holds over ${MAX_OBJECTS} objects of this ledger`);
  }
  return found;
};

interface Ask {
  readonly bucket: OnlineBucket;
  readonly name: string;
  readonly origin: string;
  readonly findings: Findings;
}

const checkpointOf = ({ body, mode }: LockedObject, origin: string): Pick<Anchored, 'size' | 'root'> => {
  if (mode !== 'COMPLIANCE') throw new OnlineError('is not locked in compliance mode');
  try {
    const checkpoint = parseCheckpoint(parseNote(body.toString('utf8')).text);
    if (checkpoint.origin !== origin) throw new OnlineError('is a checkpoint of another ledger');
    return { size: checkpoint.size, root: checkpoint.root.toString('hex') };
  } catch (error) {
    if (error instanceof NoteError) throw new OnlineError(`is no checkpoint: ${error.message}`);
    throw error;
  }
};

const readObject = async ({ bucket, name, origin, findings }: Ask, object: Earliest): Promise<Anchored | null> => {
  const place = `s3://${name}/${object.key}`;
  if (object.versions > 1 || object.wasDeleted) {
    const more = object.versions > 1 ? `has ${object.versions} versions` : 'has a delete marker';
    findings.add(
      'note',
      'ANCHOR_VERSIONS',
      `${place} ${more}: somebody wrote over an anchor. The earliest version counts.`,
    );
  }
  if (object.deleted) return null;
  try {
    const { size, root } = checkpointOf(await bucket.get(object), origin);
    return { origin, size, root, time: object.stored, by: `the bucket ${name}` };
  } catch (error) {
    if (!(error instanceof OnlineError)) throw error;
    findings.add('unestablished', 'ANCHOR_OBJECT', `${place} does not count: it ${error.message}.`);
    return null;
  }
};

const readBucket = async (trusted: TrustedBucket, ask: Ask): Promise<readonly Anchored[]> => {
  const { origin, findings, bucket, name } = ask;
  const found: Anchored[] = [];
  try {
    const objects = await earliestVersions(bucket, `${trusted.prefix}${ledgerFolder(origin)}/`);
    await eachOf(objects.values(), CONCURRENCY, async (object) => {
      const anchored = await readObject(ask, object);
      if (anchored) found.push(anchored);
    });
  } catch (error) {
    if (!(error instanceof OnlineError)) throw error;
    findings.add('unestablished', 'ANCHOR_ONLINE', `the bucket ${name} could not be read: it ${error.message}.`);
  }
  return found;
};

/** Every checkpoint in the trusted buckets, of each ledger that the trust file expects. */
export const loadOnline = async (
  trust: TrustedKeys,
  open: OpenBucket,
  findings: Findings,
): Promise<readonly Anchored[]> => {
  const { buckets } = trust.anchors;
  if (buckets.length === 0) {
    findings.add('note', 'ANCHOR_ONLINE', 'online: the trust file names no bucket under anchors.s3, so none is read.');
  }
  const found: Anchored[] = [];
  for (const trusted of buckets) {
    const bucket = await open(trusted);
    for (const { name: origin } of trust.ledgers) {
      found.push(...(await readBucket(trusted, { bucket, name: trusted.bucket, origin, findings })));
    }
  }
  return found;
};
