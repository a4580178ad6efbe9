/**
 * The chain of CloudTrail digests and the logs they cover, without I/O.
 * Source: AWS CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation".
 * `previousDigestHashValue` is compared too, and logs that no digest names are listed: `aws cloudtrail
 * validate-logs` does neither.
 */
import { sha256 } from './digest.js';
import { GzipError, gunzipSingle } from './gzip.js';
import {
  parseTrailDigest,
  type TrailDigest,
  TrailDigestError,
  type TrailDigestLog,
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
}

export interface LogInput {
  readonly key: string;
  readonly sha256: string;
  /** SHA-256 of the uncompressed bytes; null where they are not one whole gzip member. */
  readonly content: string | null;
}

export interface DigestVerdict {
  readonly key: string;
  readonly sha256: string;
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

export interface LogVerdict {
  readonly key: string;
  readonly sha256: string | null;
  readonly digestKey: string | null;
  readonly state: 'valid' | 'changed' | 'missing' | 'in_no_digest' | 'not_covered_yet' | 'unverified';
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

const baseName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** The part of a key that stays the same wherever the folder was copied to. */
const place = (key: string): string => {
  const at = key.search(/(?:^|\/)AWSLogs\//);
  return at < 0 ? baseName(key) : key.slice(key.indexOf('AWSLogs/', at));
};

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
  const end = Date.parse(digest.digestEndTime);
  if (key === undefined) return { word: 'no_key', reason: 'its public key was not collected' };
  if (end < key.validFrom || end > key.validTo) return { word: 'no_key', reason: 'its public key was not valid then' };
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

const RANK: Readonly<Record<LogVerdict['state'], number>> = {
  changed: 0,
  missing: 1,
  valid: 2,
  unverified: 3,
  in_no_digest: 4,
  not_covered_yet: 4,
};

/** Compares a log with the entry of its digest. */
const compared = (
  entry: TrailDigestLog,
  verdict: DigestVerdict,
  log: LogInput | undefined,
): Pick<LogVerdict, 'state' | 'reason'> => {
  if (verdict.status === 'INVALID') return { state: 'unverified', reason: 'its digest is invalid' };
  if (log === undefined) return { state: 'missing', reason: 'a digest names it; it was not collected' };
  if (log.content === null) return { state: 'changed', reason: 'it is not one whole gzip member' };
  return entry.hashAlgorithm === 'SHA-256' && entry.hashValue === log.content
    ? { state: 'valid', reason: null }
    : { state: 'changed', reason: 'its content is not what its digest names' };
};

/** `<account>/<region>` and delivery time of a log by its name. */
const delivery = (key: string): { readonly owner: string; readonly at: number } | undefined => {
  const found = /^(\d{12})_CloudTrail_([a-z0-9-]+)_(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z_/.exec(baseName(key));
  if (!found) return undefined;
  const [, account, region, y, m, d, h, min] = found;
  return { owner: `${account}/${region}`, at: Date.UTC(Number(y), Number(m) - 1, Number(d), Number(h), Number(min)) };
};

const uncovered = (log: LogInput, newest: ReadonlyMap<string, number>): LogVerdict => {
  const sent = delivery(log.key);
  const end = sent && newest.get(sent.owner);
  const later = sent !== undefined && end !== undefined && sent.at >= end;
  const base = { key: log.key, sha256: log.sha256, digestKey: null };
  return later
    ? { ...base, state: 'not_covered_yet', reason: 'it is newer than the newest digest' }
    : { ...base, state: 'in_no_digest', reason: 'no collected digest names it' };
};

const checkLogs = (
  pairs: readonly (readonly [Opened, DigestVerdict])[],
  logs: readonly LogInput[],
): readonly LogVerdict[] => {
  const byPlace = new Map(logs.map((log) => [place(log.key), log]));
  const verdicts = new Map<string, LogVerdict>();
  const newest = new Map<string, number>();
  for (const [opened, verdict] of pairs) {
    const owner = `${opened.digest.awsAccountId}/${opened.region}`;
    newest.set(owner, Math.max(newest.get(owner) ?? 0, Date.parse(opened.digest.digestEndTime)));
    for (const entry of opened.digest.logFiles) {
      const log = byPlace.get(place(entry.s3Object)) ?? byPlace.get(baseName(entry.s3Object));
      const names = { key: log?.key ?? entry.s3Object, sha256: log?.sha256 ?? null, digestKey: opened.input.key };
      const found = { ...names, ...compared(entry, verdict, log) };
      const before = verdicts.get(found.key);
      if (before === undefined || RANK[found.state] < RANK[before.state]) verdicts.set(found.key, found);
    }
  }
  for (const log of logs) if (!verdicts.has(log.key)) verdicts.set(log.key, uncovered(log, newest));
  return [...verdicts.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
};

const edgesOf = (opened: readonly Opened[]): readonly TrailEdge[] => {
  const edges: TrailEdge[] = [];
  const chains = new Map<string, Opened[]>();
  for (const one of opened) chains.set(one.chain, [...(chains.get(one.chain) ?? []), one]);
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
  return { digests: verdicts, logs: checkLogs(pairs, logs), edges: edgesOf(good) };
};
