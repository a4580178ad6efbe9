/** A quarter in which nothing is wrong, as records, log files and registers, and the means to plant what is. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { sha256 } from '../../src/base/digest.js';
import { csvSource } from '../../src/collect/identity/csv.js';
import { takeIdentity } from '../../src/collect/identity/take.js';
import { takeRegister } from '../../src/collect/registers.js';
import type { AwsFacts } from '../../src/model/credential-facts.js';
import type { RawObject } from '../../src/model/evidence.js';
import type { ApprovalRecord, CallRecord, RecordDraft } from '../../src/model/record.js';
import { REGISTER_COLUMNS, REGISTER_KINDS, type RegisterKind } from '../../src/model/registers.js';
import type { Settings } from '../../src/model/settings.js';
import type { LedgerEntryLike } from '../../src/warehouse/load-records.js';
import { type DigestPlan, makeDigest, publicKeys, type SignedDigest } from '../collect/fixtures.js';
import { entriesOf, type Happened } from '../warehouse/ledger.js';
import { ACCOUNT, ISSUER, ROLE, SETTINGS, SHARED_ROLE } from '../warehouse/settings.js';

export const PERIOD = { label: '2026-Q3', from: Date.UTC(2026, 6, 1), to: Date.UTC(2026, 9, 1) };
export const POLICY = 'a'.repeat(64);
export const REGION = 'eu-central-1';
const DAY = 86_400_000;
const HEARTBEAT = DAY / 2;
const START = Date.UTC(2026, 1, 2, 9);
const END = Date.UTC(2026, 9, 3);

/** Ten o'clock UTC on a day of the period, from 0 for 1 July 2026, a Wednesday. */
export const day = (n: number, hours = 10): number => PERIOD.from + n * DAY + hours * 3_600_000;

const keyed = (letter: string) => `hs256:00000000:${letter.repeat(64)}` as const;

export interface Session {
  readonly id: string;
  readonly subject: string;
  readonly server: string;
  readonly credential: AwsFacts | null;
}

type CallOver = Partial<CallRecord> & {
  /** Null: no outcome is recorded. */
  readonly status?: 'ok' | 'timed_out' | null;
  readonly text?: string;
  readonly requestIds?: readonly string[];
  readonly pruned?: boolean;
  readonly argsText?: string;
};

interface Approver {
  readonly subject: string;
  readonly groups?: readonly string[];
  readonly amr?: readonly string[];
}

export class Quarter {
  readonly happened: Happened[] = [];
  readonly events: { readonly at: number; readonly record: object }[] = [];
  readonly registers: Record<RegisterKind, Record<string, string>[]> = {
    leavers: [],
    reviews: [],
    changes: [],
    cases: [],
    disclosures: [],
  };
  /** Lines of the identity provider's export: subject, status, e-mail, groups. */
  readonly people: string[] = [];
  /** Logs that the digests name and nobody collected, and logs whose bytes are others. */
  missingLogs = 0;
  changedLogs = 0;
  ledgerOk = true;
  /** Times in which no heartbeat was written. */
  readonly silences: (readonly [from: number, to: number])[] = [];
  /** Months without a report, from 0 for July. */
  readonly unreported = new Set<number>();
  readonly #pruned = new Set<string>();
  #count = 0;

  #next(prefix: string): string {
    return `${prefix}${String(++this.#count).padStart(26 - prefix.length, '0')}`;
  }

  record(at: number, draft: RecordDraft): void {
    this.happened.push({ at, draft });
  }

  session(at: number, subject: string, server = 'cloud'): Session {
    const id = this.#next('S');
    const principal = { iss: ISSUER, sub: subject };
    const about = { session: id, principal, server, revision: '2025-11-25', address: '10.0.0.9', dropped: 0 };
    this.record(at, { type: 'session', d: { ...about, event: 'opened', reason: null, calls: 0 } });
    this.record(at + 1_800_000, { type: 'session', d: { ...about, event: 'closed', reason: 'idle', calls: 1 } });
    const credential: AwsFacts = {
      kind: 'aws',
      role_arn: ROLE,
      access_key_id: `ASIA${id.slice(-16)}`,
      session_name: `cs-${id}`,
      source_identity: sourceIdentity(ISSUER, subject),
      expires: new Date(at + 3_600_000).toISOString(),
    };
    return { id, subject, server, credential: server === 'cloud' ? credential : null };
  }

  /** One call, answered after a second. @returns its id */
  call(session: Session, at: number, target: string, over: CallOver = {}): string {
    const { status = 'ok', text = 'fine', requestIds = [], pruned = false, argsText, ...record } = over;
    const call = this.#next('C');
    const d: CallRecord = {
      call,
      session: session.id,
      principal: {
        iss: ISSUER,
        sub: session.subject,
        kind: 'human',
        groups: ['engineering'],
        client_id: 'cli',
        act: null,
        amr: ['pwd', 'mfa'],
        acr: null,
        token: keyed('f'),
        exp: 0,
      },
      server: session.server,
      method: 'tools/call',
      target,
      forwarded: true,
      args: keyed('1'),
      redactions: {},
      definition: null,
      decision: { effect: 'allow', rule: 'all', policy: POLICY, reason: 'so' },
      approval: null,
      risk: 'low',
      credential: session.credential,
      trace: null,
      ...record,
    };
    const payloads = { person: '{"name":"Somebody"}', ...(argsText === undefined ? {} : { args: argsText }) };
    this.record(at, { type: 'call', d, payloads });
    if (pruned) this.#pruned.add(call);
    if (status !== null && (d.forwarded || over.text !== undefined)) {
      const answer = { call, intent: 0, status, ms: 1_000, bytes: 10, redactions: {}, aws_request_ids: requestIds };
      this.record(at + 1_000, { type: 'result', d: answer, payloads: { result: JSON.stringify({ text }) } });
    }
    return call;
  }

  /** A call that was denied; it went nowhere. */
  deny(session: Session, at: number, over: CallOver = {}): string {
    const decision = { effect: 'deny' as const, rule: null, policy: POLICY, reason: 'no rule' };
    return this.call(session, at, 'delete_instance', { forwarded: false, status: null, decision, ...over });
  }

  /** A request, approved a minute before `at`, used at `at`. @returns its id */
  approval(session: Session, at: number, tool: string, by: Approver, used = true): string {
    const approval = this.#next('A');
    const d: ApprovalRecord = {
      event: 'requested',
      approval,
      rule: 'two-eyes',
      session: session.id,
      requester: { iss: ISSUER, sub: session.subject },
      server: session.server,
      tool,
      args: keyed('1'),
      definition: null,
      policy: POLICY,
      deadline: new Date(at + 600_000).toISOString(),
      needed: 1,
      approved: 0,
      reviewers: ['leads'],
      by: null,
      channel: null,
      address: null,
      call: null,
    };
    const reviewer = {
      iss: ISSUER,
      sub: by.subject,
      groups: by.groups ?? ['leads'],
      amr: by.amr ?? ['pwd', 'mfa'],
      acr: null,
      client_id: null,
      auth_time: at / 1000 - 300,
      token: keyed('e'),
    };
    this.record(at - 120_000, { type: 'approval', d });
    this.record(at - 60_000, { type: 'approval', d: { ...d, event: 'approved', approved: 1, by: reviewer } });
    this.record(at - 60_000, { type: 'approval', d: { ...d, event: 'granted', approved: 1 } });
    if (used) this.record(at, { type: 'approval', d: { ...d, event: 'consumed' } });
    return approval;
  }

  /** A call of high risk under an approval by p1. */
  approved(session: Session, at: number, tool: string, by: Approver = { subject: 'p1' }, over: CallOver = {}): string {
    const approval = this.approval(session, at - 1, tool, by);
    const decision = { effect: 'require_approval' as const, rule: 'writes', policy: POLICY, reason: 'so' };
    return this.call(session, at, tool, { risk: 'high', approval, decision, ...over });
  }

  /** An event as CloudTrail writes it. @returns its id */
  event(at: number, source: string, name: string, over: object = {}): string {
    const eventID = this.#next('e');
    const record = {
      eventVersion: '1.11',
      eventTime: `${new Date(at).toISOString().slice(0, 19)}Z`,
      eventSource: `${source}.amazonaws.com`,
      eventName: name,
      awsRegion: REGION,
      sourceIPAddress: '10.0.0.1',
      userAgent: 'sdk',
      requestParameters: null,
      responseElements: null,
      requestID: `r-${eventID}`,
      eventID,
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: ACCOUNT,
      eventCategory: 'Management',
      ...over,
    };
    this.events.push({ at, record });
    return eventID;
  }

  /** The event of a call of this session. */
  ownEvent(session: Session, at: number, source: string, name: string, over: object = {}): string {
    const { credential } = session;
    const own = assumed(
      ROLE,
      credential?.session_name ?? '',
      credential?.access_key_id ?? '',
      credential?.source_identity,
    );
    return this.event(at, source, name, { userIdentity: own, ...over });
  }

  /** Somebody took it up within a day, and judged it. */
  judged(item: string, at: number, over: Readonly<Record<string, string>> = {}): void {
    const time = (ms: number): string => new Date(ms).toISOString();
    const times = { opened: time(at), triaged: time(at + DAY), closed: time(at + 2 * DAY) };
    this.registers.cases.push({ item, owner: 'cara', verdict: 'no incident', ...times, ...over });
  }

  get settings(): Omit<Settings, 'gateway'> {
    return QUARTER_SETTINGS;
  }

  /** Records as a reader yields them: with heartbeats, a report in each month, and what was pruned taken away. */
  entries(): readonly LedgerEntryLike[] {
    const d = { version: '0.1.0', host: 'gw', pid: 1, config: 'c', demo: false, heartbeat: HEARTBEAT };
    const around: Happened[] = [{ at: START, draft: { type: 'start', d } }];
    for (let at = START + HEARTBEAT; at < END; at += HEARTBEAT) {
      if (this.silences.some(([from, to]) => at >= from && at < to)) continue;
      around.push({ at, draft: { type: 'hb', d: { counts: {} } } });
    }
    for (const month of [0, 1, 2].filter((one) => !this.unreported.has(one))) {
      const access = { what: 'report', who: 'cara', period: null, manifest: null };
      around.push({ at: Date.UTC(2026, 6 + month, 20, 7), draft: { type: 'access', d: access } });
    }
    return entriesOf([...around, ...this.happened]).map((entry) => this.#stored(entry));
  }

  #stored(entry: LedgerEntryLike): LedgerEntryLike {
    if (entry.type !== 'result' || typeof entry.d !== 'object') return entry;
    const call: unknown = entry.d === null ? null : Reflect.get(entry.d, 'call');
    const gone = typeof call === 'string' && this.#pruned.has(call);
    return { ...entry, d: { ...entry.d, p: { result: '0'.repeat(64) } }, payloads: gone ? {} : entry.payloads };
  }
}

const aws = SETTINGS.servers[0]?.aws;
if (!aws) throw new Error('the first server has no role');
const write = (source: string, name: string) => [{ source: `${source}.amazonaws.com`, name, write: true, async: 0 }];

const QUARTER_SETTINGS: Omit<Settings, 'gateway'> = {
  ...SETTINGS,
  servers: [
    ...SETTINGS.servers.map((server) =>
      server.id === 'cloud'
        ? {
            ...server,
            aws: {
              ...aws,
              tools: {
                ...aws.tools,
                create_key: write('iam', 'CreateAccessKey'),
                put_policy: write('iam', 'PutRolePolicy'),
              },
            },
          }
        : server,
    ),
    {
      id: 'hr',
      upstream: { kind: 'http', url: 'http://127.0.0.1:9/mcp', headers: {} },
      aws: null,
      data: { classification: 'confidential', personal: true, purposes: [] },
      masking: 'default',
    },
  ],
  policy: [
    {
      id: 'office',
      effect: 'allow',
      approval: null,
      groups: ['engineering'],
      servers: [],
      tools: [],
      methods: [],
      risk: null,
      hours: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: 480, to: 1_080, timezone: 'UTC' },
    },
  ],
  approvals: [],
  ledger: { ...SETTINGS.ledger, retention: 30 * DAY },
};

/** Identity of a role's session. */
export const assumed = (role: string, name: string, key: string, identity?: string): object => ({
  type: 'AssumedRole',
  principalId: `AROA:${name}`,
  arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role.split('/').at(-1)}/${name}`,
  accountId: ACCOUNT,
  accessKeyId: key,
  sessionContext: {
    sessionIssuer: { type: 'Role', arn: role },
    attributes: { mfaAuthenticated: 'false' },
    ...(identity === undefined ? {} : { sourceIdentity: identity }),
  },
});

export const shared = (): object => assumed(SHARED_ROLE, 'shared-server', 'ASIASHARED');

const stamp = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z`;
const logKey = (at: number, tail: string): string =>
  `AWSLogs/${ACCOUNT}/CloudTrail/${REGION}/x/${ACCOUNT}_CloudTrail_${REGION}_${stamp(at)}_${tail}.json.gz`;

interface Log {
  readonly key: string;
  readonly named: Buffer;
  /** Null: not collected. */
  readonly stored: Buffer | null;
}

/** One log a day, delivered ten minutes after its last event. */
const logsOf = (quarter: Quarter): readonly Log[] => {
  const days = new Map<number, Quarter['events'][number][]>();
  for (const event of quarter.events) {
    const key = Math.floor(event.at / DAY);
    days.set(key, [...(days.get(key) ?? []), event]);
  }
  const logs = [...days.values()].map((events): Log => {
    const last = Math.max(...events.map(({ at }) => at));
    const named = Buffer.from(JSON.stringify({ Records: events.map(({ record }) => record) }));
    return { key: logKey(last + 600_000, 'aaaaaaaaaaaaaaaa'), named, stored: named };
  });
  const other = (n: number, tail: string, stored: Buffer | null): Log => ({
    key: logKey(day(40 + n, 23), tail),
    named: Buffer.from('{"Records":[]}'),
    stored,
  });
  return [
    ...logs,
    ...Array.from({ length: quarter.missingLogs }, (_, n) => other(n, `missing${n}missing00`.slice(0, 16), null)),
    ...Array.from({ length: quarter.changedLogs }, (_, n) =>
      other(n, `changed${n}changed00`.slice(0, 16), Buffer.from('{"Records":[] }')),
    ),
  ];
};

/** Digests of July, of August, of September and of the days after it; each names the logs of its time. */
const digestsOf = (logs: readonly Log[]): readonly SignedDigest[] => {
  const edges = [Date.UTC(2026, 5, 30), day(31, 0), day(62, 0), day(92, 0), END];
  const digests: SignedDigest[] = [];
  for (const [n, from] of edges.slice(0, -1).entries()) {
    const to = edges[n + 1] ?? END;
    const iso = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
    const key = `AWSLogs/${ACCOUNT}/CloudTrail-Digest/${REGION}/x/${ACCOUNT}_CloudTrail-Digest_${REGION}_main_${REGION}_${iso(to).replaceAll(/[-:]/g, '')}.json.gz`;
    const named = logs.filter((log) => log.key.localeCompare(logKey(from, '')) >= 0 && log.key < logKey(to, ''));
    const over = { digestStartTime: iso(from), digestEndTime: iso(to), digestS3Object: key };
    const plan: DigestPlan = { over };
    const made = makeDigest(
      '01',
      named.map((log) => [log.key, log.named] as const),
      digests.at(-1) ?? null,
      plan,
    );
    digests.push({ ...made, key });
  }
  return digests;
};

const writeRaw = (dataDir: string, quarter: Quarter): void => {
  const objects: RawObject[] = [];
  const add = (kind: RawObject['kind'], key: string, bytes: Buffer, signature: string | null): void => {
    const hash = sha256(bytes);
    mkdirSync(join(dataDir, 'raw', hash.slice(0, 2)), { recursive: true });
    writeFileSync(join(dataDir, 'raw', hash.slice(0, 2), hash), bytes);
    objects.push({ sha256: hash, bytes: bytes.length, kind, key, signature });
  };
  const logs = logsOf(quarter);
  for (const { key, stored } of logs) if (stored) add('cloudtrail-log', key, gzipSync(stored), null);
  for (const { key, bytes, signature } of digestsOf(logs)) add('cloudtrail-digest', key, bytes, signature);
  const keys = publicKeys().replace(/"ValidityStartTime":"[^"]*"/, '"ValidityStartTime":"2026-01-01T00:00:00Z"');
  add('cloudtrail-public-keys', `public-keys/${REGION}.json`, Buffer.from(keys), null);
  writeFileSync(join(dataDir, 'raw/index.ndjson'), objects.map((object) => `${JSON.stringify(object)}\n`).join(''));
};

/** Writes logs and registers into a new data folder, which the caller removes. */
export const dataFolder = async (quarter: Quarter): Promise<string> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cs-planted-'));
  writeRaw(dataDir, quarter);
  for (const kind of REGISTER_KINDS) {
    const columns = Object.keys(REGISTER_COLUMNS[kind]);
    const lines = quarter.registers[kind].map((row) => columns.map((column) => row[column] ?? '').join(','));
    const file = join(dataDir, `${kind}.csv`);
    writeFileSync(file, `${[columns.join(','), ...lines].join('\n')}\n`);
    const taken = await takeRegister({ dataDir, kind, file, now: END });
    if (taken.problems.length > 0) throw new Error(JSON.stringify(taken.problems));
  }
  const lines = ['user_id,status,email,created,groups', ...quarter.people].join('\n');
  const bytes = async (): Promise<Buffer> => Buffer.from(`${lines}\n`);
  await takeIdentity(dataDir, csvSource({ issuer: ISSUER, source: 'csv:people', bytes }), END);
  return dataDir;
};
