/** A day of calls and CloudTrail events whose every class is planted, and so known, before anything is matched. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { sha256 } from '../../src/base/digest.js';
import type { AwsFacts } from '../../src/model/credential-facts.js';
import type { CallRecord, ResultStatus } from '../../src/model/record.js';
import type { Happened } from './ledger.js';
import { ACCOUNT, ISSUER, ROLE, SHARED_ROLE } from './settings.js';

const START = Date.parse('2026-11-20T06:00:00.000Z');
const HOUR = 3_600_000;

/** What differs from world to world, beside what chance decides. */
export interface Conditions {
  readonly sessions: number;
  /** By how much AWS's clock runs ahead of the gateway's, milliseconds. */
  readonly offset: number;
  /** Longest answer of a call, milliseconds: long ones overlap the next. */
  readonly slowest: number;
  /** How often something is done around the gateway, 0 to 1. */
  readonly misuse: number;
}

const CONDITIONS: Conditions = { sessions: 40, offset: 1_200, slowest: 2_800, misuse: 0.5 };

export interface Truth {
  readonly kind: string;
  readonly tier: string | null;
  readonly personOk: boolean | null;
}

export interface World {
  readonly happened: readonly Happened[];
  readonly events: readonly Record<string, unknown>[];
  /** By event id; events out of scope are absent. */
  readonly truth: ReadonlyMap<string, Truth>;
  /** Calls whose write left no event. */
  readonly missing: ReadonlySet<string>;
}

/** Numerical Recipes' generator: the same world for the same seed. */
const generator = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return { next, below: (n: number): number => Math.floor(next() * n), chance: (p: number): boolean => next() < p };
};

const id = (prefix: string, n: number): string => `${prefix}${String(n).padStart(26 - prefix.length, '0')}`;

interface Session {
  readonly id: string;
  readonly subject: string;
  readonly opened: number;
  readonly credential: AwsFacts | null;
  readonly server: 'cloud' | 'shared';
}

export const makeWorld = (seed: number, over: Partial<Conditions> = {}): World => {
  const { sessions, offset, slowest, misuse: rate } = { ...CONDITIONS, ...over };
  const random = generator(seed);
  const happened: Happened[] = [];
  const events: Record<string, unknown>[] = [];
  const truth = new Map<string, Truth>();
  const missing = new Set<string>();
  let calls = 0;

  const eventId = (): string => `e${String(events.length).padStart(7, '0')}-${random.below(1e9).toString(16)}`;

  /** Adds an event as AWS writes it; `at` is when it completed by the gateway's clock. */
  const event = (
    at: number,
    source: string,
    name: string,
    identity: object,
    planted: Truth | null,
    over: object = {},
  ): void => {
    const eventID = eventId();
    const eventTime = `${new Date(at + offset).toISOString().slice(0, 19)}Z`;
    events.push({
      eventVersion: '1.11',
      userIdentity: identity,
      eventTime,
      eventSource: `${source}.amazonaws.com`,
      eventName: name,
      awsRegion: 'eu-central-1',
      sourceIPAddress: '10.0.0.1',
      userAgent: 'aws-sdk',
      requestParameters: { n: events.length },
      responseElements: null,
      requestID: `req-${eventID}`,
      eventID,
      readOnly: name.startsWith('Describe'),
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: 'Management',
      ...over,
    });
    if (planted) truth.set(eventID, planted);
  };

  const assumed = (role: string, name: string, key: string, identity: string | null, over: object = {}): object => ({
    type: 'AssumedRole',
    principalId: `AROA:${name}`,
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.split('/').at(-1)}/${name}`,
    accountId: ACCOUNT,
    accessKeyId: key,
    sessionContext: {
      sessionIssuer: { type: 'Role', arn: role },
      attributes: { mfaAuthenticated: 'false' },
      ...(identity === null ? {} : { sourceIdentity: identity }),
    },
    ...over,
  });

  const ownIdentity = (s: Session, over: object = {}): object =>
    assumed(ROLE, `cs-${s.id}`, s.credential?.access_key_id ?? '', sourceIdentity(ISSUER, s.subject), over);

  const call = (
    s: Session,
    at: number,
    ms: number,
    tool: string,
    ids: string[] = [],
    args: object | null = null,
  ): string => {
    const callId = id('C', ++calls);
    const d: CallRecord = {
      call: callId,
      session: s.id,
      principal: {
        iss: ISSUER,
        sub: s.subject,
        kind: 'human',
        groups: ['engineering'],
        client_id: 'cli',
        act: null,
        amr: ['pwd', 'mfa'],
        acr: null,
        token: 'hs256:00000000:00',
        exp: Math.floor(at / 1000) + 3600,
      },
      server: s.server,
      method: 'tools/call',
      target: tool,
      forwarded: true,
      args: 'hs256:00000000:11',
      redactions: {},
      definition: null,
      decision: { effect: 'allow', rule: 'r1', policy: 'a'.repeat(64), reason: 'rule r1' },
      approval: null,
      risk: 'low',
      credential: s.credential,
      trace: null,
    };
    happened.push({
      at,
      draft: {
        type: 'call',
        d,
        payloads: { person: '{"name":"Ada","email":null}', ...(args && { args: JSON.stringify(args) }) },
      },
    });
    const status: ResultStatus = 'ok';
    const r = { call: callId, intent: 0, status, ms, bytes: 100, redactions: {}, aws_request_ids: ids };
    happened.push({ at: at + ms, draft: { type: 'result', d: r, payloads: { result: '{"content":[]}' } } });
    return callId;
  };

  const session = (n: number): Session => {
    const server = n % 4 === 3 ? 'shared' : 'cloud';
    const opened = START + n * 12 * 60_000;
    const subject = `p${n % 6}`;
    const sid = id('S', n);
    const credential: AwsFacts | null =
      server === 'shared'
        ? null
        : {
            kind: 'aws',
            role_arn: ROLE,
            access_key_id: `ASIA${String(n).padStart(16, '0')}`,
            session_name: `cs-${sid}`,
            source_identity: sourceIdentity(ISSUER, subject),
            expires: new Date(opened + HOUR + offset).toISOString(),
          };
    const about = {
      session: sid,
      principal: { iss: ISSUER, sub: subject },
      server,
      revision: '2025-11-25',
      address: '10.0.0.9',
    };
    happened.push({
      at: opened,
      draft: { type: 'session', d: { ...about, event: 'opened', reason: null, calls: 0, dropped: 0 } },
    });
    const closed = opened + 20 * 60_000;
    happened.push({
      at: closed,
      draft: { type: 'session', d: { ...about, event: 'closed', reason: 'idle', calls: 1, dropped: 0 } },
    });
    return { id: sid, subject, opened, credential, server };
  };

  const inSession = (kind: string): Truth => ({
    kind,
    tier: 'T1',
    personOk: kind === 'SERVICE' ? null : true,
  });

  const stopped = (instance: string): object => ({
    requestParameters: { instancesSet: { items: [{ instanceId: instance }] } },
  });

  /** One or two instances are stopped at once; now and then another one is stopped than the call names. */
  const stop = (s: Session, at: number, ms: number, done: () => number): void => {
    for (let i = random.below(2); i >= 0; i--) {
      const instance = `i-${calls}`;
      const callId = call(s, at + i, ms, 'stop_instance', [], { instance });
      const pick = random.next();
      if (pick < 0.5) event(done(), 'ec2', 'StopInstances', ownIdentity(s), inSession('MATCHED'), stopped(instance));
      else missing.add(callId);
      if (pick < 0.75) continue;
      event(done(), 'ec2', 'StopInstances', ownIdentity(s), inSession('RESOURCE_CONFLICT'), stopped('i-another'));
    }
  };

  const ownCall = (s: Session, at: number): void => {
    const ms = 300 + random.below(slowest - 300);
    const done = (): number => at + Math.floor(ms * (0.2 + 0.8 * random.next()));
    const pick = random.below(10);
    if (pick < 3) {
      const request = `request-${s.id}-${at}`;
      call(s, at, ms, 'list_instances', [request]);
      event(
        done(),
        'ec2',
        'DescribeInstances',
        ownIdentity(s),
        { kind: 'MATCHED', tier: 'T3', personOk: true },
        { requestID: request },
      );
      return;
    }
    if (pick < 5) {
      call(s, at, ms, 'list_instances');
      for (let i = 0; i < 4; i++) event(done(), 'ec2', 'DescribeInstances', ownIdentity(s), inSession('MATCHED'));
      return;
    }
    if (pick < 7) {
      call(s, at, ms, 'list_instances');
      const bare = ownIdentity(s, { arn: undefined });
      for (let i = 0; i < 3; i++)
        event(done(), 'ec2', 'DescribeInstances', bare, { kind: 'MATCHED', tier: 'T2', personOk: true });
      return;
    }
    if (pick < 9) {
      stop(s, at, ms, done);
      return;
    }
    call(s, at, ms, 'run_job');
    event(at + ms + 30_000 + random.below(80_000), 'ssm', 'SendCommand', ownIdentity(s), inSession('MATCHED'));
  };

  const besides = (s: Session, at: number): void => {
    const foreign = ownIdentity({ ...s, subject: 'somebody-else' });
    event(at, 'sts', 'GetCallerIdentity', ownIdentity(s), inSession('SUPPORTING'));
    event(at, 'kms', 'Decrypt', ownIdentity(s, { invokedBy: 'ssm.amazonaws.com' }), inSession('SERVICE'));
    if (random.chance(0.4)) event(at, 'iam', 'CreateUser', ownIdentity(s), inSession('UNEXPLAINED_IN_SESSION'));
    if (random.chance(0.4)) event(at, 'ec2', 'StopInstances', ownIdentity(s), inSession('UNEXPLAINED_IN_SESSION'));
    if (random.chance(0.2))
      event(at, 'sts', 'GetCallerIdentity', foreign, { ...inSession('SUPPORTING'), personOk: false });
  };

  const assume = (s: Session): void => {
    const gateway = {
      type: 'IAMUser',
      arn: `arn:aws:iam::${ACCOUNT}:user/gateway`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAGATEWAY',
    };
    event(s.opened - 800, 'sts', 'AssumeRole', gateway, inSession('SUPPORTING'), {
      requestParameters: {
        roleArn: ROLE,
        roleSessionName: `cs-${s.id}`,
        sourceIdentity: sourceIdentity(ISSUER, s.subject),
      },
      responseElements: { credentials: { accessKeyId: s.credential?.access_key_id } },
    });
  };

  const bypass: Truth = { kind: 'BYPASS', tier: null, personOk: null };
  const misuse = (s: Session): void => {
    const late = s.opened + HOUR + 60_000 + random.below(HOUR);
    const stranger = {
      type: 'IAMUser',
      arn: `arn:aws:iam::${ACCOUNT}:user/mallory`,
      accountId: ACCOUNT,
      accessKeyId: 'AKIAMALLORY',
    };
    const outside = assumed(ROLE, 'mallory', `ASIAOUT${s.opened}`, null);
    if (random.chance(rate)) event(late, 'ec2', 'StopInstances', ownIdentity(s), bypass);
    if (random.chance(rate)) event(s.opened + 90_000, 'ec2', 'StopInstances', outside, bypass);
    if (random.chance(rate)) {
      event(s.opened + 80_000, 'sts', 'AssumeRole', stranger, bypass, {
        requestParameters: { roleArn: ROLE, roleSessionName: 'mallory' },
      });
    }
    event(s.opened + 81_000, 'sts', 'AssumeRole', stranger, null, {
      errorCode: 'AccessDenied',
      requestParameters: { roleArn: ROLE, roleSessionName: 'mallory' },
    });
  };

  const sharedCall = (s: Session, at: number): void => {
    const ms = 300 + random.below(slowest - 300);
    const done = at + Math.floor(ms * 0.5);
    const shared = assumed(SHARED_ROLE, 'shared-server', 'ASIASHARED', null);
    const request = `request-${s.id}-${at}`;
    call(s, at, ms, 'put_object', [request]);
    event(done, 's3', 'PutObject', shared, { kind: 'MATCHED', tier: 'T3', personOk: null }, { requestID: request });
    call(s, at + 20_000, ms, 'put_object');
    event(done + 20_000, 's3', 'PutObject', shared, { kind: 'PROBABLE', tier: 'T4', personOk: null });
    if (random.chance(rate / 2)) event(at + 40_000, 's3', 'DeleteBucket', shared, bypass);
  };

  const chained = (s: Session, at: number): void => {
    const other = assumed(
      `arn:aws:iam::${ACCOUNT}:role/other`,
      'chain',
      'ASIACHAIN',
      sourceIdentity(ISSUER, s.subject),
    );
    call(s, at, 2_000, 'list_instances');
    event(at + 1_000, 'ec2', 'DescribeInstances', other, { kind: 'PROBABLE', tier: 'T4', personOk: null });
  };

  for (let n = 0; n < sessions; n++) {
    const s = session(n);
    if (s.server === 'cloud') {
      assume(s);
      for (let i = 0; i < 12; i++) {
        const at = s.opened + 5_000 + i * 90_000 + random.below(2_000);
        ownCall(s, at);
        if (random.chance(0.5)) besides(s, at + 45_000);
      }
      chained(s, s.opened + 18 * 60_000);
      misuse(s);
    } else for (let i = 0; i < 10; i++) sharedCall(s, s.opened + 5_000 + i * 90_000 + random.below(2_000));
    for (let i = 0; i < 20; i++) {
      const noise = assumed(`arn:aws:iam::${ACCOUNT}:role/ci`, `build-${i}`, 'ASIACI', null);
      event(s.opened + i * 20_000, 'ec2', 'StopInstances', noise, null);
    }
  }
  return { happened, events, truth, missing };
};

/** Writes events as log files in the bucket layout, shuffled, some of them twice in different files. */
export const writeTrail = (dir: string, events: readonly object[], seed: number, files = 24): number => {
  const random = generator(seed);
  const buckets: object[][] = Array.from({ length: files }, () => []);
  let copies = 0;
  for (const one of events) {
    const at = random.below(files);
    buckets[at]?.push(one);
    if (!random.chance(0.05)) continue;
    buckets[(at + 1) % files]?.push(one);
    copies++;
  }
  for (const [i, records] of buckets.entries()) {
    const day = 'AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/20';
    const name = `${ACCOUNT}_CloudTrail_eu-central-1_20261120T${String(i).padStart(2, '0')}05Z_${sha256(`${seed} ${i}`).slice(0, 16)}.json.gz`;
    const path = join(dir, day, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, gzipSync(JSON.stringify({ Records: records })));
  }
  return copies;
};
