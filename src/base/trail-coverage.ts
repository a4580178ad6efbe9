/** CloudTrail logs against the digests that name them, without I/O. */
import type { TrailDigestLog } from './trail-digest.js';

export interface LogInput {
  readonly key: string;
  readonly sha256: string;
  /** SHA-256 of the uncompressed bytes; null where they are not one whole gzip member. */
  readonly content: string | null;
}

/** What a digest says about logs. */
export interface Covering {
  readonly key: string;
  /** `<account>/<region>`. */
  readonly owner: string;
  /** End of its hour, milliseconds since 1970. */
  readonly end: number;
  readonly invalid: boolean;
  readonly logFiles: readonly TrailDigestLog[];
}

export interface LogVerdict {
  readonly key: string;
  readonly sha256: string | null;
  readonly digestKey: string | null;
  readonly state: 'valid' | 'changed' | 'missing' | 'in_no_digest' | 'not_covered_yet' | 'unverified';
  readonly reason: string | null;
}

/** The last part of a key. */
export const baseName = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** The part of a key that stays the same wherever the folder was copied to. */
export const place = (key: string): string => {
  const at = key.search(/(?:^|\/)AWSLogs\//);
  return at < 0 ? baseName(key) : key.slice(key.indexOf('AWSLogs/', at));
};

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
  by: Covering,
  log: LogInput | undefined,
): Pick<LogVerdict, 'state' | 'reason'> => {
  if (by.invalid) return { state: 'unverified', reason: 'its digest is invalid' };
  if (log === undefined) return { state: 'missing', reason: 'a digest names it; it was not collected' };
  if (log.content === null) return { state: 'changed', reason: 'it is not one whole gzip member' };
  return entry.hashAlgorithm === 'SHA-256' && entry.hashValue === log.content
    ? { state: 'valid', reason: null }
    : { state: 'changed', reason: 'its content is not what its digest names' };
};

/** `<account>/<region>` and delivery time of a log by its name. */
export const delivery = (key: string): { readonly owner: string; readonly at: number } | undefined => {
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

/** All objects at the place that a digest names: one key can have been delivered with several contents. */
const locate = (logs: readonly LogInput[]): ((object: string) => readonly LogInput[]) => {
  const byPlace = new Map<string, LogInput[]>();
  for (const log of logs) {
    const same = byPlace.get(place(log.key));
    if (same) same.push(log);
    else byPlace.set(place(log.key), [log]);
  }
  return (object) => byPlace.get(place(object)) ?? byPlace.get(baseName(object)) ?? [];
};

const identity = ({ key, sha256 }: { readonly key: string; readonly sha256: string | null }): string =>
  `${key} ${sha256 ?? ''}`;

/**
 * One verdict per log and content: those that digests name, and those that none does. Sorted by key, then hash.
 * Where a key was collected with two contents, the one that its digest does not name is `changed`.
 */
export const checkLogs = (digests: readonly Covering[], logs: readonly LogInput[]): readonly LogVerdict[] => {
  const find = locate(logs);
  const verdicts = new Map<string, LogVerdict>();
  const newest = new Map<string, number>();
  const judge = (by: Covering, entry: TrailDigestLog, log: LogInput | undefined): void => {
    const key = log?.key ?? entry.s3Object;
    const found = { key, sha256: log?.sha256 ?? null, digestKey: by.key, ...compared(entry, by, log) };
    const before = verdicts.get(identity(found));
    if (before === undefined || RANK[found.state] < RANK[before.state]) verdicts.set(identity(found), found);
  };
  for (const by of digests) {
    newest.set(by.owner, Math.max(newest.get(by.owner) ?? 0, by.end));
    for (const entry of by.logFiles) {
      const there = find(entry.s3Object);
      if (there.length === 0) judge(by, entry, undefined);
      for (const log of there) judge(by, entry, log);
    }
  }
  for (const log of logs) if (!verdicts.has(identity(log))) verdicts.set(identity(log), uncovered(log, newest));
  return [...verdicts.values()].sort((a, b) => (identity(a) < identity(b) ? -1 : 1));
};
