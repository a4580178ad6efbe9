/** A clean quarter, and every violation that a recording gateway can find, each planted by itself. */
import type { ProbeOutcome } from '../../src/model/probe.js';
import { ACCOUNT, ISSUER, ROLE } from '../warehouse/settings.js';
import { assumed, day, POLICY, Quarter, REGION, type Session, shared } from './planted-world.js';

/** Expected exceptions: control and item; of a decision the item without its record number. */
export type Expected = readonly (readonly [control: string, item: string])[];

export interface Violation {
  readonly name: string;
  /** Plants it. @returns what must be found, and nothing else may be */
  readonly plant: (quarter: Quarter) => Expected;
}

const DEFINITION = JSON.stringify({
  name: 'list_instances',
  inputSchema: { type: 'object', properties: { state: { type: 'string' } }, required: ['state'] },
});
const REVIEWED = 'd'.repeat(64);
const WORKLOAD = {
  iss: ISSUER,
  sub: 'agent',
  kind: 'workload' as const,
  groups: [],
  client_id: 'ci',
  act: null,
  amr: [],
  acr: null,
  token: `hs256:00000000:${'f'.repeat(64)}` as const,
  exp: 0,
};

const loaded = (quarter: Quarter, at: number, digest: string): void =>
  quarter.record(at, {
    type: 'config',
    d: { outcome: 'loaded', digest, policy: POLICY, files: [], git: null, reason: null },
  });

/** What every week holds: reads and writes in AWS, a call by request id, an approved change, a denial. */
const week = (quarter: Quarter, n: number): void => {
  const at = day(n * 7);
  const own = quarter.session(at, 'p0');
  quarter.call(own, at + 60_000, 'list_instances', { argsText: '{"state":"running"}', definition: 'def1' });
  quarter.ownEvent(own, at + 60_500, 'ec2', 'DescribeInstances', { readOnly: true });
  quarter.call(own, at + 120_000, 'stop_instance', {
    decision: { effect: 'allow', rule: 'office', policy: POLICY, reason: 'so' },
  });
  quarter.ownEvent(own, at + 120_500, 'ec2', 'StopInstances');
  quarter.approved(own, at + 400_000, 'stop_instance');
  quarter.ownEvent(own, at + 400_500, 'ec2', 'StopInstances');
  quarter.deny(own, at + 500_000);
  const people = quarter.session(at + 600_000, 'p1', 'shared');
  quarter.call(people, at + 660_000, 'put_object', { requestIds: [`req-${n}`] });
  quarter.event(at + 660_000, 's3', 'PutObject', { userIdentity: shared(), requestID: `req-${n}` });
  quarter.call(quarter.session(at + 700_000, 'agent'), at + 760_000, 'list_instances', { principal: WORKLOAD });
};

/** Nothing in it is an exception, and nearly every control has something to look at. */
export const cleanQuarter = (): Quarter => {
  const quarter = new Quarter();
  loaded(quarter, day(-120), 'c'.repeat(64));
  const old = quarter.session(day(-100), 'p0');
  quarter.call(old, day(-100) + 60_000, 'list_instances', { pruned: true });
  const oldShared = quarter.session(day(-99), 'p1', 'shared');
  quarter.call(oldShared, day(-99) + 60_000, 'put_object', { pruned: true });
  const definition = { destructive: false, previous: null, flags: [], digest: 'def1', name: 'list_instances' };
  const hints = { readOnly: true, destructive: false, idempotent: true, openWorld: false };
  quarter.record(day(-98), {
    type: 'tool',
    d: { event: 'seen', server: 'cloud', hints, ...definition },
    payloads: { definition: DEFINITION },
  });
  quarter.people.push('p0,active,p0@x,2026-01-01T00:00:00Z,engineering', 'p1,active,p1@x,,engineering;leads');
  quarter.people.push('new,active,new@x,2026-09-01T00:00:00Z,engineering', 'p7,inactive,p7@x,,');
  for (let n = 0; n < 13; n++) week(quarter, n);
  loaded(quarter, day(20), REVIEWED);
  const review = { digest: REVIEWED, author: 'ada', reviewer: 'bob', reviewed: new Date(day(19)).toISOString() };
  quarter.registers.reviews.push(review);
  quarter.registers.leavers.push({ person: `${ISSUER}|p7`, ended: new Date(day(10)).toISOString() });
  quarter.call(quarter.session(day(9), 'p7'), day(9) + 60_000, 'list_instances');
  approvedIam(quarter, 30, 'create_key', 'CreateAccessKey', { userName: 'ci' });
  approvedIam(quarter, 31, 'put_policy', 'PutRolePolicy', { roleName: 'mcp-cloud' });
  quarter.event(day(32), 'ec2', 'RunInstances', { userIdentity: user('ada', 'true') });
  quarter.judged('a finding of an earlier day', day(33));
  tried(quarter, day(34), 'refused');
  return quarter;
};

/** A look of `doctor --bypass` at one server. */
const tried = (quarter: Quarter, at: number, outcome: ProbeOutcome): void =>
  quarter.record(at, {
    type: 'probe',
    d: {
      server: 'shared',
      transport: 'http',
      outcome,
      address: 'https://shared.internal/mcp',
      says: 'so',
      from: 'ops@gw',
    },
  });

const approvedIam = (quarter: Quarter, n: number, tool: string, name: string, requestParameters: object): void => {
  const own = quarter.session(day(n), 'p0');
  quarter.approved(own, day(n) + 300_000, tool);
  quarter.ownEvent(own, day(n) + 300_500, 'iam', name, { requestParameters });
};

/** An IAM user; without a word on a second factor where `mfa` is absent. */
const user = (name: string, mfa?: string): object => ({
  type: 'IAMUser',
  arn: `arn:aws:iam::${ACCOUNT}:user/${name}`,
  accountId: ACCOUNT,
  userName: name,
  accessKeyId: `ASIA${name.toUpperCase()}`,
  ...(mfa === undefined ? {} : { sessionContext: { attributes: { mfaAuthenticated: mfa } } }),
});

/** A session of its own for what is planted on a day. */
const on = (quarter: Quarter, n: number, subject = 'p0', server = 'cloud'): readonly [Session, number] => {
  const at = day(n, 13);
  return [quarter.session(at, subject, server), at + 300_000];
};

/** A signal that somebody judged in time. */
const judged = (quarter: Quarter, item: string, at: number): string => {
  quarter.judged(item, at);
  return item;
};

const bypass = (quarter: Quarter, at: number): string =>
  quarter.event(at, 'ec2', 'TerminateInstances', { userIdentity: assumed(ROLE, 'mallory', 'ASIAOUTSIDE') });

const rule = (name: string, policy = POLICY) => ({ effect: 'allow' as const, rule: name, policy, reason: 'so' });

const AT_GATEWAY: readonly Violation[] = [
  {
    name: 'K01 a call under a policy that was never loaded',
    plant: (q) => {
      const [own, at] = on(q, 1);
      return [['CS-ACC-01', q.call(own, at, 'list_instances', { decision: rule('all', 'b'.repeat(64)) })]];
    },
  },
  {
    name: 'K02 a call of high risk without an approval',
    plant: (q) => {
      const [own, at] = on(q, 2);
      return [['CS-APP-01', q.call(own, at, 'list_instances', { risk: 'high' })]];
    },
  },
  {
    name: 'K03 an approval by the requester',
    plant: (q) => {
      const [own, at] = on(q, 3);
      const approval = q.approval(own, at, 'list_instances', { subject: 'p0' });
      q.call(own, at + 1, 'list_instances', { approval, risk: 'high' });
      return [['CS-APP-02', approval]];
    },
  },
  {
    name: 'K04 an approval by somebody outside the group',
    plant: (q) => {
      const [own, at] = on(q, 4);
      const approval = q.approval(own, at, 'list_instances', { subject: 'p1', groups: ['sales'] });
      q.call(own, at + 1, 'list_instances', { approval, risk: 'high' });
      return [['CS-APP-04', approval]];
    },
  },
  {
    name: 'K05 an approval that two calls used',
    plant: (q) => {
      const [own, at] = on(q, 5);
      const approval = q.approval(own, at, 'list_instances', { subject: 'p1' });
      for (const later of [1, 20_000]) q.call(own, at + later, 'list_instances', { approval, risk: 'high' });
      return [['CS-APP-03', approval]];
    },
  },
  {
    name: 'K12 a call outside the hours of its rule',
    plant: (q) => {
      const own = q.session(day(6, 3), 'p0');
      return [['CS-HRS-01', q.call(own, day(6, 3) + 60_000, 'list_instances', { decision: rule('office') })]];
    },
  },
  {
    name: 'K13 a call of somebody who had left',
    plant: (q) => {
      const [own, at] = on(q, 12, 'p8');
      q.call(own, at, 'list_instances');
      q.registers.leavers.push({ person: `${ISSUER}|p8`, ended: '2026-07-10T00:00:00Z' });
      return [['CS-LVR-01', `${ISSUER}|p8@2026-07-10T00:00:00Z`]];
    },
  },
  {
    name: 'K13 an account of somebody who had left',
    plant: (q) => {
      q.people.push('p9,active,p9@x,2026-01-01T00:00:00Z,sales');
      q.registers.leavers.push({ person: 'p9@x', ended: '2026-08-01T00:00:00Z' });
      return [['CS-LVR-02', 'p9@x@2026-08-01T00:00:00Z']];
    },
  },
  {
    name: 'K13 access that nobody used',
    plant: (q) => {
      q.people.push('idle,active,idle@x,2026-01-01T00:00:00Z,engineering');
      return [['CS-DRM-01', `${ISSUER}|idle`]];
    },
  },
  {
    name: 'K14 a dozen denials on one day',
    plant: (q) => {
      const [own, at] = on(q, 8, 'p5');
      for (let n = 0; n < 12; n++) q.deny(own, at + n * 1_000);
      return [['CS-MON-01', `${ISSUER}|p5@2026-07-09`]];
    },
  },
  {
    name: 'K15 a configuration that nobody reviewed',
    plant: (q) => {
      loaded(q, day(9, 14), 'e'.repeat(64));
      return [['CS-CHG-01', 'e'.repeat(64)]];
    },
  },
  {
    name: 'K16 two days without a record',
    plant: (q) => {
      // From Friday evening on nothing is planned but heartbeats.
      q.silences.push([day(65, 0), day(68, 0)]);
      return [['CS-LOG-01', '']];
    },
  },
  {
    name: 'K18 a ledger that does not verify, and a log that is not what its digest names',
    plant: (q) => {
      q.ledgerOk = false;
      q.changedLogs = 1;
      return [
        ['CS-LOG-02', 'example.com/mcp/gw-1'],
        ['CS-TRL-02', 'changed0changed0'],
      ];
    },
  },
  {
    name: 'K19 a denied call that was answered by the server',
    plant: (q) => {
      const [own, at] = on(q, 11);
      return [['CS-ACC-02', q.deny(own, at, { status: 'ok', text: 'gone' })]];
    },
  },
  {
    name: 'K20 a secret in an answer',
    plant: (q) => {
      const [own, at] = on(q, 13);
      const call = q.call(own, at, 'list_instances', { text: 'AKIAIOSFODNN7EXAMPLE' });
      return [['CS-MSK-01', judged(q, call, at)]];
    },
  },
  {
    name: 'K21 an approver without a second factor',
    plant: (q) => {
      const [own, at] = on(q, 15);
      const approval = q.approval(own, at, 'list_instances', { subject: 'p1', amr: ['pwd'] });
      q.call(own, at + 1, 'list_instances', { approval, risk: 'high' });
      return [['CS-AUT-02', approval]];
    },
  },
  {
    name: 'K23 an agent nobody answers for',
    plant: (q) => {
      const [own, at] = on(q, 16, 'bot');
      const principal = { ...WORKLOAD, sub: 'bot' };
      return [['CS-ACC-03', q.call(own, at, 'list_instances', { principal })]];
    },
  },
];

const IN_AWS: readonly Violation[] = [
  {
    name: 'K06 a governed role used around the gateway',
    plant: (q) => [['CS-NET-01', judged(q, bypass(q, day(17)), day(17))]],
  },
  {
    name: 'K07 a write that left no event',
    plant: (q) => {
      const [own, at] = on(q, 18);
      return [['CS-EFF-01', q.call(own, at, 'stop_instance')]];
    },
  },
  {
    name: 'K08 the root user',
    plant: (q) => {
      const userIdentity = { type: 'Root', arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT };
      return [['CS-KEY-01', judged(q, q.event(day(19), 'ec2', 'RunInstances', { userIdentity }), day(19))]];
    },
  },
  {
    name: 'K09 an attempt to stop logging',
    plant: (q) => {
      const over = { userIdentity: user('eve'), errorCode: 'AccessDenied' };
      return [['CS-TRL-01', judged(q, q.event(day(22), 'cloudtrail', 'StopLogging', over), day(22))]];
    },
  },
  {
    name: 'K10 a policy of a governed role changed by hand',
    plant: (q) => {
      const over = { userIdentity: user('eve'), requestParameters: { roleName: 'mcp-cloud', policyName: 'more' } };
      return [['CS-ROL-01', q.event(day(23), 'iam', 'PutRolePolicy', over)]];
    },
  },
  {
    name: 'K11 an access key made by hand',
    plant: (q) => {
      const over = { userIdentity: user('eve'), requestParameters: { userName: 'eve' } };
      return [['CS-KEY-02', q.event(day(24), 'iam', 'CreateAccessKey', over)]];
    },
  },
  {
    name: 'K17 a clock ten seconds apart',
    plant: (q) => {
      const [own, at] = on(q, 25, 'p1', 'shared');
      q.call(own, at, 'put_object', { requestIds: ['req-skew'] });
      q.event(at + 10_000, 's3', 'PutObject', { userIdentity: shared(), requestID: 'req-skew' });
      return [['CS-CLK-01', '2026-07-26']];
    },
  },
  {
    name: 'K21 a user without a second factor',
    plant: (q) => [['CS-AUT-01', q.event(day(26), 'ec2', 'RunInstances', { userIdentity: user('eve', 'false') })]],
  },
  {
    name: 'K22 a log that a digest names and nobody has',
    plant: (q) => {
      q.missingLogs = 1;
      return [
        ['CS-COL-01', `${ACCOUNT}/${REGION}`],
        ['CS-TRL-02', 'missing0missing0'],
      ];
    },
  },
];

const OF_MANAGEMENT: readonly Violation[] = [
  {
    name: 'CC4.1 a month without a report',
    plant: (q) => {
      q.unreported.add(1);
      return [['CS-CHK-01', '2026-08']];
    },
  },
  {
    name: 'CC4.2 a finding that is nobody’s',
    plant: (q) => {
      q.judged('an old finding', day(35), { owner: '' });
      return [['CS-RSP-01', `an old finding@2026-08-05T10:00:00Z`]];
    },
  },
  {
    name: 'CC7.3 a bypass that nobody judged',
    plant: (q) => {
      const event = bypass(q, day(36));
      return [
        ['CS-NET-01', event],
        ['CS-RSP-02', event],
      ];
    },
  },
  {
    name: 'CC6.6 a server that answers around the gateway',
    plant: (q) => {
      tried(q, day(38), 'open');
      return [['CS-NET-02', 'shared']];
    },
  },
  {
    name: 'PI1.2 arguments that lack what the schema requires',
    plant: (q) => {
      const [own, at] = on(q, 37);
      return [['CS-INP-01', q.call(own, at, 'list_instances', { argsText: '{}', definition: 'def1' })]];
    },
  },
  {
    name: 'C1.2 an old answer that can still be read',
    plant: (q) => [['CS-RET-01', q.call(q.session(day(-97), 'p0'), day(-97) + 60_000, 'list_instances')]],
  },
  {
    name: 'P4.2 an old answer with personal data',
    plant: (q) => {
      const call = q.call(q.session(day(-96), 'p1', 'shared'), day(-96) + 60_000, 'read_customer');
      return [
        ['CS-RET-01', call],
        ['CS-RET-02', call],
      ];
    },
  },
  {
    name: 'P6.3 a disclosure that is in no register',
    plant: (q) => {
      const [own, at] = on(q, 38, 'p1', 'shared');
      const call = q.call(own, at, 'read_customer', { text: 'mail ada@customer.example.com' });
      return [
        ['CS-MSK-01', judged(q, call, at)],
        ['CS-PRV-02', call],
      ];
    },
  },
  {
    name: 'P4.1 personal data of a server that states no purpose',
    plant: (q) => {
      const [own, at] = on(q, 39, 'p0', 'hr');
      return [['CS-PRV-01', q.call(own, at, 'read_file')]];
    },
  },
  {
    name: 'A1.1 a call that timed out',
    plant: (q) => {
      const [own, at] = on(q, 43);
      return [['CS-AVL-01', q.call(own, at, 'list_instances', { status: 'timed_out' })]];
    },
  },
];

export const VIOLATIONS: readonly Violation[] = [...AT_GATEWAY, ...IN_AWS, ...OF_MANAGEMENT];
