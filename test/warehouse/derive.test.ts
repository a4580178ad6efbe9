import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import type { ApprovalRecord, CallRecord, RecordDraft } from '../../src/model/record.js';
import { buildWarehouse } from '../../src/warehouse/build.js';
import type { LedgerEntryLike } from '../../src/warehouse/load-records.js';
import { openWarehouse, type Row, type Warehouse } from '../../src/warehouse/open.js';
import { entriesOf, type Happened, streamOf } from './ledger.js';
import { ACCOUNT, ISSUER, ROLE, SETTINGS } from './settings.js';

const T = Date.parse('2026-11-20T06:00:00.000Z');
const at = (seconds: number): string => new Date(T + seconds * 1000).toISOString();
const TOKEN = 'hs256:00000000:ff' as const;
const DIGEST = 'hs256:00000000:aa' as const;
const POLICY = 'a'.repeat(64);

const start = (version: string): RecordDraft => ({
  type: 'start',
  d: { version, host: 'gw-1', pid: 1, config: POLICY, demo: false, heartbeat: 60_000 },
});

const call = (id: string, over: Partial<CallRecord> = {}): RecordDraft => ({
  type: 'call',
  d: {
    call: id,
    session: 'S1',
    principal: {
      iss: ISSUER,
      sub: 'p0',
      kind: 'human',
      groups: ['engineering', "o'neil"],
      client_id: 'cli',
      act: 'agent',
      amr: ['pwd', 'mfa'],
      acr: null,
      token: TOKEN,
      exp: T / 1000 + 600,
    },
    server: 'cloud',
    method: 'tools/call',
    target: 'stop_instance',
    forwarded: true,
    args: DIGEST,
    redactions: {},
    definition: null,
    decision: { effect: 'allow', rule: 'r1', policy: POLICY, reason: 'rule r1' },
    approval: null,
    risk: 'high',
    credential: null,
    trace: null,
    ...over,
  },
  payloads: { person: '{"name":null,"email":"ada@example.com"}', args: '{"id":"i-1"}' },
});

const approval = (event: ApprovalRecord['event'], over: Partial<ApprovalRecord> = {}): RecordDraft => ({
  type: 'approval',
  d: {
    event,
    approval: 'A1',
    rule: 'two-eyes',
    session: 'S1',
    requester: { iss: ISSUER, sub: 'p0' },
    server: 'cloud',
    tool: 'stop_instance',
    args: DIGEST,
    definition: null,
    policy: POLICY,
    deadline: at(900),
    needed: 1,
    approved: 0,
    reviewers: ['leads'],
    by: null,
    channel: null,
    address: null,
    call: null,
    ...over,
  },
  payloads: event === 'approved' ? { reason: '"it is fine"', person: '{"name":"Bob"}' } : {},
});

const by: ApprovalRecord['by'] = {
  iss: ISSUER,
  sub: 'p1',
  groups: ['leads'],
  amr: ['hwk'],
  acr: null,
  client_id: 'cli',
  auth_time: T / 1000,
  token: TOKEN,
};

const session = (event: 'opened' | 'closed'): RecordDraft => ({
  type: 'session',
  d: {
    event,
    session: 'S1',
    principal: { iss: ISSUER, sub: 'p0' },
    server: 'cloud',
    revision: '2025-11-25',
    address: '10.0.0.9',
    reason: event === 'closed' ? 'idle' : null,
    calls: 1,
    dropped: 0,
  },
});

const credential = (key: string, expires: number): CallRecord['credential'] => ({
  kind: 'aws',
  role_arn: ROLE,
  access_key_id: key,
  session_name: 'cs-S1',
  source_identity: sourceIdentity(ISSUER, 'p0'),
  expires: at(expires),
});

const result = (id: string, over: object = {}): RecordDraft => ({
  type: 'result',
  d: {
    call: id,
    intent: 1,
    status: 'ok',
    ms: 250,
    bytes: 42,
    redactions: { email: 2 },
    aws_request_ids: ['r-1', 'r-2'],
    ...over,
  },
  payloads: { result: '{"content":"masked"}' },
});

const HAPPENED: readonly Happened[] = (
  [
    [0, start('0.1.0')],
    [
      1,
      {
        type: 'config',
        d: {
          outcome: 'loaded',
          digest: POLICY,
          policy: POLICY,
          files: [],
          git: { commit: 'abc', dirty: true },
          reason: null,
        },
      },
    ],
    [2, session('opened')],
    [
      3,
      {
        type: 'auth',
        d: {
          reason: 'expired',
          use: 'mcp',
          iss: null,
          sub: null,
          kid: null,
          address: '10.0.0.1',
          server: 'cloud',
          count: 3,
        },
      },
    ],
    [
      4,
      {
        type: 'refuse',
        d: {
          reason: 'body_too_large',
          principal: { iss: ISSUER, sub: 'p0' },
          address: '10.0.0.1',
          server: null,
          count: 1,
        },
      },
    ],
    [10, approval('requested')],
    [20, approval('approved', { by, approved: 1 })],
    [20, approval('granted', { approved: 1 })],
    [30, approval('consumed', { approved: 1, call: 'C1' })],
    [30, call('C1', { approval: 'A1', credential: credential('ASIA1', 3600) })],
    [31, result('C1')],
    [40, call('C2', { forwarded: false, decision: { effect: 'deny', rule: null, policy: POLICY, reason: 'no rule' } })],
    [50, call('C3', { credential: credential('ASIA2', 7200) })],
    [51, result('C3', { status: 'unknown', ms: 0, aws_request_ids: [] })],
    [55, call('C4', { session: null })],
    [56, { type: 'masking', d: { event: 'failure', call: 'C4', problem: 'too deep' } }],
    [
      57,
      {
        type: 'message',
        d: {
          session: 'S1',
          server: 'cloud',
          direction: 'to_client',
          kind: 'notification',
          method: 'm',
          call: null,
          forwarded: true,
          redactions: {},
        },
      },
    ],
    [60, { type: 'hb', d: { counts: {} } }],
    [300, { type: 'hb', d: { counts: {} } }],
    [310, session('closed')],
  ] satisfies readonly (readonly [number, RecordDraft])[]
).map(([seconds, draft]) => ({ at: T + seconds * 1000, draft }));

const RESTARTS: readonly Happened[] = [
  { at: T + 400_000, boot: 'boot-2', draft: start('0.1.0') },
  { at: T + 410_000, boot: 'boot-2', draft: { type: 'stop', d: { reason: 'SIGTERM' } } },
  { at: T + 500_000, boot: 'boot-3', draft: start('0.1.1') },
];

const dir = mkdtempSync(join(tmpdir(), 'cs-derive-'));
const build = (name: string, entries: readonly LedgerEntryLike[]) =>
  buildWarehouse({
    dataDir: join(dir, name),
    records: streamOf(entries),
    settings: SETTINGS,
    rescan: (text) => (text.includes('masked') ? ['email', 'jwt', 'email'] : []),
    ledgerCheck: [{ origin: SETTINGS.ledger.origin, ok: true, code: null, message: null }],
  });

let warehouse: Warehouse;
const one = async (sql: string): Promise<Row | undefined> => (await warehouse.query(sql))[0];

beforeAll(async () => {
  const { file } = await build('one', entriesOf([...HAPPENED, ...RESTARTS]));
  warehouse = await openWarehouse(file);
});
afterAll(async () => {
  await warehouse.close();
  rmSync(dir, { recursive: true });
});

describe('the gateway’s tables', () => {
  it('a call with its result', async () => {
    expect(await one(`SELECT * FROM gw_call WHERE call_id = 'C1'`)).toMatchObject({
      seq: 9,
      t: at(30),
      session_id: 'S1',
      principal: `${ISSUER}|p0`,
      person_label: 'ada@example.com',
      person: 'owner@example.com',
      groups: ['engineering', "o'neil"],
      actor: 'agent',
      amr: ['pwd', 'mfa'],
      forwarded: true,
      decision: 'allow',
      policy: POLICY,
      approval_id: 'A1',
      risk: 'high',
      access_key_id: 'ASIA1',
      role_session_name: 'cs-S1',
      status: 'ok',
      result_t: at(31),
      duration_ms: 250,
      result_bytes: 42,
      redactions: '{"email":2}',
      aws_request_ids: ['r-1', 'r-2'],
      start_ts: at(30),
      end_ts: at(30.25),
    });
  });

  it('a call without, and one with an unknown outcome, last as long as a call may', async () => {
    const rows = await warehouse.query('SELECT call_id, status, rule, end_ts, session_id FROM gw_call ORDER BY seq');
    expect(rows.slice(1)).toEqual([
      { call_id: 'C2', status: null, rule: null, end_ts: at(40), session_id: 'S1' },
      { call_id: 'C3', status: 'unknown', rule: 'r1', end_ts: at(110), session_id: 'S1' },
      { call_id: 'C4', status: null, rule: 'r1', end_ts: at(115), session_id: null },
    ]);
  });

  it('a session with each of its credentials', async () => {
    expect(await one('SELECT * FROM gw_session')).toEqual({
      session_id: 'S1',
      principal: `${ISSUER}|p0`,
      server: 'cloud',
      revision: '2025-11-25',
      opened_t: at(2),
      closed_t: at(310),
      role_arn: ROLE,
      role_session_name: 'cs-S1',
      access_key_id: 'ASIA2',
      source_identity: sourceIdentity(ISSUER, 'p0'),
      expires_ts: at(7200),
    });
    expect(await warehouse.query('SELECT access_key_id FROM gw_credential ORDER BY 1')).toHaveLength(2);
    expect(await warehouse.query('SELECT arn FROM governed_role ORDER BY 1')).toEqual([
      { arn: ROLE },
      { arn: `arn:aws:iam::${ACCOUNT}:role/mcp-shared` },
    ]);
  });

  it('an approval and its decision', async () => {
    expect(await one('SELECT * FROM approval')).toMatchObject({
      approval_id: 'A1',
      requester: `${ISSUER}|p0`,
      requested_t: at(10),
      deadline: at(900),
      needed: 1,
      reviewers: ['leads'],
      granted_t: at(20),
      consumed_t: at(30),
      consumed_call: 'C1',
      consumptions: 1,
      state: 'consumed',
    });
    expect(await one('SELECT * FROM approval_decision')).toMatchObject({
      by_principal: `${ISSUER}|p1`,
      by_label: 'Bob',
      by_person: 'other@example.com',
      by_groups: ['leads'],
      verdict: 'approve',
      amr: ['hwk'],
      auth_time: at(0),
      reason: 'it is fine',
      passkey: null,
    });
  });

  it('refusals, messages, masking failures and configurations', async () => {
    expect(await one('SELECT * FROM auth_refused')).toMatchObject({
      reason: 'expired',
      use: 'mcp',
      issuer: null,
      count: 3,
    });
    expect(await one('SELECT * FROM refused')).toMatchObject({ reason: 'body_too_large', principal: `${ISSUER}|p0` });
    expect(await one('SELECT * FROM masking_failure')).toMatchObject({ call_id: 'C4', problem: 'too deep' });
    expect(await one('SELECT * FROM message')).toMatchObject({
      direction: 'to_client',
      kind: 'notification',
      forwarded: true,
    });
    expect(await one('SELECT * FROM config_load')).toMatchObject({
      outcome: 'loaded',
      git_commit: 'abc',
      git_dirty: true,
    });
  });

  it('runs, and every kind of gap', async () => {
    const runs = await warehouse.query('SELECT boot, clean, reason, version FROM gateway_run ORDER BY started');
    expect(runs).toEqual([
      { boot: 'boot-1', clean: false, reason: null, version: '0.1.0' },
      { boot: 'boot-2', clean: true, reason: 'SIGTERM', version: '0.1.0' },
      { boot: 'boot-3', clean: false, reason: null, version: '0.1.1' },
    ]);
    expect(await warehouse.query('SELECT from_t, to_t, seconds, kind FROM recording_gap ORDER BY from_t')).toEqual([
      { from_t: at(60), to_t: at(300), seconds: 240, kind: 'silence' },
      { from_t: at(310), to_t: at(400), seconds: 90, kind: 'unclean_restart' },
      { from_t: at(410), to_t: at(500), seconds: 90, kind: 'stopped' },
    ]);
  });

  it('the second detector’s findings, the ledger’s verification, the datasets', async () => {
    expect(await warehouse.query(`SELECT kind FROM rescan WHERE call_id = 'C1' ORDER BY 1`)).toEqual([
      { kind: 'email' },
      { kind: 'jwt' },
    ]);
    expect(await one('SELECT ok FROM ledger_check')).toEqual({ ok: true });
    const datasets = await warehouse.query('SELECT name, rows_read, out FROM dataset ORDER BY name');
    expect(datasets).toEqual([
      { name: 'CloudTrail digests', rows_read: 0, out: 0 },
      { name: 'CloudTrail events', rows_read: 0, out: 0 },
      { name: 'Configuration', rows_read: 1, out: 1 },
      { name: 'Gateway records', rows_read: 23, out: 23 },
    ]);
  });
});

describe('records that cannot be', () => {
  const entries = entriesOf(HAPPENED);
  const without = (seq: number): readonly LedgerEntryLike[] => entries.filter((entry) => entry.seq !== seq);

  it('missing numbers and a clock turned back are gaps', async () => {
    const back = without(4).map((entry) => (entry.seq === 7 ? { ...entry, t: at(-5) } : entry));
    const { file } = await build('gaps', back);
    const other = await openWarehouse(file);
    const kinds = await other.query('SELECT kind, seq FROM recording_gap ORDER BY seq, kind');
    expect(kinds).toContainEqual({ kind: 'sequence', seq: 5 });
    expect(kinds).toContainEqual({ kind: 'clock_back', seq: 7 });
    await other.close();
  });

  const twins: readonly (readonly [what: string, draft: RecordDraft])[] = [
    ['a call', call('C1')],
    ['the result of a call', result('C1')],
    ['an access key', call('C9', { session: 'S2', credential: credential('ASIA1', 3600) })],
    ['an approval', approval('requested')],
  ];
  it.each(twins)('%s twice is refused: it would multiply rows', async (what, draft) => {
    const twice = entriesOf([...HAPPENED, { at: T + 320_000, draft }]);
    await expect(build('twice', twice)).rejects.toMatchObject({
      code: 'WAREHOUSE_NOT_UNIQUE',
      exit: 12,
      details: { what },
    });
  });

  it('a record without a time, or a result in a blob that is gone, stops the build', async () => {
    const [first] = entries;
    if (!first) throw new Error('a record');
    await expect(build('bad', [{ ...first, t: 'yesterday' }])).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED' });
    const blob = (path: string) =>
      entries.map((entry) => (entry.type === 'result' ? { ...entry, payloads: { result: { blob: path } } } : entry));
    await expect(build('bad', blob(join(dir, 'gone')))).rejects.toMatchObject({ code: 'WAREHOUSE_FAILED' });
    writeFileSync(join(dir, 'answer.json'), '"masked"');
    const { file } = await build('blob', blob(join(dir, 'answer.json')));
    const other = await openWarehouse(file);
    expect((await other.query('SELECT text FROM gw_result_text'))[0]).toEqual({ text: '"masked"' });
    await other.close();
  });
});
