/** One planted case for each thing that correlation can say of an event beside an ordinary match. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CORRELATE } from '../../src/warehouse/correlate.js';
import { call, event, type TestWarehouse, t, testWarehouse, type Values } from '../controls/tables.js';

const ROLE = 'arn:aws:iam::111122223333:role/mcp-cloud';
const OTHER = 'arn:aws:iam::111122223333:role/other';
const GATEWAY = 'arn:aws:iam::111122223333:user/gateway';
const MALLORY = 'arn:aws:iam::111122223333:user/mallory';

let warehouse: TestWarehouse;
beforeEach(async () => {
  warehouse = await testWarehouse();
  await warehouse.add('server', { id: 'cloud', kind: 'stdio', aws: true, role_arn: ROLE });
  await warehouse.add('tool_aws_map', {
    server: 'cloud',
    tool: 'stop',
    event_source: 'ec2.amazonaws.com',
    event_name: 'StopInstances',
    write: false,
  });
  await warehouse.add('governed_role', { arn: ROLE });
  await warehouse.add('supporting_op', { event_source: 'sts.amazonaws.com', event_name: 'GetCallerIdentity' });
  await warehouse.add('gw_session', {
    session_id: 'S1',
    server: 'cloud',
    opened_t: t(0),
    role_session_name: 'cs-S1',
    source_identity: 'cs-ada',
    expires_ts: t(60),
  });
  await warehouse.add('gw_credential', {
    access_key_id: 'ASIA1',
    session_id: 'S1',
    role_arn: ROLE,
    role_session_name: 'cs-S1',
    source_identity: 'cs-ada',
    first_seen: t(1),
    expires_ts: t(60),
  });
  await warehouse.add(
    'gw_call',
    call('C1', 10, { server: 'cloud', target: 'stop', session_id: 'S1', access_key_id: 'ASIA1', role_arn: ROLE }),
  );
  await warehouse.add('ct_event', assume('open', 0, GATEWAY, { assume_key_id: 'ASIA1' }));
});
afterEach(() => warehouse.close());

/** An AssumeRole event that names the session. */
const assume = (id: string, minute: number, arn: string, over: Values = {}): Values =>
  event(id, minute, {
    event_source: 'sts.amazonaws.com',
    event_name: 'AssumeRole',
    identity_type: 'IAMUser',
    arn,
    issuer_arn: null,
    role_session_name: null,
    access_key_id: 'AKIA1',
    assume_role_arn: ROLE,
    assume_session_name: 'cs-S1',
    assume_source_identity: 'cs-ada',
    ...over,
  });

/** An event by the session's own credentials, but for what is said otherwise. */
const own = (id: string, minute: number, over: Values = {}): Values =>
  event(id, minute, {
    event_source: 'ec2.amazonaws.com',
    event_name: 'StopInstances',
    issuer_arn: ROLE,
    role_session_name: 'cs-S1',
    access_key_id: 'ASIA1',
    source_identity: 'cs-ada',
    ...over,
  });

const correlated = async (...events: readonly Values[]): Promise<readonly string[]> => {
  await warehouse.add('ct_event', ...events);
  for (const sql of CORRELATE) await warehouse.query(sql);
  const rows = await warehouse.query(
    `SELECT event_id, kind, tier, basis, session_id, call_id FROM event_match WHERE event_id <> 'open' ORDER BY 1`,
  );
  return rows.map((row) =>
    Object.values(row)
      .map((cell) => (typeof cell === 'string' ? cell : '-'))
      .join(' '),
  );
};

describe('bounds of a session', () => {
  it('end with the credential, by AWS’s clock, and begin a minute before the record of its opening', async () => {
    expect(await correlated(own('early', -2), own('first', 0), own('last', 60), own('late', 61))).toEqual([
      'early BYPASS - - - -',
      'first UNEXPLAINED_IN_SESSION T1 - S1 -',
      'last UNEXPLAINED_IN_SESSION T1 - S1 -',
      'late BYPASS - - - -',
    ]);
  });
});

describe('a further role that a session took', () => {
  const taken = own('take', 9, {
    event_source: 'sts.amazonaws.com',
    event_name: 'AssumeRole',
    assume_role_arn: OTHER,
    assume_session_name: 'build',
    assume_key_id: 'ASIA2',
  });
  const further = (id: string, minute: number, over: Values = {}): Values =>
    own(id, minute, { issuer_arn: OTHER, role_session_name: 'build', access_key_id: 'ASIA2', ...over });

  it('is bound by the key that AWS issued to it, and explained by calls as the session’s own', async () => {
    expect(await correlated(taken, further('in', 10), further('out', 20))).toEqual([
      'in MATCHED T2 WINDOW S1 C1',
      'out UNEXPLAINED_IN_SESSION T2 - S1 -',
      'take UNEXPLAINED_IN_SESSION T1 - S1 -',
    ]);
  });

  it('and the one after it', async () => {
    const again = further('again', 9, {
      event_source: 'sts.amazonaws.com',
      event_name: 'AssumeRole',
      assume_role_arn: OTHER,
      assume_session_name: 'deeper',
      assume_key_id: 'ASIA3',
    });
    const found = await correlated(
      taken,
      again,
      further('deep', 10, { role_session_name: 'deeper', access_key_id: 'ASIA3' }),
    );
    expect(found).toContain('deep MATCHED T2 WINDOW S1 C1');
  });

  it('ends an hour after it was taken, and is only probable where nothing says who took it', async () => {
    const found = await correlated(taken, further('ended', 75), further('unseen', 10, { access_key_id: 'ASIA9' }));
    expect(found).toContain('ended BYPASS - - - -');
    expect(found).toContain('unseen PROBABLE T4 PERSON_WINDOW S1 C1');
  });
});

describe('a name that somebody else took', () => {
  const forged = [
    assume('rogue', 5, MALLORY, { assume_key_id: 'ASIAEVIL' }),
    own('used', 10, { access_key_id: 'ASIAEVIL' }),
  ];

  it('is a bypass, within the call’s window too', async () => {
    expect(await correlated(...forged)).toEqual(['rogue BYPASS - - - -', 'used BYPASS - - - -']);
  });

  it('is not told from the gateway’s own where no event shows who issued the recorded keys', async () => {
    await warehouse.query(`DELETE FROM ct_event`);
    expect(await correlated(...forged)).toContain('used MATCHED T1 WINDOW S1 C1');
  });

  it('a key that the gateway renewed within a call is the session’s', async () => {
    const renewed = assume('renew', 9, GATEWAY, { assume_key_id: 'ASIA5' });
    expect(await correlated(renewed, own('used', 10, { access_key_id: 'ASIA5' }))).toEqual([
      'renew SUPPORTING T1 ASSUME_ROLE S1 -',
      'used MATCHED T1 WINDOW S1 C1',
    ]);
  });
});

describe('calls at the same time', () => {
  it('a long call explains what comes after a shorter one that began later has ended; the number of calls is told', async () => {
    const also = { server: 'cloud', target: 'stop', session_id: 'S1', access_key_id: 'ASIA1', role_arn: ROLE };
    await warehouse.add('gw_call', call('LONG', 20, { ...also, end_ts: t(30) }), call('SHORT', 22, also));
    expect(await correlated(own('both', 22), own('later', 25), own('after', 31))).toEqual([
      'after UNEXPLAINED_IN_SESSION T1 - S1 -',
      'both MATCHED T1 WINDOW S1 SHORT',
      'later MATCHED T1 WINDOW S1 LONG',
    ]);
    const rows = await warehouse.query(
      `SELECT candidates, delta_s FROM event_match WHERE call_id IS NOT NULL ORDER BY event_id`,
    );
    expect(rows).toEqual([
      { candidates: 2, delta_s: -1 },
      { candidates: 1, delta_s: -300 },
    ]);
  });
});

describe('a session of another gateway', () => {
  const peer = 'example.com/mcp/gw-2';
  const theirs = (id: string, minute: number, over: Values = {}): Values =>
    own(id, minute, { role_session_name: 'cs-P1', access_key_id: 'ASIAP', source_identity: 'cs-ben', ...over });

  beforeEach(async () => {
    await warehouse.add('peer_session', {
      origin: peer,
      session_id: 'P1',
      principal: 'https://idp|ben',
      server: 'cloud',
      opened_t: t(0),
      role_session_name: 'cs-P1',
      source_identity: 'cs-ben',
      expires_ts: t(60),
      opening_recorded: true,
    });
    await warehouse.add('peer_credential', {
      origin: peer,
      access_key_id: 'ASIAP',
      session_id: 'P1',
      role_arn: ROLE,
      first_seen: t(1),
      expires_ts: t(60),
    });
    await warehouse.add('peer_call', {
      origin: peer,
      seq: 101,
      call_id: 'PC1',
      session_id: 'P1',
      principal: 'https://idp|ben',
      server: 'cloud',
      method: 'tools/call',
      target: 'stop',
      forwarded: true,
      status: 'ok',
      access_key_id: 'ASIAP',
      role_arn: ROLE,
      start_ts: t(10),
      end_ts: t(10, 1),
      aws_request_ids: ['req-of-peer'],
    });
  });

  it('explains its events, by time and by request id, and is named; what it does not explain stays unexplained', async () => {
    expect(
      await correlated(
        theirs('called', 10),
        theirs('named', 10, { request_id: 'req-of-peer' }),
        theirs('not', 20),
        own('ours', 10),
      ),
    ).toEqual([
      'called MATCHED T1 WINDOW P1 PC1',
      'named MATCHED T3 REQUEST_ID P1 PC1',
      'not UNEXPLAINED_IN_SESSION T1 - P1 -',
      'ours MATCHED T1 WINDOW S1 C1',
    ]);
    const rows = await warehouse.query(`SELECT event_id FROM event_match WHERE peer = '${peer}' ORDER BY 1`);
    expect(rows.map((row) => row['event_id'])).toEqual(['called', 'named', 'not']);
  });

  it('counts once where it stands in the own ledger too, and is not asked for effects', async () => {
    await warehouse.query('UPDATE tool_aws_map SET write = true');
    await warehouse.query(`UPDATE peer_session SET session_id = 'S1', role_session_name = 'cs-S1'`);
    await warehouse.query(`UPDATE peer_credential SET session_id = 'S1', access_key_id = 'ASIA1'`);
    expect(await correlated(own('one', 10))).toEqual(['one MATCHED T1 WINDOW S1 C1']);
    expect(await warehouse.query('SELECT call_id FROM call_missing')).toEqual([]);
  });
});

describe('an effect that is a data event', () => {
  const put = { event_source: 's3.amazonaws.com', event_name: 'PutObject', write: true, data: true };
  beforeEach(async () => {
    await warehouse.query(`DELETE FROM tool_aws_map`);
    await warehouse.add('tool_aws_map', { server: 'cloud', tool: 'stop', ...put });
  });
  const missing = async (): Promise<readonly object[]> => [
    ...(await warehouse.query('SELECT call_id FROM call_missing')),
    ...(await warehouse.query('SELECT call_id, event_source FROM call_unrecorded')),
  ];

  it('is not missing where no trail records such events, and is named as not recorded', async () => {
    await correlated();
    expect(await missing()).toEqual([{ call_id: 'C1', event_source: 's3.amazonaws.com' }]);
  });

  it('is missing where a trail records them', async () => {
    await warehouse.query(`INSERT INTO data_events VALUES ('s3.amazonaws.com')`);
    await correlated();
    expect(await missing()).toEqual([{ call_id: 'C1' }]);
  });

  it('is missing where the tool must leave a management event too', async () => {
    await warehouse.add('tool_aws_map', { server: 'cloud', tool: 'stop', write: true });
    await correlated();
    expect(await missing()).toEqual([{ call_id: 'C1' }]);
  });
});

describe('services', () => {
  it('that act for a session are SERVICE; an AWS-managed MCP server acts for whoever asked it', async () => {
    const mark = 'aws-mcp.amazonaws.com';
    const stranger = { issuer_arn: OTHER, role_session_name: 'x', access_key_id: 'ASIAX', source_identity: null };
    expect(
      await correlated(
        own('service', 20, { invoked_by: 'cloudformation.amazonaws.com' }),
        own('asked', 10, { invoked_by: mark }),
        own('strange-1', 20, { ...stranger, invoked_by: mark }),
        own('strange-2', 20, { ...stranger, source_ip: mark }),
        own('strange-3', 20, { ...stranger, user_agent: `agent/1.0 ${mark}` }),
        own('nobody', 20, stranger),
      ),
    ).toEqual([
      'asked MATCHED T1 WINDOW S1 C1',
      'service SERVICE T1 - S1 -',
      'strange-1 BYPASS - - - -',
      'strange-2 BYPASS - - - -',
      'strange-3 BYPASS - - - -',
    ]);
  });

  it('what needs no call of its own is SUPPORTING in a session, and nowhere else', async () => {
    const who = { event_source: 'sts.amazonaws.com', event_name: 'GetCallerIdentity' };
    expect(
      await correlated(own('in', 20, who), own('out', 20, { ...who, role_session_name: 'x', access_key_id: 'ASIAX' })),
    ).toEqual(['in SUPPORTING T1 - S1 -', 'out BYPASS - - - -']);
  });
});

describe('work that a session began and that runs on under a role of its own', () => {
  const worker = (id: string, minute: number, name: string): Values =>
    own(id, minute, { role_session_name: name, access_key_id: 'ASIAW', source_identity: null });
  const invoke = own('invoke', 10, { event_source: 'lambda.amazonaws.com', event_name: 'Invoke', runs_as: 'nightly' });

  it('is DERIVED while a function may run, with the session and the call that invoked it', async () => {
    await warehouse.add('tool_aws_map', {
      server: 'cloud',
      tool: 'stop',
      event_source: 'lambda.amazonaws.com',
      event_name: 'Invoke',
      write: false,
    });
    expect(
      await correlated(
        invoke,
        worker('before', 5, 'nightly'),
        worker('runs', 20, 'nightly'),
        worker('after', 30, 'nightly'),
      ),
    ).toEqual([
      'after BYPASS - - - -',
      'before BYPASS - - - -',
      'invoke MATCHED T1 WINDOW S1 C1',
      'runs DERIVED - INVOKED S1 C1',
    ]);
  });

  it('is not, under another name, or where the invocation failed', async () => {
    const failed = own('failed', 10, { ...invoke, event_id: 'failed', error_code: 'AccessDenied' });
    const found = await correlated(failed, worker('runs', 20, 'nightly'), worker('else', 20, 'other'));
    expect(found).toContain('runs BYPASS - - - -');
    expect(found).toContain('else BYPASS - - - -');
  });
});
