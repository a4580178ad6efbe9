/**
 * What the check of a trail means, in sentences: the same when it is collected and when it is verified offline. Pure.
 * `aws cloudtrail validate-logs` passes most of what is told here.
 */
import type { DigestVerdict, TrailCheck } from './trail-chain.js';
import { delivery, type LogVerdict } from './trail-coverage.js';
import { isLookup } from './trail-log.js';

export interface TrailFinding {
  readonly severity: 'integrity' | 'incomplete' | 'unestablished' | 'note';
  /** Stable word, such as DIGEST_GAP. */
  readonly code: string;
  readonly message: string;
  /** The object, or `<account>/<region>`. */
  readonly subject: string;
}

/** What is known of the bucket beside the bytes of its objects. Times are RFC 3339. */
export interface TrailContext {
  readonly objects: readonly {
    readonly key: string;
    readonly kind: string;
    /** Null where the bucket keeps no versions, or a folder was read. */
    readonly version: string | null;
  }[];
  /** Accounts and regions that must have digests, and the window that was collected. */
  readonly chains: readonly {
    readonly account: string;
    readonly region: string;
    readonly from: string;
    readonly to: string;
  }[];
  readonly deleted: readonly { readonly key: string; readonly at: string }[];
}

type Tell = (severity: TrailFinding['severity'], code: string, subject: string, message: string) => void;

const HOUR = 3_600_000;
/** A digest comes within the two hours after its hour. */
const DIGEST_DELAY = 2 * HOUR;

const ownerOf = ({ account, region }: { account: string | null; region: string | null }): string =>
  `${account}/${region}`;

/** Late logs have digests of their own; nothing is documented of how those follow each other. */
const isBackfill = (key: string): boolean => key.includes('_backfill.');

const judgeDigest = (digest: DigestVerdict, isOldest: boolean, tell: Tell): void => {
  const { key, status, reason: why, start } = digest;
  if (status === 'INVALID') {
    tell('integrity', 'DIGEST_INVALID', key, `CloudTrail digest ${key} does not verify: ${why}.`);
  } else if (!isOldest && !isBackfill(key)) {
    const since = `CloudTrail digest ${key} (from ${start})`;
    if (status === 'MISSING') tell('incomplete', 'DIGEST_MISSING', key, `${since}: ${why}.`);
    if (status === 'STARTING') {
      const message = `${since} begins a new chain: logging or validation was off before it.`;
      tell('incomplete', 'DIGEST_RESTARTED', key, message);
    }
  }
};

/**
 * A digest whose signature or key is not there. In a bucket it has its signature, and AWS names its key; copied to a
 * folder, the newest one has neither unless they were written beside it.
 */
const judgeSignature = (
  { key, signature, reason: why, status }: DigestVerdict,
  fromBucket: boolean,
  tell: Tell,
): void => {
  if (status === 'INVALID') return;
  const severity = fromBucket ? 'incomplete' : 'unestablished';
  if (signature === 'unsigned') tell(severity, 'DIGEST_UNSIGNED', key, `CloudTrail digest ${key}: ${why}.`);
  if (signature === 'no_key') tell(severity, 'DIGEST_NO_KEY', key, `CloudTrail digest ${key}: ${why}.`);
};

/** One chain has one digest for each hour: two that differ mean that one of them is not CloudTrail's. */
const judgeForks = (digests: readonly DigestVerdict[], tell: Tell): void => {
  const hours = new Map<string, DigestVerdict>();
  for (const digest of digests) {
    if (digest.start === null) continue;
    const hour = `${digest.key} ${digest.start}`;
    const other = hours.get(hour);
    if (other === undefined) hours.set(hour, digest);
    else if (other.content !== digest.content) {
      const message = `CloudTrail digest ${digest.key} was delivered with two contents.`;
      tell('integrity', 'DIGEST_FORK', digest.key, message);
    }
  }
};

/** Whether digests cover the time around a log's delivery, so that one of them would have to name it. */
const isCovered = (key: string, digests: readonly DigestVerdict[]): boolean => {
  const log = delivery(key);
  if (!log) return false;
  const covers = (at: number): boolean =>
    digests.some(
      (digest) =>
        ownerOf(digest) === log.owner && Date.parse(digest.start ?? '') <= at && at <= Date.parse(digest.end ?? ''),
    );
  return covers(log.at - HOUR) && covers(log.at) && covers(log.at + HOUR);
};

const judgeLog = (log: LogVerdict, digests: readonly DigestVerdict[], tell: Tell): void => {
  const what = `CloudTrail log ${log.key}`;
  if (isLookup(log.key)) {
    const message = `${log.key} was looked up: no digest covers it, so nothing shows that it is unchanged or complete.`;
    return tell('unestablished', 'LOOKUP_UNVERIFIED', log.key, message);
  }
  switch (log.state) {
    case 'valid':
      return;
    case 'changed':
      return tell('integrity', 'LOG_ALTERED', log.key, `${what} does not verify: ${log.reason}.`);
    case 'missing':
      return tell('incomplete', 'LOG_MISSING', log.key, `${what}: ${log.reason}.`);
    case 'in_no_digest':
      if (!isCovered(log.key, digests)) break;
      return tell(
        'integrity',
        'LOG_IN_NO_DIGEST',
        log.key,
        `${what} is named by no digest, though digests cover its time.`,
      );
    default:
  }
  tell('unestablished', 'LOG_NOT_COVERED', log.key, `${what}: ${log.reason}.`);
};

const judgeChain = (chain: TrailContext['chains'][number], digests: readonly DigestVerdict[], tell: Tell): void => {
  const owner = ownerOf(chain);
  const own = digests.filter((digest) => ownerOf(digest) === owner && !isBackfill(digest.key) && digest.end !== null);
  const sorted = own.sort((a, b) => ((a.start ?? '') < (b.start ?? '') ? -1 : 1));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) {
    const message = `no digest of ${chain.account} in ${chain.region}: nothing shows that its logs are complete.`;
    return tell('incomplete', 'CHAIN_ABSENT', owner, message);
  }
  // Its own first digest says that logging began there; any other had a predecessor that should be here.
  if (first.status === 'MISSING' && Date.parse(first.start ?? '') > Date.parse(chain.from) + 24 * HOUR) {
    const message = `the digests of ${chain.account} in ${chain.region} begin at ${first.start}; those from ${chain.from} on are not there.`;
    tell('incomplete', 'CHAIN_CUT', owner, message);
  }
  if (Date.parse(last.end ?? '') < Date.parse(chain.to) - DIGEST_DELAY) {
    const message = `the digests of ${chain.account} in ${chain.region} end at ${last.end}; collected was until ${chain.to}.`;
    tell('incomplete', 'CHAIN_ENDS_EARLY', owner, message);
  }
};

/** CloudTrail writes an object once and deletes none. */
const judgeBucket = ({ objects, deleted }: TrailContext, tell: Tell): void => {
  const versions = new Map<string, Set<string>>();
  for (const { key, kind, version } of objects) {
    if (version === null || kind === 'cloudtrail-public-keys') continue;
    versions.set(key, (versions.get(key) ?? new Set()).add(version));
  }
  for (const [key, { size }] of versions) {
    if (size > 1)
      tell('incomplete', 'OBJECT_REPLACED', key, `${key} was written ${size} times; CloudTrail writes once.`);
  }
  for (const { key, at } of deleted) {
    tell('incomplete', 'OBJECT_DELETED', key, `${key} was deleted at ${at}; CloudTrail deletes nothing.`);
  }
};

/** Everything that does not hold, in a stable order. */
export const trailFindings = (check: TrailCheck, context: TrailContext): readonly TrailFinding[] => {
  const findings: TrailFinding[] = [];
  const tell: Tell = (severity, code, subject, message) => findings.push({ severity, code, subject, message });
  const oldest = new Set(
    check.edges.filter(({ kind }) => kind === 'oldest').map((edge) => `${ownerOf(edge)} ${edge.from}`),
  );
  for (const digest of check.digests) judgeDigest(digest, oldest.has(`${ownerOf(digest)} ${digest.start}`), tell);
  for (const digest of check.digests) judgeSignature(digest, context.chains.length > 0, tell);
  judgeForks(check.digests, tell);
  for (const { kind, account, region, from, to } of check.edges) {
    if (kind !== 'gap') continue;
    tell(
      'incomplete',
      'DIGEST_GAP',
      `${account}/${region}`,
      `no digest of ${account} in ${region} from ${from} to ${to}.`,
    );
  }
  for (const log of check.logs) judgeLog(log, check.digests, tell);
  for (const chain of context.chains) judgeChain(chain, check.digests, tell);
  judgeBucket(context, tell);
  return findings;
};
