/** Everything the traces of a sample are made from, by id. */
import type { Reader } from '../rows.js';
import {
  type ApprovalRow,
  approvalsById,
  type CallRow,
  callsByApproval,
  callsByDay,
  callsById,
  type DecisionRow,
  decisionsOf,
} from './calls.js';
import {
  type ConfigRow,
  configsByDigest,
  type EventRow,
  eventsByCall,
  eventsById,
  type FileRow,
  filesByKey,
  type RecordRow,
  recordsByNumber,
  recordsOfApprovals,
  recordsOfSessions,
} from './evidence.js';

type ById<T> = ReadonlyMap<string, T>;

export interface Material {
  readonly calls: ById<CallRow>;
  readonly callsOfApproval: ById<readonly CallRow[]>;
  /** By `principal@2026-11-24`. */
  readonly days: ById<readonly CallRow[]>;
  readonly approvals: ById<ApprovalRow>;
  readonly decisions: ById<readonly DecisionRow[]>;
  /** By the id of the event; copies in several accounts are several rows. */
  readonly events: ById<readonly EventRow[]>;
  readonly eventsOfCall: ById<readonly EventRow[]>;
  readonly records: ReadonlyMap<number, RecordRow>;
  readonly recordsOfApproval: ById<readonly RecordRow[]>;
  /** That a session began, by its id. */
  readonly opened: ById<RecordRow>;
  readonly configs: ById<ConfigRow>;
  readonly files: ById<FileRow>;
}

/** Legs of a call that its client made once more; there are rarely more than two. */
const MAX_LEGS = 8;

const byId = <T>(rows: readonly T[], id: (row: T) => string): ById<T> => new Map(rows.map((row) => [id(row), row]));

const grouped = <T>(rows: readonly T[], id: (row: T) => string | null): ById<readonly T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = id(row);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
};

const present = (values: readonly (string | null)[]): readonly string[] => values.filter((value) => value !== null);

/** The id of the request in an item of approvals: `approval#record`. */
export const approvalIdOf = (item: string): string => item.split('#')[0] ?? '';
/** The id of the event in an item of events: `event`, or `event@account`. */
export const eventIdOf = (item: string): string => item.split('@')[0] ?? '';
/** The number of the record in an item of records: `12`, or `record 12`. */
export const recordNumberOf = (item: string): number | null => {
  const [, digits] = /^(?:record )?(\d{1,15})$/.exec(item) ?? [];
  return digits === undefined ? null : Number(digits);
};

/** The calls, and the legs they continue. */
const withLegs = async (reader: Reader, ids: Iterable<string>): Promise<readonly CallRow[]> => {
  const calls: CallRow[] = [];
  let wanted = [...ids];
  for (let leg = 0; leg < MAX_LEGS && wanted.length > 0; leg++) {
    const found = await callsById(reader, wanted);
    calls.push(...found);
    const known = new Set(calls.map(({ id }) => id));
    wanted = present(found.map(({ continues }) => continues)).filter((id) => !known.has(id));
  }
  return calls;
};

const recordNumbers = (items: readonly string[], calls: readonly CallRow[], configs: readonly ConfigRow[]) => [
  ...calls.flatMap(({ seq, resultSeq }) => (resultSeq === null ? [seq] : [seq, resultSeq])),
  ...configs.map(({ seq }) => seq),
  ...items.map(recordNumberOf).filter((seq) => seq !== null),
];

/** Reads what belongs to the items: their calls, approvals, events, and the records of all of these. */
export const readMaterial = async (reader: Reader, items: readonly string[]): Promise<Material> => {
  const days = await callsByDay(reader, items);
  const events = await eventsById(reader, items.map(eventIdOf));
  const own = await withLegs(reader, [...items, ...present(events.map(({ call }) => call))]);
  const approvalIds = [...items.map(approvalIdOf), ...present(own.map(({ approval }) => approval))];
  const approvals = await approvalsById(reader, approvalIds);
  const asked = approvals.map(({ id }) => id);
  const approved = await callsByApproval(reader, asked);
  const calls = [...own, ...approved, ...days];
  const sessions = [...present(calls.map(({ session }) => session)), ...approvals.map(({ session }) => session)];
  const opened = await recordsOfSessions(reader, [...sessions, ...present(events.map(({ session }) => session))]);
  const configs = await configsByDigest(reader, items);
  const id = (row: { readonly id: string }): string => row.id;
  const field =
    (name: string) =>
    ({ d }: RecordRow): string =>
      String(JSON.parse(d)[name]);
  return {
    calls: byId(calls, id),
    callsOfApproval: grouped(approved, ({ approval }) => approval),
    days: grouped(days, ({ day }) => day),
    approvals: byId(approvals, id),
    decisions: grouped(await decisionsOf(reader, asked), ({ approval }) => approval),
    events: grouped(events, id),
    eventsOfCall: grouped(await eventsByCall(reader, calls.map(id)), ({ call }) => call),
    records: new Map(
      (await recordsByNumber(reader, recordNumbers(items, calls, configs))).map((row) => [row.seq, row]),
    ),
    recordsOfApproval: grouped(await recordsOfApprovals(reader, asked), field('approval')),
    opened: byId(opened, field('session')),
    configs: byId(configs, ({ digest }) => digest),
    files: byId(await filesByKey(reader, items), ({ key }) => key),
  };
};
