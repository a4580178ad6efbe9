/** The CloudTrail objects of a package: their index, the chain of digests, whose signatures they bear. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import { reason } from '../base/errors.js';
import { GzipError, gunzipSingle } from '../base/gzip.js';
import { JsonError } from '../base/json.js';
import { checkTrail, type DigestVerdict, type TrailCheck } from '../base/trail-chain.js';
import { TrailDigestError } from '../base/trail-digest.js';
import { trailFindings } from '../base/trail-findings.js';
import { parseTrailKeys, type TrailKey } from '../base/trail-keys.js';
import type { Manifest, RawObject } from '../model/evidence.js';
import { parseRawIndex, parseRawListing, type RawListing, rawPath, trailContext } from '../model/raw-index.js';
import type { Findings } from './findings.js';
import type { Target } from './target.js';

const MAX_INDEX = 512 * 1024 * 1024;
const MAX_OBJECT = 256 * 1024 * 1024;

const readIndex = async ({ dir, findings }: Target): Promise<readonly RawObject[]> => {
  const path = join(dir, 'raw', 'index.ndjson');
  if ((await realFiles.facts(path))?.kind !== 'file') return [];
  try {
    return parseRawIndex(await readBounded(path, MAX_INDEX));
  } catch (error) {
    findings.add('integrity', 'RAW_INDEX', `raw/index.ndjson cannot be read: ${reason(error)}.`);
    return [];
  }
};

/** What listing the bucket told; empty where a folder was collected. */
const readListing = async ({ dir, findings }: Target): Promise<readonly RawListing[]> => {
  const path = join(dir, 'raw', 'listing.ndjson');
  if ((await realFiles.facts(path))?.kind !== 'file') return [];
  try {
    return parseRawListing(await readBounded(path, MAX_INDEX));
  } catch (error) {
    findings.add('integrity', 'RAW_INDEX', `raw/listing.ndjson cannot be read: ${reason(error)}.`);
    return [];
  }
};

/** Objects that are in the manifest under their own hash; the manifest's check has read their bytes. */
const present = (objects: readonly RawObject[], manifest: Manifest, findings: Findings): readonly RawObject[] => {
  const files = new Map(manifest.files.map((file) => [file.path, file]));
  return objects.filter(({ sha256, bytes, key }) => {
    const file = files.get(`raw/${rawPath(sha256)}`);
    if (file?.sha256 === sha256 && file.bytes === bytes) return true;
    findings.add(
      'integrity',
      'RAW_OBJECT',
      `raw/${rawPath(sha256)} (${key}) is not the object that raw/index.ndjson names.`,
    );
    return false;
  });
};

/** Reads objects again; undefined where one is no longer what the index says. */
const readObject = async (folder: string, { sha256 }: RawObject): Promise<Buffer | undefined> => {
  const path = join(folder, rawPath(sha256));
  const facts = await realFiles.facts(path);
  if (facts?.kind !== 'file' || facts.size > MAX_OBJECT) return undefined;
  const bytes = await readBounded(path, MAX_OBJECT);
  return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
};

/** SHA-256 of a log as AWS hashes it: uncompressed. Null where it is not one whole gzip member. */
const contentHash = (key: string, bytes: Buffer): string | null => {
  try {
    const plain = key.endsWith('.gz') ? gunzipSingle(bytes, MAX_OBJECT) : bytes;
    return createHash('sha256').update(plain).digest('hex');
  } catch (error) {
    if (error instanceof GzipError) return null;
    throw error;
  }
};

const keysIn = (bytes: Buffer): readonly TrailKey[] => {
  try {
    return parseTrailKeys(bytes);
  } catch (error) {
    if (error instanceof TrailDigestError || error instanceof JsonError) return [];
    throw error;
  }
};

/**
 * Checks under the keys in the package, so that what its own keys refute shows; the trust file's keys stand
 * in their place where it names them, and only they establish anything.
 */
const check = async (target: Target, folder: string, objects: readonly RawObject[]): Promise<TrailCheck> => {
  const digests = [];
  const logs = [];
  const shipped: TrailKey[] = [];
  let done = 0;
  for (const object of objects) {
    const bytes = await readObject(folder, object);
    const { key, sha256, kind, signature } = object;
    const backfill = object.delivery?.backfill ?? null;
    if (bytes && kind === 'cloudtrail-digest') digests.push({ key, sha256, bytes, signature, backfill });
    else if (bytes && kind === 'cloudtrail-public-keys') shipped.push(...keysIn(bytes));
    else if (kind === 'cloudtrail-log') logs.push({ key, sha256, content: bytes ? contentHash(key, bytes) : null });
    target.onProgress({ what: 'CloudTrail', done: ++done, total: objects.length });
  }
  return checkTrail(digests, logs, [...shipped, ...target.trust.cloudtrailKeys]);
};

const judgeAuthorship = ({ trust, findings }: Target, { digests, logs }: TrailCheck): void => {
  const isTrusted = ({ signature, region, fingerprint }: DigestVerdict): boolean =>
    signature === 'valid' && trust.cloudtrail(region ?? '', fingerprint ?? '');
  const trusted = digests.filter(isTrusted);
  const valid = logs.filter(({ state }) => state === 'valid');
  if (trusted.length > 0) {
    findings.establish(
      `${trusted.length} CloudTrail digests are signed by keys that the trust file names as those of AWS.`,
    );
  }
  if (valid.length > 0) findings.establish(`${valid.length} CloudTrail logs are those their digests name.`);
  const rest = digests.length - trusted.length;
  if (rest > 0)
    findings.add('unestablished', 'DIGEST_AUTHORSHIP', `AWS authorship of ${rest} digests not established.`);
};

/** Objects of the index that lie in a folder beside the package; of the others it is told how many there are. */
const beside = async (
  objects: readonly RawObject[],
  folder: string,
  findings: Findings,
): Promise<readonly RawObject[]> => {
  const found: RawObject[] = [];
  const absent: RawObject[] = [];
  for (const object of objects) {
    const there = (await readObject(folder, object)) !== undefined;
    (there ? found : absent).push(object);
  }
  const [first] = absent;
  if (first) {
    const which = `${absent.length} of ${objects.length} CloudTrail objects that raw/index.ndjson names`;
    findings.add(
      'incomplete',
      'RAW_OBJECT',
      `${which} are not in ${folder}, or are others; the first is ${first.key}.`,
    );
  }
  return found;
};

/** The package says that it leaves the objects out: what then cannot be said, and how it can. */
const leftOut = (target: Target, { cloudtrail, files }: Manifest): void => {
  const { findings } = target;
  const object = files.find(({ path }) => /^raw\/[0-9a-f]{2}\//.test(path));
  if (object) {
    const message = `manifest.json says that CloudTrail objects are left out, and lists ${object.path}.`;
    findings.add('integrity', 'MANIFEST_INVALID', message);
  }
  if (target.raw !== undefined) return;
  const which = `the bytes of ${cloudtrail.logs} CloudTrail logs and ${cloudtrail.digests} digests are not in the package, only their hashes`;
  const message = `NOT RUN: ${which}; whether they are those that AWS signed, and whether one is missing, is not established. With the objects at hand: countersign verify PACKAGE --raw FOLDER.`;
  findings.add('unestablished', 'RAW_LEFT_OUT', message);
};

/** Where the objects lie, and those of them that are there; undefined where they were left out and are not at hand. */
const source = async (
  target: Target,
  manifest: Manifest,
  index: readonly RawObject[],
): Promise<{ readonly folder: string; readonly objects: readonly RawObject[] } | undefined> => {
  const { dir, raw, findings } = target;
  if (manifest.cloudtrail.leftOut !== true)
    return { folder: join(dir, 'raw'), objects: present(index, manifest, findings) };
  leftOut(target, manifest);
  return raw === undefined ? undefined : { folder: raw, objects: await beside(index, raw, findings) };
};

/** Verifies what `raw/` holds. What does not hold goes to the findings. */
export const verifyTrail = async (target: Target, manifest: Manifest): Promise<void> => {
  const { findings } = target;
  const index = await readIndex(target);
  const count = (kind: RawObject['kind']): number => index.filter((object) => object.kind === kind).length;
  const { logs, digests } = manifest.cloudtrail;
  if (count('cloudtrail-log') !== logs || count('cloudtrail-digest') !== digests) {
    const message = `the manifest says ${logs} CloudTrail logs and ${digests} digests; raw/index.ndjson names others.`;
    findings.add('integrity', 'RAW_COUNT', message);
  }
  if (index.length === 0) {
    findings.add('note', 'RAW_ABSENT', 'the package holds no CloudTrail object.');
    return;
  }
  const at = await source(target, manifest, index);
  if (!at) return;
  const result = await check(target, at.folder, at.objects);
  const listing = await readListing(target);
  for (const { severity, code, message } of trailFindings(result, trailContext(index, listing))) {
    findings.add(severity, code, message);
  }
  judgeAuthorship(target, result);
};
