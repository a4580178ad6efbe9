/** Collected CloudTrail files into the warehouse. */
import { rm } from 'node:fs/promises';
import { sha256 } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import { GzipError, gunzipSingle } from '../base/gzip.js';
import { checkTrail, type DigestInput, type TrailCheck } from '../base/trail-chain.js';
import type { LogInput } from '../base/trail-coverage.js';
import { type TrailFinding, trailFindings } from '../base/trail-findings.js';
import { parseTrailKeys, type TrailKey } from '../base/trail-keys.js';
import { isLookup, TrailLogError, trailKindOfKey } from '../base/trail-log.js';
import type { RawObject } from '../model/evidence.js';
import { trailContext } from '../model/raw-index.js';
import { DEDUPLICATE, DROP_STAGE, DUPLICATE_COUNTS, readStage, STAGE_COUNTS, STAGE_TABLE } from './events.js';
import type { Builder } from './open.js';
import type { RawEvidence } from './raw.js';
import { createStager, type StagedCounts, type Stager, type Window } from './stage.js';
import { trailOddities } from './trail-oddities.js';

const MAX_INFLATED_BYTES = 400 * 1024 ** 2;

/** A row of `ct_file`. */
export interface FileRow {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly kind: string;
  readonly rowsRead: number;
  readonly out: number;
  readonly rejected: number;
  readonly duplicate: number;
  readonly excluded: number;
  readonly reason: string | null;
}

export interface LoadedTrail {
  readonly files: readonly FileRow[];
  readonly check: TrailCheck;
  readonly findings: readonly TrailFinding[];
}

const NOTHING = { rowsRead: 0, staged: 0, rejected: 0, excluded: 0 };

interface LogFile {
  readonly object: RawObject;
  /** Null where another key holds the same bytes: all its events are copies. */
  readonly number: number | null;
  readonly counts: StagedCounts;
  readonly content: string | null;
}

const unpack = (object: RawObject, bytes: Buffer): Buffer =>
  object.key.endsWith('.gz') ? gunzipSingle(bytes, MAX_INFLATED_BYTES) : bytes;

/** Stages one log; a file that cannot be read is a row with its reason. */
const stageLog = async (
  object: RawObject,
  bytes: Buffer,
  number: number,
  stager: Stager,
): Promise<Omit<LogFile, 'object' | 'number'>> => {
  let content: string | null = null;
  try {
    const inflated = unpack(object, bytes);
    content = sha256(inflated);
    const kind = trailKindOfKey(object.key);
    return { counts: await stager.add(number, inflated, kind === 'insight' || kind === 'network'), content };
  } catch (error) {
    if (!(error instanceof GzipError || error instanceof TrailLogError)) throw error;
    return { counts: { ...NOTHING, reason: error.message }, content };
  }
};

const stageLogs = async (raw: RawEvidence, stager: Stager): Promise<readonly LogFile[]> => {
  const logs: LogFile[] = [];
  const first = new Map<string, LogFile>();
  for (const object of raw.objects) {
    if (object.kind !== 'cloudtrail-log') continue;
    const same = first.get(object.sha256);
    if (same) {
      logs.push({ ...same, object, number: null });
      continue;
    }
    const file = {
      object,
      number: logs.length,
      ...(await stageLog(object, await raw.read(object), logs.length, stager)),
    };
    first.set(object.sha256, file);
    logs.push(file);
  }
  await stager.finish();
  return logs;
};

const countsOf = async (builder: Builder, sql: string): Promise<ReadonlyMap<number, number>> =>
  new Map((await builder.query(sql)).map((row) => [Number(row['file_no']), Number(row['n'])]));

/** DuckDB must have read exactly the records that were staged, file by file. */
const assertLoaded = (logs: readonly LogFile[], loaded: ReadonlyMap<number, number>): void => {
  for (const { object, number, counts } of logs) {
    const read = number === null ? counts.staged : (loaded.get(number) ?? 0);
    if (read === counts.staged) continue;
    throw new CountersignError('COUNTS_DIFFER', {
      what: object.key,
      problem: `${counts.staged} staged, ${read} loaded`,
    });
  }
};

const logRow = ({ object, number, counts }: LogFile, copies: ReadonlyMap<number, number>): FileRow => {
  const { rowsRead, staged, rejected, excluded, reason } = counts;
  const duplicate = number === null ? staged : (copies.get(number) ?? 0);
  const { key, bytes } = object;
  const kind = trailKindOfKey(key) ?? 'log';
  return {
    key,
    sha256: object.sha256,
    bytes,
    kind,
    rowsRead,
    out: staged - duplicate,
    rejected,
    duplicate,
    excluded,
    reason,
  };
};

const loadEvents = async (
  builder: Builder,
  stage: string,
  raw: RawEvidence,
  window: Window | undefined,
): Promise<{ readonly logs: readonly LogFile[]; readonly rows: readonly FileRow[] }> => {
  await builder.run(STAGE_TABLE);
  const load = async (path: string): Promise<void> => {
    await builder.run(readStage(path));
    await rm(path);
  };
  const logs = await stageLogs(raw, createStager(stage, load, window));
  assertLoaded(logs, await countsOf(builder, STAGE_COUNTS));
  await builder.run('CREATE TEMP TABLE log_file (file_no BIGINT, sha256 VARCHAR, lookup BOOLEAN)');
  const files = await builder.appender('log_file');
  for (const { number, object } of logs) if (number !== null) files.add([number, object.sha256, isLookup(object.key)]);
  files.close();
  for (const sql of DEDUPLICATE) await builder.run(sql);
  const copies = await countsOf(builder, DUPLICATE_COUNTS);
  for (const sql of DROP_STAGE) await builder.run(sql);
  return { logs, rows: logs.map((log) => logRow(log, copies)) };
};

const otherRow = (object: RawObject, kind: string, reason: string | null): FileRow => ({
  key: object.key,
  sha256: object.sha256,
  bytes: object.bytes,
  kind,
  rowsRead: 0,
  out: 0,
  rejected: 0,
  duplicate: 0,
  excluded: 0,
  reason,
});

const readDigests = async (raw: RawEvidence): Promise<readonly DigestInput[]> => {
  const digests: DigestInput[] = [];
  for (const object of raw.objects) {
    if (object.kind !== 'cloudtrail-digest') continue;
    digests.push({
      key: object.key,
      sha256: object.sha256,
      bytes: await raw.read(object),
      signature: object.signature,
      backfill: object.delivery?.backfill ?? null,
    });
  }
  return digests;
};

const readKeys = async (raw: RawEvidence): Promise<readonly TrailKey[]> => {
  const keys: TrailKey[] = [];
  for (const object of raw.objects) {
    if (object.kind === 'cloudtrail-public-keys') keys.push(...parseTrailKeys(await raw.read(object)));
  }
  return keys;
};

const appendFiles = async (builder: Builder, rows: readonly FileRow[]): Promise<void> => {
  const to = await builder.appender('ct_file');
  for (const r of rows) {
    if (r.rowsRead !== r.out + r.rejected + r.duplicate + r.excluded) {
      throw new CountersignError('COUNTS_DIFFER', { what: r.key, problem: `${r.rowsRead} rows read` });
    }
    to.add([r.key, r.sha256, r.bytes, r.kind, r.rowsRead, r.out, r.rejected, r.duplicate, r.excluded, r.reason]);
  }
  to.close();
};

const ms = (text: string | null): number | null => (text === null ? null : Date.parse(text));

const appendCheck = async (builder: Builder, check: TrailCheck): Promise<void> => {
  const digests = await builder.appender('ct_digest');
  for (const d of check.digests) {
    const times = [ms(d.start), ms(d.end)];
    digests.add([
      d.key,
      d.sha256,
      d.account,
      d.region,
      ...times,
      d.status,
      d.signature,
      d.fingerprint,
      d.logs,
      d.reason,
    ]);
  }
  digests.close();
  const logs = await builder.appender('ct_log_integrity');
  for (const l of check.logs) {
    logs.add([l.key, l.sha256, l.digestKey, l.state === 'not_covered_yet' ? 'in_no_digest' : l.state, l.reason]);
  }
  logs.close();
  const edges = await builder.appender('ct_edge');
  for (const e of check.edges) edges.add([e.account, e.region, e.kind, ms(e.from), ms(e.to)]);
  edges.close();
};

const appendFindings = async (builder: Builder, findings: readonly TrailFinding[]): Promise<void> => {
  const to = await builder.appender('ct_finding');
  for (const { severity, code, subject, message } of findings) to.add([severity, code, subject, message]);
  to.close();
};

const hasReason = (row: { readonly reason: string | null }): boolean => row.reason !== null;

/**
 * Loads every collected log, checks the chain of digests, and writes `ct_*`.
 * @param stage folder for line files, the only one that statements can read
 * @param window events outside it are excluded and counted
 */
export const loadTrail = async (
  builder: Builder,
  stage: string,
  raw: RawEvidence,
  window: Window | undefined,
): Promise<LoadedTrail> => {
  const { logs, rows } = await loadEvents(builder, stage, raw, window);
  const inputs: LogInput[] = logs.map(({ object, content }) => ({ key: object.key, sha256: object.sha256, content }));
  const check = checkTrail(await readDigests(raw), inputs, await readKeys(raw));
  const invalid = new Map(check.digests.filter(hasReason).map(({ key, status, reason }) => [key, { status, reason }]));
  const others = raw.objects.flatMap((object) => {
    if (object.kind === 'cloudtrail-public-keys') return [otherRow(object, 'public_keys', null)];
    if (object.kind !== 'cloudtrail-digest') return [];
    const found = invalid.get(object.key);
    return [otherRow(object, 'digest', found?.status === 'INVALID' ? found.reason : null)];
  });
  const refused = raw.problems.map(
    (p): FileRow => ({ ...otherRow({ ...p, kind: 'cloudtrail-log', signature: null }, 'other', p.reason) }),
  );
  const files = [...rows, ...others, ...refused].sort((a, b) => (a.key < b.key ? -1 : 1));
  await appendFiles(builder, files);
  await appendCheck(builder, check);
  const context = trailContext(raw.objects, raw.listing);
  const findings = [...trailFindings(check, context), ...(await trailOddities(builder))];
  await appendFindings(builder, findings);
  return { files, check, findings };
};
