/** The CloudTrail objects of a package: their index, the chain of digests, whose signatures they bear. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import { reason } from '../base/errors.js';
import { GzipError, gunzipSingle } from '../base/gzip.js';
import { JsonError } from '../base/json.js';
import { checkTrail, type DigestVerdict, type TrailCheck } from '../base/trail-chain.js';
import type { LogVerdict } from '../base/trail-coverage.js';
import { TrailDigestError } from '../base/trail-digest.js';
import { parseTrailKeys, type TrailKey } from '../base/trail-keys.js';
import type { Manifest, RawObject } from '../model/evidence.js';
import { parseRawIndex, rawPath } from '../model/raw-index.js';
import type { Findings } from './findings.js';
import type { Target } from './target.js';

const MAX_INDEX = 512 * 1024 * 1024;
const MAX_OBJECT = 256 * 1024 * 1024;
const HOUR = 3_600_000;

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
const readObject = async ({ dir }: Target, { sha256 }: RawObject): Promise<Buffer | undefined> => {
  const path = join(dir, 'raw', rawPath(sha256));
  const facts = await realFiles.facts(path);
  if (facts?.kind !== 'file' || facts.size > MAX_OBJECT) return undefined;
  const bytes = await readBounded(path, MAX_OBJECT);
  return createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : undefined;
};

/** SHA-256 of a log as AWS hashes it: uncompressed. Null where it is not one whole gzip member. */
const contentHash = (bytes: Buffer): string | null => {
  try {
    const plain = bytes[0] === 0x1f ? gunzipSingle(bytes, MAX_OBJECT) : bytes;
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
const check = async (target: Target, objects: readonly RawObject[]): Promise<TrailCheck> => {
  const digests = [];
  const logs = [];
  const shipped: TrailKey[] = [];
  let done = 0;
  for (const object of objects) {
    const bytes = await readObject(target, object);
    const { key, sha256, kind, signature } = object;
    if (bytes && kind === 'cloudtrail-digest') digests.push({ key, sha256, bytes, signature });
    else if (bytes && kind === 'cloudtrail-public-keys') shipped.push(...keysIn(bytes));
    else if (kind === 'cloudtrail-log') logs.push({ key, sha256, content: bytes ? contentHash(bytes) : null });
    target.onProgress({ what: 'CloudTrail', done: ++done, total: objects.length });
  }
  return checkTrail(digests, logs, [...shipped, ...target.trust.cloudtrailKeys]);
};

const judgeDigest = (digest: DigestVerdict, oldest: ReadonlySet<string>, findings: Findings): void => {
  const { key, status, reason: why } = digest;
  if (status === 'INVALID') {
    findings.add('integrity', 'DIGEST_INVALID', `CloudTrail digest ${key} does not verify: ${why}.`);
  } else if (!oldest.has(`${digest.account}/${digest.region} ${digest.start}`)) {
    const since = `CloudTrail digest ${key} (from ${digest.start})`;
    if (status === 'MISSING') findings.add('incomplete', 'DIGEST_MISSING', `${since}: ${why}.`);
    if (status === 'STARTING') {
      findings.add(
        'incomplete',
        'DIGEST_RESTARTED',
        `${since} begins a new chain: logging or validation was off before it.`,
      );
    }
  }
};

/** Delivery time and owner of a log by its name. */
const delivered = (key: string): { readonly owner: string; readonly at: number } | undefined => {
  const found = /(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)Z_[^/]*$/.exec(key);
  const [, account, region, ...parts] = found ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = parts.map(Number);
  return found ? { owner: `${account}/${region}`, at: Date.UTC(year, month - 1, day, hour, minute) } : undefined;
};

/** Whether digests cover the time around a log's delivery, so that one of them would have to name it. */
const isCovered = (key: string, digests: readonly DigestVerdict[]): boolean => {
  const log = delivered(key);
  if (!log) return false;
  const covers = (at: number): boolean =>
    digests.some(
      ({ account, region, start, end }) =>
        `${account}/${region}` === log.owner && Date.parse(start ?? '') <= at && at <= Date.parse(end ?? ''),
    );
  return covers(log.at - HOUR) && covers(log.at) && covers(log.at + HOUR);
};

const judgeLog = (log: LogVerdict, digests: readonly DigestVerdict[], findings: Findings): void => {
  const what = `CloudTrail log ${log.key}`;
  switch (log.state) {
    case 'valid':
      return;
    case 'changed':
      findings.add('integrity', 'LOG_ALTERED', `${what} does not verify: ${log.reason}.`);
      return;
    case 'missing':
      findings.add('incomplete', 'LOG_MISSING', `${what}: ${log.reason}.`);
      return;
    case 'in_no_digest':
      if (isCovered(log.key, digests)) {
        findings.add('integrity', 'LOG_IN_NO_DIGEST', `${what} is named by no digest, though digests cover its time.`);
        return;
      }
      break;
    default:
  }
  findings.add('unestablished', 'LOG_NOT_COVERED', `${what}: ${log.reason}.`);
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
  const result = await check(target, present(index, manifest, findings));
  const oldest = new Set(
    result.edges
      .filter(({ kind }) => kind === 'oldest')
      .map(({ account, region, from }) => `${account}/${region} ${from}`),
  );
  for (const digest of result.digests) judgeDigest(digest, oldest, findings);
  for (const { kind, account, region, from, to } of result.edges) {
    if (kind === 'gap')
      findings.add('incomplete', 'DIGEST_GAP', `no digest of ${account} in ${region} from ${from} to ${to}.`);
  }
  for (const log of result.logs) judgeLog(log, result.digests, findings);
  judgeAuthorship(target, result);
};
