/** Records of the ledger into the warehouse, in one pass and bounded memory. */
import { createHash } from 'node:crypto';
import { readBounded } from '../base/durable.js';
import { reason } from '../base/errors.js';
import type { ServerSettings } from '../model/settings.js';
import { type CallResource, createCallResources } from './call-resources.js';
import { createInputCheck, type InputCheck } from './input-check.js';
import type { Appender, Builder } from './open.js';

/** A record as the ledger's reader yields it. */
export interface LedgerEntryLike {
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly t: string;
  readonly m: number;
  readonly boot: string;
  readonly type: string;
  /** The record's body, a JSON object. */
  readonly d: unknown;
  /** Leaf hash, hex. */
  readonly leaf: string;
  /** Payload lines that are still there, by name: JSON text, or the path of the file that holds it. */
  readonly payloads: Readonly<Record<string, { readonly data: string } | { readonly blob: string }>>;
}

/** What came of it, for the dataset's row. */
export interface LoadedRecords {
  readonly count: number;
  /** SHA-256 over the leaf hashes in order, each with a line feed. */
  readonly sha256: string;
}

interface Appenders {
  readonly record: Appender;
  readonly text: Appender;
  readonly result: Appender;
  readonly rescan: Appender;
  readonly input: Appender;
  readonly resource: Appender;
}

/** Payloads that tests read, beside results. */
const TEXTS: ReadonlySet<string> = new Set(['person', 'reason']);

const field = (d: unknown, name: 'call' | 'definition' | 'digest' | 'server' | 'target'): string | null => {
  const value: unknown = typeof d === 'object' && d !== null ? Reflect.get(d, name) : null;
  return typeof value === 'string' ? value : null;
};

/** The second detector; kinds of pattern found in a text. */
export type Rescan = (text: string) => readonly string[];

/** Largest payload that is read from a blob: an answer is bounded far below. */
const MAX_BLOB_BYTES = 256 * 1024 ** 2;

const textOf = async (payload: LedgerEntryLike['payloads'][string]): Promise<string> =>
  'data' in payload ? payload.data : (await readBounded(payload.blob, MAX_BLOB_BYTES)).toString('utf8');

/** Learns the definitions of tools, and holds arguments against them. */
const checkInput = async (to: Appenders, { type, d, payloads }: LedgerEntryLike, inputs: InputCheck): Promise<void> => {
  const { definition, args } = payloads;
  const digest = field(d, 'digest');
  if (type === 'tool' && definition && digest !== null) inputs.learn(digest, await textOf(definition));
  const [call, known] = [field(d, 'call'), field(d, 'definition')];
  if (type !== 'call' || !args || !('data' in args) || call === null || known === null) return;
  const problem = inputs.check(known, args.data);
  if (problem !== undefined) to.input.add([call, known, problem]);
};

/** What a record names of AWS; only calls do. */
export const namedBy = (
  { type, d, payloads: { args } }: LedgerEntryLike,
  resourcesOf: ReturnType<typeof createCallResources>,
): readonly CallResource[] => {
  const [server, target] = [field(d, 'server'), field(d, 'target')];
  if (type !== 'call' || !args || !('data' in args) || server === null || target === null) return [];
  return resourcesOf(server, target, args.data);
};

const addPayloads = async (to: Appenders, entry: LedgerEntryLike, rescan: Rescan | undefined): Promise<void> => {
  for (const [name, payload] of Object.entries(entry.payloads)) {
    if (TEXTS.has(name)) to.text.add([entry.seq, name, await textOf(payload)]);
    const call = entry.type === 'result' && name === 'result' ? field(entry.d, 'call') : null;
    if (call === null) continue;
    const text = await textOf(payload);
    to.result.add([call, text]);
    for (const kind of new Set(rescan?.(text))) to.rescan.add([call, kind]);
  }
};

const timeOf = (entry: LedgerEntryLike): number => {
  const ms = Date.parse(entry.t);
  if (Number.isNaN(ms)) throw new Error(`record ${entry.seq} has no valid time`);
  return ms;
};

/**
 * Appends every record and the payloads that tests read.
 * @param servers say what calls name of AWS
 * @param rescan where given, the kinds it finds in each recorded result go into `rescan`
 */
export const loadRecords = async (
  builder: Builder,
  records: AsyncIterable<LedgerEntryLike>,
  servers: readonly ServerSettings[],
  rescan?: Rescan,
): Promise<LoadedRecords> => {
  const to: Appenders = {
    record: await builder.appender('record'),
    text: await builder.appender('record_text'),
    result: await builder.appender('gw_result_text'),
    rescan: await builder.appender('rescan'),
    input: await builder.appender('input_check'),
    resource: await builder.appender('call_resource'),
  };
  const hash = createHash('sha256');
  const inputs = createInputCheck();
  const resourcesOf = createCallResources(servers);
  let count = 0;
  try {
    for await (const entry of records) {
      const { seq, m, type, leaf, boot, d } = entry;
      to.record.add([seq, timeOf(entry), m, type, leaf, boot, JSON.stringify(d)]);
      await addPayloads(to, entry, rescan);
      await checkInput(to, entry, inputs);
      for (const { source, name, resource } of namedBy(entry, resourcesOf))
        to.resource.add([seq, source, name, resource]);
      hash.update(`${leaf}\n`);
      count++;
    }
  } finally {
    for (const appender of Object.values(to)) appender.close();
  }
  return { count, sha256: hash.digest('hex') };
};

/** Statements that must count nothing: what they name would multiply rows in joins. */
export const UNIQUE: readonly (readonly [what: string, sql: string])[] = [
  ['a record number', 'SELECT seq::VARCHAR AS item FROM record GROUP BY seq HAVING count(*) > 1'],
  ['a call', 'SELECT call_id AS item FROM gw_call GROUP BY call_id HAVING count(*) > 1'],
  [
    'the result of a call',
    `SELECT d->>'$.call' AS item FROM record WHERE type = 'result' GROUP BY ALL HAVING count(*) > 1`,
  ],
  ['a session', 'SELECT session_id AS item FROM gw_session GROUP BY session_id HAVING count(*) > 1'],
  ['an access key', 'SELECT access_key_id AS item FROM gw_credential GROUP BY access_key_id HAVING count(*) > 1'],
  ['an approval', 'SELECT approval_id AS item FROM approval GROUP BY approval_id HAVING count(*) > 1'],
  ['a start', 'SELECT boot AS item FROM gateway_run GROUP BY boot HAVING count(*) > 1'],
];

/** First line of a problem, for messages. */
export const problemOf = (error: unknown): string => reason(error).split('\n')[0] ?? '';
