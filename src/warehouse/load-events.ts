/** The events of collected logs into `ct_event`, `ct_duplicate` and `ct_conflict`. */
import { CountersignError } from '../base/errors.js';
import { isLookup, trailKindOfKey } from '../base/trail-log.js';
import type { RawObject } from '../model/evidence.js';
import {
  DEDUPLICATE,
  DROP_STAGE,
  DUPLICATE_COUNTS,
  READ_COUNTS,
  readParts,
  STAGE_COUNTS,
  stageWithin,
  type Window,
} from './events.js';
import type { Builder } from './open.js';
import type { LogFacts } from './parts/make.js';
import { makeParts, type ReadLog } from './parts/parts.js';
import type { RawEvidence } from './raw.js';

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

interface LogFile {
  readonly object: RawObject;
  /** Null where another key holds the same bytes: all its events are copies. */
  readonly number: number | null;
  readonly facts: LogFacts;
}

/** Each log with what it holds; of those of the same bytes the first by key is read. */
const logFiles = (objects: readonly RawObject[], read: readonly ReadLog[]): readonly LogFile[] => {
  const numbers = new Map(read.map(({ object }, number) => [object.sha256, number]));
  return objects.flatMap((object) => {
    const number = numbers.get(object.sha256);
    const log = number === undefined ? undefined : read[number];
    if (number === undefined || log === undefined) return [];
    return [{ object, facts: log.facts, number: log.object === object ? number : null }];
  });
};

const firsts = (objects: readonly RawObject[]): readonly RawObject[] => {
  const seen = new Set<string>();
  return objects.filter(({ sha256 }) => !seen.has(sha256) && seen.add(sha256));
};

const countsOf = async (builder: Builder, sql: string): Promise<ReadonlyMap<number, number>> =>
  new Map((await builder.query(sql)).map((row) => [Number(row['file_no']), Number(row['n'])]));

/** DuckDB must have read exactly the records that were staged, file by file. */
const assertLoaded = (logs: readonly LogFile[], read: ReadonlyMap<number, number>): void => {
  for (const { object, number, facts } of logs) {
    if (number === null) continue;
    const found = read.get(number) ?? 0;
    if (found === facts.staged) continue;
    throw new CountersignError('COUNTS_DIFFER', {
      what: object.key,
      problem: `${facts.staged} staged, ${found} loaded`,
    });
  }
};

interface LoadedCounts {
  /** By number of the log: rows within the window, and the further copies among them. */
  readonly within: ReadonlyMap<number, number>;
  readonly copies: ReadonlyMap<number, number>;
}

const rowOf = ({ object, number, facts }: LogFile, first: number, { within, copies }: LoadedCounts): FileRow => {
  const taken = within.get(first) ?? 0;
  const duplicate = number === null ? taken : (copies.get(number) ?? 0);
  const { key, bytes, sha256 } = object;
  const { rowsRead, rejected, reason } = facts;
  const excluded = facts.excluded + facts.staged - taken;
  const kind = trailKindOfKey(key) ?? 'log';
  return { key, sha256, bytes, kind, rowsRead, out: taken - duplicate, rejected, duplicate, excluded, reason };
};

const appendLogs = async (builder: Builder, read: readonly ReadLog[]): Promise<void> => {
  await builder.run('CREATE TEMP TABLE log_file (part VARCHAR, sha256 VARCHAR, file_no BIGINT, lookup BOOLEAN)');
  const to = await builder.appender('log_file');
  for (const [number, { object, facts, part }] of read.entries()) {
    // Rows of a log that turned out not to be one stand in its part all the same.
    if (facts.staged > 0) to.add([part, object.sha256, number, isLookup(object.key)]);
  }
  to.close();
};

/** Logs with the hash of their unpacked bytes, and their rows of `ct_file`. */
export interface LoadedEvents {
  readonly logs: readonly { readonly object: RawObject; readonly content: string | null }[];
  readonly rows: readonly FileRow[];
}

/**
 * Loads the events of every log of the raw evidence.
 * @param stage folder for parts
 * @param window events outside it are excluded and counted
 * @throws CountersignError RAW_CHANGED, COUNTS_DIFFER
 */
export const loadEvents = async (
  builder: Builder,
  stage: string,
  raw: RawEvidence,
  window: Window | undefined,
): Promise<LoadedEvents> => {
  const objects = raw.objects.filter(({ kind }) => kind === 'cloudtrail-log');
  const read = await makeParts(firsts(objects), raw.dir, stage);
  const logs = logFiles(objects, read);
  if (read.length === 0) return { logs: [], rows: [] };
  await appendLogs(builder, read);
  await builder.run(readParts([...new Set(read.map(({ part }) => part))]));
  await builder.run(stageWithin(window));
  assertLoaded(logs, await countsOf(builder, READ_COUNTS));
  for (const sql of DEDUPLICATE) await builder.run(sql);
  const counts = { within: await countsOf(builder, STAGE_COUNTS), copies: await countsOf(builder, DUPLICATE_COUNTS) };
  for (const sql of DROP_STAGE) await builder.run(sql);
  const numbers = new Map(read.map(({ object }, number) => [object.sha256, number]));
  return {
    logs: logs.map(({ object, facts }) => ({ object, content: facts.content })),
    rows: logs.map((log) => rowOf(log, numbers.get(log.object.sha256) ?? 0, counts)),
  };
};
