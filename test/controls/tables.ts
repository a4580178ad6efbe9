import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Builder, openBuilder } from '../../src/warehouse/open.js';
import { TABLES } from '../../src/warehouse/schema.js';

type Value = null | boolean | number | string | readonly string[];
export type Values = Readonly<Record<string, Value>>;

const literal = (value: Value): string => {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'object' ? `[${value.map(literal).join(', ')}]` : String(value);
};

/** Minutes and seconds after 2026-11-24 05:00 UTC. */
export const t = (minutes: number, seconds = 0): string =>
  new Date(Date.parse('2026-11-24T05:00:00Z') + minutes * 60_000 + seconds * 1000).toISOString().replace('Z', '');

export const PERIOD = {
  from: Date.parse('2026-11-24T05:00:00Z'),
  to: Date.parse('2026-11-24T06:00:00Z'),
  label: '2026-11-24T05Z',
};

/** What a row has where a test says nothing. */
const DEFAULTS: Readonly<Record<string, Values>> = {
  record: { m: 0, type: 'hb', leaf: 'aa', boot: 'b1', d: '{}' },
  gw_call: {
    session_id: 'S1',
    issuer: 'https://idp',
    subject: 'ada',
    principal: 'https://idp|ada',
    person_label: 'Ada',
    person: null,
    principal_kind: 'human',
    groups: [],
    amr: [],
    server: 'files',
    method: 'tools/call',
    target: 'write_file',
    forwarded: true,
    args_digest: 'd1',
    definition: 'def1',
    decision: 'allow',
    rule: 'r1',
    policy: 'p1',
    risk: 'low',
    status: 'ok',
    result_seq: 900,
    duration_ms: 5,
    aws_request_ids: [],
  },
  gw_session: {
    principal: 'https://idp|ada',
    server: 'cloud',
    opened_t: t(0),
    role_session_name: 'cs-S1',
    source_identity: 'cs-ada',
  },
  approval: {
    session_id: 'S1',
    requester: 'https://idp|ada',
    requester_label: 'Ada',
    server: 'files',
    tool: 'write_file',
    args_digest: 'd1',
    definition: 'def1',
    policy: 'p1',
    rule: 'two-eyes',
    needed: 1,
    reviewers: ['leads'],
    deadline: t(59),
    consumptions: 1,
    state: 'consumed',
  },
  approval_decision: { by_principal: 'https://idp|bob', by_label: 'Bob', by_groups: [], verdict: 'approve', amr: [] },
  refused: { address: '127.0.0.1', count: 1 },
  config_load: { outcome: 'loaded', digest: 'c1', policy: 'p1' },
  ct_file: { sha256: 'f1', bytes: 1, kind: 'log', rows_read: 1, out: 1, rejected: 0, duplicate: 0, excluded: 0 },
  ct_event: {
    account_id: '111122223333',
    event_source: 'ec2.amazonaws.com',
    event_name: 'StopInstances',
    file: 'f1',
    idx: 0,
    region: 'eu-central-1',
    identity_type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/r/cs-S1',
  },
  event_match: { account_id: '111122223333', kind: 'MATCHED', tier: 'T1', person_ok: true, bind_conflict: false },
  ct_digest: { status: 'LINKED', signature: 'valid', logs: 1, account_id: '111122223333', region: 'eu-central-1' },
};

export interface TestWarehouse {
  readonly query: Builder['query'];
  readonly stream: Builder['stream'];
  add(table: string, ...rows: readonly Values[]): Promise<void>;
  close(): Promise<void>;
}

/** An empty warehouse with the real tables. */
export const testWarehouse = async (): Promise<TestWarehouse> => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-controls-'));
  const stage = join(dir, 'stage');
  mkdirSync(stage);
  const builder = await openBuilder(join(dir, 'w.duckdb'), stage, { memoryLimit: '200MB', threads: 1 });
  for (const { sql } of TABLES) await builder.run(sql);
  return {
    query: (sql, parameters) => builder.query(sql, parameters),
    stream: (sql, parameters) => builder.stream(sql, parameters),
    add: async (table, ...rows) => {
      for (const row of rows) {
        const values: Values = { ...DEFAULTS[table], ...row };
        const names = Object.keys(values).map((name) => `"${name}"`);
        await builder.run(
          `INSERT INTO ${table} (${names.join(', ')}) VALUES (${Object.values(values).map(literal).join(', ')})`,
        );
      }
    },
    close: async () => {
      await builder.close();
      rmSync(dir, { recursive: true });
    },
  };
};

/** A call at a minute, with the columns that follow from its time. */
export const call = (id: string, minute: number, over: Values = {}): Values => ({
  call_id: id,
  seq: minute * 10 + 1,
  t: t(minute),
  start_ts: t(minute),
  end_ts: t(minute, 1),
  ...over,
});

export const event = (id: string, minute: number, over: Values = {}): Values => ({
  event_id: id,
  event_time: t(minute),
  ...over,
});
