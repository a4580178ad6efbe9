/**
 * The chain of CloudTrail digests and the logs they cover, without I/O.
 * Source: AWS CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation".
 * `previousDigestHashValue` is compared too, and logs that no digest names are listed: `aws cloudtrail
 * validate-logs` does neither.
 */
import { sha256 } from './digest.js';
import { GzipError, gunzipSingle } from './gzip.js';
import { baseName, type Covering, checkLogs, type LogInput, type LogVerdict, place } from './trail-coverage.js';
import {
  parseTrailDigest,
  type TrailDigest,
  TrailDigestError,
  trailPublicKey,
  verifyDigestSignature,
} from './trail-digest.js';
import type { TrailKey } from './trail-keys.js';

export interface DigestInput {
  /** Bucket key, or path below the collected folder. */
  readonly key: string;
  readonly sha256: string;
  /** As delivered, gzip or plain. */
  readonly bytes: Buffer;
  /** Object metadata `signature`, hex, where it was delivered. */
  readonly signature: string | null;
  /** Object metadata `backfill-generation-timestamp`, RFC 3339: when a late digest was signed. */
  readonly backfill?: string | null;
}

export interface DigestVerdict {
  readonly key: string;
  readonly sha256: string;
  /** SHA-256 of the uncompressed bytes; null where they cannot be read. */
  readonly content: string | null;
  readonly account: string | null;
  readonly region: string | null;
  /** RFC 3339. */
  readonly start: string | null;
  readonly end: string | null;
  /** MISSING: its predecessor is not in the collection. */
  readonly status: 'STARTING' | 'LINKED' | 'MISSING' | 'INVALID';
  readonly signature: 'valid' | 'invalid' | 'unsigned' | 'no_key';
  readonly fingerprint: string | null;
  readonly logs: number;
  readonly reason: string | null;
}

/** Ends of a chain, and holes in it. */
export interface TrailEdge {
  readonly account: string;
  readonly region: string;
  readonly kind: 'oldest' | 'newest' | 'gap';
  readonly from: string;
  readonly to: string;
}

export interface TrailCheck {
  readonly digests: readonly DigestVerdict[];
  readonly logs: readonly LogVerdict[];
  readonly edges: readonly TrailEdge[];
}

const MAX_DIGEST_BYTES = 64 * 1024 ** 2;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

interface Opened {
  readonly input: DigestInput;
  readonly digest: TrailDigest;
  readonly content: string;
  readonly region: string;
  /** Digests of one trail and region follow one another. */
  readonly chain: string;
}

const samePlace = (key: string, object: string): boolean =>
  place(key) === place(object) || (place(key) === key && baseName(key) === baseName(object));

const unpack = (bytes: Buffer): Buffer => (bytes[0] === 0x1f ? gunzipSingle(bytes, MAX_DIGEST_BYTES) : bytes);

const open = (input: DigestInput): Opened | string => {
  try {
    const inflated = unpack(input.bytes);
    const digest = parseTrailDigest(inflated);
    if (!TIME.test(digest.digestStartTime) || !TIME.test(digest.digestEndTime)) return 'its times are not in UTC';
    const region = /\/CloudTrail-Digest\/([a-z0-9-]+)\//.exec(digest.digestS3Object)?.[1];
    if (region === undefined) return 'its own key is not that of a digest';
    if (!samePlace(input.key, digest.digestS3Object)) return `it says it is ${digest.digestS3Object}`;
    const chain = baseName(digest.digestS3Object).replace(/_\d{8}T\d{6}Z(?=[_.])/, '');
    return { input, digest, content: sha256(inflated), region, chain };
  } catch (error) {
    if (error instanceof GzipError || error instanceof TrailDigestError) return error.message;
    throw error;
  }
};

/** A late digest is signed when it is made, up to an hour from what its metadata say, not at the end of its hour. */
const isValidThen = (key: TrailKey, { digest, input }: Opened): boolean => {
  const late = Date.parse(input.backfill ?? '');
  const [at, slack] = Number.isNaN(late) ? [Date.parse(digest.digestEndTime), 0] : [late, 3_600_000];
  return at >= key.validFrom - slack && at <= key.validTo + slack;
};

const signatureOf = (
  opened: Opened,
  successor: Opened | undefined,
  keys: ReadonlyMap<string, TrailKey>,
): { readonly word: DigestVerdict['signature']; readonly reason: string | null } => {
  const { digest, input } = opened;
  const named = successor?.digest.previousDigestSignature ?? null;
  if (input.signature !== null && named !== null && input.signature !== named) {
    return { word: 'invalid', reason: 'its signature is not the one its successor names' };
  }
  const signature = input.signature ?? named;
  if (signature === null) return { word: 'unsigned', reason: 'no signature was delivered with it' };
  const key = keys.get(digest.digestPublicKeyFingerprint);
  if (key === undefined) return { word: 'no_key', reason: 'its public key was not collected' };
  if (!isValidThen(key, opened)) return { word: 'no_key', reason: 'its public key was not valid then' };
  const valid = verifyDigestSignature(digest, unpack(input.bytes), signature, trailPublicKey(key.value));
  return valid ? { word: 'valid', reason: null } : { word: 'invalid', reason: 'its signature does not verify' };
};

/** How a digest is tied to its predecessor, and what is wrong with it. */
const linkOf = (
  opened: Opened,
  predecessor: Opened | undefined,
  successor: Opened | undefined,
): { readonly status: DigestVerdict['status']; readonly reason: string | null } => {
  if (successor && successor.digest.previousDigestHashValue !== opened.content) {
    return { status: 'INVALID', reason: 'its content is not what its successor names' };
  }
  if (opened.digest.previousDigestS3Object === null) return { status: 'STARTING', reason: null };
  if (predecessor === undefined) return { status: 'MISSING', reason: 'its predecessor was not collected' };
  return predecessor.content === opened.digest.previousDigestHashValue
    ? { status: 'LINKED', reason: null }
    : { status: 'MISSING', reason: 'the collected predecessor is not the one it names' };
};

const verdictOf = (opened: Opened, by: Neighbours, keys: ReadonlyMap<string, TrailKey>): DigestVerdict => {
  const { digest, input } = opened;
  const successor = by.successor.get(digest.digestS3Object);
  const signature = signatureOf(opened, successor, keys);
  const link = linkOf(opened, by.object.get(digest.previousDigestS3Object ?? ''), successor);
  const invalid = signature.word === 'invalid';
  return {
    key: input.key,
    sha256: input.sha256,
    content: opened.content,
    account: digest.awsAccountId,
    region: opened.region,
    start: digest.digestStartTime,
    end: digest.digestEndTime,
    status: invalid ? 'INVALID' : link.status,
    signature: signature.word,
    fingerprint: digest.digestPublicKeyFingerprint,
    logs: digest.logFiles.length,
    reason: [invalid ? null : link.reason, signature.reason].filter((text) => text !== null).join('; ') || null,
  };
};

interface Neighbours {
  readonly object: ReadonlyMap<string, Opened>;
  readonly successor: ReadonlyMap<string, Opened>;
}

const unreadable = (input: DigestInput, problem: string): DigestVerdict => ({
  key: input.key,
  sha256: input.sha256,
  content: null,
  account: null,
  region: null,
  start: null,
  end: null,
  status: 'INVALID',
  signature: 'unsigned',
  fingerprint: null,
  logs: 0,
  reason: problem,
});

const covering = ({ digest, region }: Opened, verdict: DigestVerdict): Covering => ({
  key: verdict.key,
  owner: `${digest.awsAccountId}/${region}`,
  end: Date.parse(digest.digestEndTime),
  invalid: verdict.status === 'INVALID',
  logFiles: digest.logFiles,
});

const edgesOf = (opened: readonly Opened[]): readonly TrailEdge[] => {
  const edges: TrailEdge[] = [];
  const chains = new Map<string, Opened[]>();
  const regular = opened.filter(({ chain }) => !chain.includes('_backfill'));
  for (const one of regular) chains.set(one.chain, [...(chains.get(one.chain) ?? []), one]);
  for (const [, chain] of [...chains].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = chain.sort((a, b) => (a.digest.digestStartTime < b.digest.digestStartTime ? -1 : 1));
    const edge = (kind: TrailEdge['kind'], at: Opened, from: string, to: string): number =>
      edges.push({ account: at.digest.awsAccountId, region: at.region, kind, from, to });
    const [first, last] = [sorted[0], sorted.at(-1)];
    if (first) edge('oldest', first, first.digest.digestStartTime, first.digest.digestEndTime);
    for (const [i, next] of sorted.entries()) {
      const end = sorted[i - 1]?.digest.digestEndTime;
      if (end !== undefined && end < next.digest.digestStartTime) edge('gap', next, end, next.digest.digestStartTime);
    }
    if (last) edge('newest', last, last.digest.digestStartTime, last.digest.digestEndTime);
  }
  return edges;
};

/**
 * Checks every collected digest against its neighbours and signature, and every log against its digest.
 * A signature that is valid under a collected key says the digest is what that key signed; whose key it is,
 * only the auditor's trust file says. The signature of all but the newest digest of a chain is also known from its successor.
 */
export const checkTrail = (
  digests: readonly DigestInput[],
  logs: readonly LogInput[],
  keys: readonly TrailKey[],
): TrailCheck => {
  const byFingerprint = new Map(keys.map((key) => [key.fingerprint, key]));
  const opened = digests.map((input) => [input, open(input)] as const);
  const good = opened.flatMap(([, result]) => (typeof result === 'string' ? [] : [result]));
  const by: Neighbours = {
    object: new Map(good.map((one) => [one.digest.digestS3Object, one])),
    successor: new Map(
      good.flatMap((one) =>
        one.digest.previousDigestS3Object === null ? [] : [[one.digest.previousDigestS3Object, one]],
      ),
    ),
  };
  const pairs = good.map((one) => [one, verdictOf(one, by, byFingerprint)] as const);
  const bad = opened.flatMap(([input, result]) => (typeof result === 'string' ? [unreadable(input, result)] : []));
  const verdicts = [...pairs.map(([, verdict]) => verdict), ...bad].sort((a, b) => (a.key < b.key ? -1 : 1));
  return {
    digests: verdicts,
    logs: checkLogs(
      pairs.map(([one, verdict]) => covering(one, verdict)),
      logs,
    ),
    edges: edgesOf(good),
  };
};
