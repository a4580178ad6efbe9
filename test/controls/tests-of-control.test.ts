import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Control, SOURCES } from '../../src/controls/definition.js';
import { loadControls } from '../../src/controls/load.js';
import { runControls } from '../../src/controls/run.js';
import type { TestResult } from '../../src/model/evidence.js';
import { call, event, PERIOD, type TestWarehouse, t, testWarehouse } from './tables.js';

const dir = fileURLToPath(new URL('../../controls/soc2', import.meta.url));
let controls: readonly Control[];
let warehouse: TestWarehouse;
let results: ReadonlyMap<string, TestResult>;

const LOG = (minute: string, n: string): string =>
  `AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/24/111122223333_CloudTrail_eu-central-1_20261124T${minute}Z_${n}.json.gz`;
const DIGEST = (stamp: string): string =>
  `AWSLogs/111122223333/CloudTrail-Digest/eu-central-1/111122223333_CloudTrail-Digest_eu-central-1_trail_eu-central-1_20261124T${stamp}Z.json.gz`;

const gatewayRows = async (w: TestWarehouse): Promise<void> => {
  await w.add('config_load', { seq: 0, t: t(0) });
  await w.add(
    'gw_call',
    call('ok', 1),
    call('no-policy', 2, { policy: 'other' }),
    call('denied', 3, { decision: 'deny', rule: null, forwarded: false, status: null, result_seq: null }),
    call('denied-ran', 4, { decision: 'deny', forwarded: true }),
    call('bot-owned', 5, { principal_kind: 'workload', principal: 'https://idp|bot', person: 'owner@x' }),
    call('bot-alone', 6, { principal_kind: 'workload', principal: 'https://idp|bot2', person_label: 'bot2' }),
    call('high-ok', 10, { risk: 'high', decision: 'require_approval', approval_id: 'A1' }),
    call('high-none', 11, { risk: 'high' }),
    call('high-late', 12, { risk: 'high', decision: 'require_approval', approval_id: 'A2' }),
    call('high-args', 13, { risk: 'high', decision: 'require_approval', approval_id: 'A3', args_digest: 'd9' }),
    call('again', 14, { risk: 'high', decision: 'require_approval', approval_id: 'A1' }),
    call('window-1', 15, { risk: 'high', decision: 'require_approval', approval_id: 'W1', args_digest: 'd7' }),
    call('window-2', 16, { risk: 'high', decision: 'require_approval', approval_id: 'W1', args_digest: 'd8' }),
    call('slow', 20, { status: 'timed_out', duration_ms: 30_000 }),
    call('lost', 21, { status: null, result_seq: null }),
    call('flying', 59, { status: null, result_seq: null, end_ts: t(70) }),
    call('outside', 61, { policy: 'other' }),
    call('personal-ok', 30, { server: 'crm' }),
    call('personal-none', 31, { server: 'hr' }),
  );
  await w.add(
    'approval',
    {
      approval_id: 'A1',
      requested_t: t(9),
      deadline: t(59),
      granted_t: t(9, 30),
      consumed_t: t(10),
      consumed_call: 'high-ok',
    },
    {
      approval_id: 'A2',
      requested_t: t(12),
      deadline: t(59),
      granted_t: t(12, 41),
      consumed_t: t(12),
      consumed_call: 'high-late',
    },
    {
      approval_id: 'A3',
      requested_t: t(12),
      deadline: t(59),
      granted_t: t(12, 50),
      consumed_t: t(13),
      consumed_call: 'high-args',
    },
    {
      approval_id: 'W1',
      deadline: t(59),
      requested_t: t(14),
      granted_t: t(14, 50),
      consumed_t: t(15),
      consumed_call: 'window-1',
      consumptions: 2,
      window_uses: 2,
    },
  );
  await w.add(
    'approval_decision',
    { approval_id: 'W1', seq: 145, t: t(14, 50) },
    { approval_id: 'A1', seq: 95, t: t(9, 30) },
    { approval_id: 'A2', seq: 124, t: t(12, 41), by_principal: 'https://idp|ada', by_label: 'Ada' },
    { approval_id: 'A3', seq: 126, t: t(12, 50), by_principal: 'https://idp|ada2', by_person: 'ada@x' },
  );
  await w.add('person_link', { person: 'ada@x', principal: 'https://idp|ada', kind: 'subject' });
  await w.add(
    'server',
    { id: 'files', kind: 'stdio', aws: false, personal: null, purposes: [] },
    { id: 'crm', kind: 'http', aws: false, personal: true, purposes: ['support'] },
    { id: 'hr', kind: 'http', aws: false, personal: true, purposes: [] },
  );
  await w.add('gw_result_text', { call_id: 'ok', text: '{}' }, { call_id: 'personal-ok', text: 'AKIA' });
  await w.add('rescan', { call_id: 'personal-ok', kind: 'aws-access-key-id' });
  await w.add('refused', { seq: 400, t: t(40), reason: 'not_recorded', count: 3 });
};

const ledgerRows = async (w: TestWarehouse): Promise<void> => {
  await w.add(
    'record',
    { seq: 1, t: t(0), type: 'start' },
    { seq: 2, t: t(1) },
    { seq: 3, t: t(30) },
    { seq: 4, t: t(31), type: 'recover', d: '{"bytes":17}' },
    { seq: 5, t: t(60, 1), type: 'call' },
  );
  await w.add(
    'recording_gap',
    { from_t: t(1), to_t: t(30), seconds: 1740, kind: 'silence', seq: 3 },
    { from_t: t(40), to_t: t(41), seconds: 60, kind: 'stopped', seq: 2 },
  );
  await w.add(
    'ledger_check',
    { origin: 'a', ok: true },
    { origin: 'b', ok: false, code: 'CHAIN_BREAK', message: 'record 7' },
  );
};

const trailRows = async (w: TestWarehouse): Promise<void> => {
  await w.add(
    'gw_call',
    call('stop-ok', 33, { server: 'cloud', target: 'stop', session_id: 'S1' }),
    call('stop-lost', 34, { server: 'cloud', target: 'stop' }),
    call('stop-wait', 35, { server: 'cloud', target: 'stop' }),
    call('denied-seen', 36, { server: 'cloud', decision: 'deny', forwarded: false, status: null, result_seq: null }),
  );
  await w.add('gw_session', { session_id: 'S1' });
  await w.add('tool_aws_map', {
    server: 'cloud',
    tool: 'stop',
    event_source: 'ec2.amazonaws.com',
    event_name: 'StopInstances',
    write: true,
    async_s: 0,
  });
  await w.add(
    'call_missing',
    { call_id: 'stop-lost', until_t: t(36), settled: true },
    { call_id: 'stop-wait', until_t: t(59), settled: false },
  );
  await w.add(
    'ct_event',
    event('e-ok', 33, { source_identity: 'cs-ada' }),
    event('e-bypass', 37, { arn: 'arn:aws:iam::111122223333:user/mallory' }),
    event('e-session', 38, { source_identity: 'cs-ada' }),
    event('e-person', 39, { source_identity: 'cs-bob' }),
    event('e-denied', 36),
    event('e-stop', 45, {
      event_source: 'cloudtrail.amazonaws.com',
      event_name: 'StopLogging',
      error_code: 'AccessDenied',
      read_only: false,
      source_identity: 'cs-ada',
    }),
    event('e-stopped', 46, { event_source: 'cloudtrail.amazonaws.com', event_name: 'StopLogging' }),
    event('e-start', 47, { event_source: 'cloudtrail.amazonaws.com', event_name: 'StartLogging' }),
    event('e-bucket', 48, {
      event_source: 's3.amazonaws.com',
      event_name: 'PutBucketPolicy',
      request_parameters: '{"bucketName":"example-trail"}',
    }),
    event('e-other', 49, {
      event_source: 's3.amazonaws.com',
      event_name: 'PutBucketPolicy',
      request_parameters: '{"bucketName":"website"}',
    }),
  );
  await w.add(
    'event_match',
    event('e-ok', 33, { session_id: 'S1', call_id: 'stop-ok' }),
    event('e-bypass', 37, { kind: 'BYPASS', tier: null, person_ok: null }),
    event('e-session', 38, { session_id: 'S1', kind: 'UNEXPLAINED_IN_SESSION' }),
    event('e-person', 39, { session_id: 'S1', person_ok: false }),
    event('e-denied', 36, { session_id: 'S1', call_id: 'denied-seen' }),
  );
};

const fileRows = async (w: TestWarehouse): Promise<void> => {
  await w.add(
    'ct_file',
    { key: LOG('0510', 'a'), sha256: 'a' },
    { key: LOG('0520', 'b'), sha256: 'b', rejected: 1, reason: '1 row is no event' },
    { key: LOG('0530', 'c'), sha256: 'c' },
    { key: LOG('0540', 'f'), sha256: 'f' },
    { key: LOG('0650', 'late'), sha256: 'late' },
    { key: LOG('0450', 'before'), sha256: 'before', reason: 'cut off' },
    { key: DIGEST('050000'), sha256: 'd0', kind: 'digest' },
    { key: DIGEST('060000'), sha256: 'd1', kind: 'digest' },
  );
  await w.add(
    'ct_digest',
    { key: DIGEST('050000'), sha256: 'd0', status: 'MISSING', start_t: t(-60), end_t: t(0) },
    { key: DIGEST('060000'), sha256: 'd1', start_t: t(0), end_t: t(60), signature: 'invalid' },
  );
  await w.add(
    'ct_log_integrity',
    { key: LOG('0510', 'a'), sha256: 'a', digest_key: DIGEST('060000'), state: 'valid' },
    { key: LOG('0530', 'c'), sha256: 'c', digest_key: DIGEST('060000'), state: 'changed', reason: 'another hash' },
    { key: LOG('0535', 'gone'), sha256: 'gone', digest_key: DIGEST('060000'), state: 'missing' },
    { key: LOG('0540', 'f'), sha256: 'f', state: 'in_no_digest' },
    { key: LOG('0650', 'late'), sha256: 'late', state: 'in_no_digest' },
  );
};

beforeAll(async () => {
  controls = await loadControls([dir]);
  warehouse = await testWarehouse();
  await gatewayRows(warehouse);
  await ledgerRows(warehouse);
  await trailRows(warehouse);
  await fileRows(warehouse);
  const run = await runControls(controls, (sql, parameters) => warehouse.query(sql, parameters), {
    period: PERIOD,
    sources: new Set(SOURCES),
  });
  results = new Map(run.map((result) => [result.control, result]));
});
afterAll(() => warehouse.close());

const found = (id: string): Readonly<Record<string, string>> =>
  Object.fromEntries((results.get(id)?.exceptions ?? []).map((e) => [e.item, e.found]));

describe('tests of control over a small warehouse', () => {
  it('none ends in an error', () => {
    expect([...results.values()].filter(({ result }) => result === 'error').map((r) => [r.control, r.reason])).toEqual(
      [],
    );
  });

  it('CS-ACC-01 finds the forwarded call whose policy was never loaded, and the one that was denied', () => {
    expect(results.get('CS-ACC-01')).toMatchObject({ result: 'exceptions', population: 20 });
    expect(found('CS-ACC-01')).toEqual({
      'no-policy': 'The policy other… was not loaded before the call',
      'denied-ran': 'The decision is deny',
    });
  });

  it('CS-ACC-02 finds denied calls that ran or left an event', () => {
    expect(results.get('CS-ACC-02')?.population).toBe(3);
    expect(found('CS-ACC-02')).toEqual({
      'denied-ran': 'The call was forwarded',
      'denied-seen': 'AWS event e-denied carries it',
    });
  });

  it('CS-ACC-03 finds the agent nobody answers for', () => {
    expect(results.get('CS-ACC-03')?.population).toBe(2);
    expect(found('CS-ACC-03')).toEqual({ 'bot-alone': 'Nobody is named' });
  });

  it('CS-APP-01 finds high-risk calls without an approval of exactly them before', () => {
    expect(results.get('CS-APP-01')?.population).toBe(7);
    expect(found('CS-APP-01')).toEqual({
      'high-none': 'No approval',
      'high-late': 'Approved 41 s after the call',
      'high-args': 'The approval was for other arguments',
    });
  });

  it('CS-APP-02 finds approvals by the requester, or by another account of the same person', () => {
    expect(results.get('CS-APP-02')?.population).toBe(4);
    expect(found('CS-APP-02')).toEqual({
      'A2#124': 'The requester approved',
      'A3#126': 'Requester and approver belong to ada@x',
    });
  });

  it('CS-APP-03 finds the approval two calls used, and the one for other arguments', () => {
    expect(results.get('CS-APP-03')?.population).toBe(4);
    expect(found('CS-APP-03')).toEqual({ A1: 'Used by 2 calls', A3: 'The call has other arguments' });
  });

  it('CS-NET-01 tells bypass, unexplained and foreign person apart, and names the person', () => {
    expect(results.get('CS-NET-01')?.population).toBe(5);
    expect(found('CS-NET-01')).toEqual({
      'e-bypass': 'BYPASS: no session issued this identity',
      'e-session': 'UNEXPLAINED_IN_SESSION: no call of the session explains it',
      'e-person': 'PERSON_MISMATCH: source identity cs-bob',
    });
    const people = Object.fromEntries(results.get('CS-NET-01')?.exceptions.map((e) => [e.item, e.person]) ?? []);
    expect(people).toEqual({ 'e-bypass': 'user/mallory', 'e-session': 'Ada', 'e-person': 'cs-bob' });
  });

  it('CS-EFF-01 finds the write without its event, and leaves out the one whose event may still come', () => {
    expect(results.get('CS-EFF-01')?.population).toBe(2);
    expect(found('CS-EFF-01')).toEqual({ 'stop-lost': 'None until 05:36:00 UTC' });
  });

  it('CS-LOG-01 finds silence and what was set aside, not an orderly stop', () => {
    expect(results.get('CS-LOG-01')?.population).toBe(4);
    expect(found('CS-LOG-01')).toEqual({
      3: 'Nothing for 1740 s',
      4: '17 bytes after the last checkpoint were set aside',
    });
  });

  it('CS-LOG-02 names what the verifier found', () => {
    expect(results.get('CS-LOG-02')?.population).toBe(2);
    expect(found('CS-LOG-02')).toEqual({ b: 'CHAIN_BREAK: record 7' });
  });

  it('CS-TRL-01 finds attempts on logging, refused ones too, and leaves other buckets alone', () => {
    expect(results.get('CS-TRL-01')?.population).toBe(5);
    expect(found('CS-TRL-01')).toEqual({
      'e-stop': 'Attempt refused by AWS: AccessDenied',
      'e-stopped': 'Done; logging started again after 60 s',
      'e-bucket': 'Done',
    });
  });

  it('CS-TRL-02 finds files that are changed, missing, in no digest or not read whole', () => {
    expect(results.get('CS-TRL-02')?.population).toBe(7);
    expect(found('CS-TRL-02')).toEqual({
      [LOG('0520', 'b')]: '1 row is no event',
      [LOG('0530', 'c')]: 'Changed: another hash',
      [LOG('0535', 'gone')]: 'missing',
      [LOG('0540', 'f')]: 'in no digest',
      [DIGEST('060000')]: 'The signature is not valid',
    });
  });

  it('CS-MSK-01 finds the answer the second detector objects to', () => {
    expect(results.get('CS-MSK-01')?.population).toBe(2);
    expect(found('CS-MSK-01')).toEqual({ 'personal-ok': 'A pattern of aws-access-key-id' });
  });

  it('CS-PRV-01 finds calls to personal data without a purpose', () => {
    expect(results.get('CS-PRV-01')?.population).toBe(2);
    expect(found('CS-PRV-01')).toEqual({ 'personal-none': 'The server hr states none' });
  });

  it('CS-AVL-01 finds calls without an answer, and refusals for want of the ledger', () => {
    expect(found('CS-AVL-01')).toEqual({
      slow: 'Timed out after 30.0 s',
      lost: 'No outcome is recorded',
      'record 400': '3 requests were refused',
    });
    expect(results.get('CS-AVL-01')?.population).toBe(20);
  });

  it('CS-CHG-01 is not testable without a change register', async () => {
    const sources = new Set(SOURCES.filter((source) => source !== 'change_register'));
    const run = await runControls(controls, (sql, parameters) => warehouse.query(sql, parameters), {
      period: PERIOD,
      sources,
    });
    expect(run.find(({ control }) => control === 'CS-CHG-01')).toMatchObject({
      result: 'not_testable',
      reason: 'No change register is connected.',
      exceptions: [],
    });
  });

  it('every exception says who, what, what was expected and what was found', () => {
    for (const { exceptions } of results.values()) {
      for (const e of exceptions) expect(Object.values(e).every((text) => text !== '')).toBe(true);
    }
  });
});
