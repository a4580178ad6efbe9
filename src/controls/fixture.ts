/** Rows of a small invented warehouse, in which the cases of a control play. */

export type FixtureValue = null | boolean | number | string | readonly string[];
export type FixtureRow = Readonly<Record<string, FixtureValue>>;
/** Rows by table. */
export type FixtureRows = Readonly<Record<string, readonly FixtureRow[]>>;

/** The quarter of all cases, and a moment in it that rows have where a case names no time. */
export const CASE_PERIOD = { from: Date.UTC(2026, 6, 1), to: Date.UTC(2026, 9, 1), label: '2026-Q3' } as const;
const NOON = '2026-08-03 12:00:00';

const CALL: FixtureRow = {
  seq: 100,
  t: NOON,
  start_ts: NOON,
  end_ts: '2026-08-03 12:00:01',
  session_id: 'S1',
  issuer: 'https://idp',
  subject: 'ada',
  principal: 'https://idp|ada',
  person_label: 'Ada',
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
  result_seq: 101,
  duration_ms: 5,
  aws_request_ids: [],
};

const APPROVAL: FixtureRow = {
  session_id: 'S1',
  requester: 'https://idp|ada',
  requester_label: 'Ada',
  server: 'files',
  tool: 'write_file',
  args_digest: 'd1',
  definition: 'def1',
  policy: 'p1',
  rule: 'two-eyes',
  requested_t: '2026-08-03 11:58:00',
  deadline: '2026-08-03 12:13:00',
  needed: 1,
  reviewers: ['leads'],
  granted_t: '2026-08-03 11:59:00',
  consumed_t: NOON,
  consumptions: 1,
  state: 'consumed',
};

const EVENT: FixtureRow = {
  event_time: NOON,
  account_id: '111122223333',
  event_source: 'ec2.amazonaws.com',
  event_name: 'StopInstances',
  region: 'eu-central-1',
  identity_type: 'AssumedRole',
  arn: 'arn:aws:sts::111122223333:assumed-role/files-mcp/cs-S1',
  request_parameters: '{}',
  file: 'f1',
  idx: 0,
};

/** What a row of each table has where a case says nothing. */
const DEFAULTS: Readonly<Record<string, FixtureRow>> = {
  record: { t: NOON, m: 0, type: 'hb', leaf: 'aa', boot: 'b1', d: '{}' },
  gw_call: CALL,
  gw_session: {
    principal: 'https://idp|ada',
    server: 'files',
    opened_t: NOON,
    role_session_name: 'cs-S1',
    source_identity: 'cs-ada',
  },
  approval: APPROVAL,
  approval_decision: {
    seq: 99,
    t: '2026-08-03 11:59:00',
    by_principal: 'https://idp|bob',
    by_label: 'Bob',
    by_groups: ['leads'],
    verdict: 'approve',
    amr: [],
  },
  refused: { seq: 100, t: NOON, address: '192.0.2.1', count: 1 },
  config_load: { seq: 1, t: '2026-07-01 00:00:00', outcome: 'loaded', digest: 'c1', policy: 'p1' },
  probe: {
    seq: 1,
    t: NOON,
    server: 'files',
    transport: 'http',
    outcome: 'refused',
    address: 'https://files.internal/mcp',
    says: 'it refuses requests without a credential (HTTP 401)',
    tried_from: 'root@gw-1',
  },
  recording_gap: { from_t: NOON, to_t: '2026-08-03 12:10:00', seconds: 600 },
  ct_file: { sha256: 'f1', bytes: 1, kind: 'log', rows_read: 1, out: 1, rejected: 0, duplicate: 0, excluded: 0 },
  ct_event: EVENT,
  event_match: {
    account_id: '111122223333',
    event_time: NOON,
    kind: 'MATCHED',
    tier: 'T1',
    person_ok: true,
    bind_conflict: false,
  },
  ct_digest: { status: 'LINKED', signature: 'valid', logs: 1, account_id: '111122223333', region: 'eu-central-1' },
  tool_aws_map: {
    server: 'files',
    tool: 'write_file',
    event_source: 'ec2.amazonaws.com',
    event_name: 'StopInstances',
    write: true,
    async_s: 0,
    data: false,
  },
  server: { id: 'files', kind: 'stdio', aws: false, personal: false, purposes: [] },
  identity_snapshot: {
    kind: 'okta',
    file: 's1',
    sha256: 's1',
    taken: '2026-09-30 12:00:00',
    rows: 1,
    added: 0,
    changed: 0,
    gone: 0,
    in_force: true,
  },
  idp_user: {
    source: 'okta',
    user_id: 'u1',
    login: 'ada',
    status: 'ACTIVE',
    active: true,
    created_t: '2026-01-01 00:00:00',
  },
  idp_group: { source: 'okta', group_id: 'g1' },
  idp_member: { source: 'okta', group_id: 'g1', user_id: 'u1' },
  leaver: { person: 'ada@example.com', ended: NOON },
  finding_case: { opened_t: NOON, owner: 'cara' },
  disclosure: { disclosed_t: NOON, recipient: 'Bank', data: 'name', purpose: 'audit' },
  input_check: { definition: 'def1' },
  gw_result_text: { text: '{}' },
  call_missing: { until_t: '2026-08-03 12:15:00', settled: true },
};

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

const literal = (value: FixtureValue): string => {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'object' ? `[${value.map(literal).join(', ')}]` : String(value);
};

/**
 * The statement that adds one row.
 * @throws Error where a name is none of a table or column
 */
export const insertRow = (table: string, row: FixtureRow): string => {
  const values: FixtureRow = { ...DEFAULTS[table], ...row };
  const names = Object.keys(values);
  const odd = [table, ...names].find((name) => !NAME.test(name));
  if (odd !== undefined) throw new Error(`${JSON.stringify(odd)} is no name of a table or column`);
  const columns = names.map((name) => `"${name}"`).join(', ');
  return `INSERT INTO ${table} (${columns}) VALUES (${Object.values(values).map(literal).join(', ')})`;
};

/** The statement that empties a table again. */
export const emptyTable = (table: string): string => `DELETE FROM ${table}`;
