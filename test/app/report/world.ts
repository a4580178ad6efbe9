/** A gateway that has run for an hour: configuration, keys, a real ledger, and CloudTrail files to collect. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadSettings } from '../../../src/app/config.js';
import { sourceIdentity } from '../../../src/base/aws-identity.js';
import type { Clock } from '../../../src/base/clock.js';
import { collectCloudTrailFolder } from '../../../src/collect/cloudtrail/files.js';
import { takeRegister } from '../../../src/collect/registers.js';
import { openLedger } from '../../../src/ledger/append.js';
import { ledgerDir } from '../../../src/ledger/folder.js';
import { createDigestKey, createSigningKey, loadSigningKey } from '../../../src/ledger/keys.js';
import type { CallRecord, RecordDraft } from '../../../src/model/record.js';
import type { Settings } from '../../../src/model/settings.js';

export const START = Date.parse('2026-11-24T05:00:00Z');
/** The register of leavers that was taken. */
export const LEAVERS = 'person,ended\neve,2026-11-01T00:00:00Z\n';
const ROLE = 'arn:aws:iam::111122223333:role/mcp-cloud';
const ISSUER = 'https://login.example.com';
const SESSION = '01KB0000000000000000000001';

const CONFIG = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity: { issuers: [{ issuer: '${ISSUER}', audience: a, approvalAudience: b }] }
servers:
  files: { stdio: { command: files } }
  cloud:
    stdio: { command: cloud }
    aws: { roleArn: '${ROLE}', region: eu-central-1, tools: { stop: [{ event: 'ec2.amazonaws.com:StopInstances', write: true }] } }
policy: [{ id: all, allow: true, groups: [engineering] }]
approvals: { two-eyes: { reviewers: [leads], min: 1, deadline: 15m } }
ledger: { origin: example.com/gw, key: { file: ./keys/root.key }, digestKey: { file: ./keys/digest.key } }
collect: { cloudtrail: [{ dir: ./trail }] }
evidence: { outDir: ./evidence, key: { file: ./keys/report.key } }
`;

export interface World {
  readonly dir: string;
  readonly settings: Settings;
  /** Wall clock that tests set. */
  readonly clock: Clock & { at: number };
  remove(): void;
}

const clockAt = (at: number, boot: number): World['clock'] => ({
  at,
  now() {
    return this.at;
  },
  monotonic() {
    return this.at - START;
  },
  boot: `00000000-0000-4000-8000-00000000000${boot}`,
});

const digest = (letter: string) => `hs256:00000000:${letter.repeat(64)}` as const;

const call = (n: number, over: Partial<CallRecord> = {}): CallRecord => ({
  call: `01KB00000000000000000001${String(n).padStart(2, '0')}`,
  session: '01KB0000000000000000000002',
  principal: {
    iss: ISSUER,
    sub: 'ada',
    kind: 'human',
    groups: ['engineering'],
    client_id: 'cli',
    act: null,
    amr: ['pwd'],
    acr: null,
    token: digest('a'),
    exp: START / 1000 + 7200,
  },
  server: 'files',
  method: 'tools/call',
  target: 'read_file',
  forwarded: true,
  args: digest('b'),
  redactions: {},
  definition: null,
  decision: { effect: 'allow', rule: 'all', policy: 'p1', reason: 'allowed' },
  approval: null,
  risk: 'low',
  credential: null,
  trace: null,
  ...over,
});

const result = (intent: number, d: CallRecord, text: string): RecordDraft => ({
  type: 'result',
  d: { call: d.call, intent, status: 'ok', ms: 5, bytes: 10, redactions: {}, aws_request_ids: [] },
  payloads: { result: JSON.stringify({ content: [{ type: 'text', text }] }) },
});

const writeLedger = async (settings: Settings, clock: World['clock']): Promise<void> => {
  const key = await loadSigningKey(join(settings.file, '..', 'keys', 'root.key'));
  const { origin } = settings.ledger;
  const ledger = await openLedger({
    dir: ledgerDir(settings.gateway.dataDir, origin),
    origin,
    key,
    clock,
    heartbeat: 0,
  });
  const append = async (draft: RecordDraft, seconds = 20): Promise<number> => {
    clock.at += seconds * 1000;
    return (await ledger.append(draft)).seq;
  };
  const { digest: config, files } = settings.provenance;
  await append({ type: 'start', d: { version: '0.1.0', host: 'gw', pid: 1, config, demo: false, heartbeat: 60_000 } });
  const loaded = { outcome: 'loaded' as const, digest: config, policy: 'p1', files, git: null, reason: null };
  await append({ type: 'config', d: loaded });
  await append({
    type: 'session',
    d: {
      event: 'opened',
      session: SESSION,
      principal: { iss: ISSUER, sub: 'ada' },
      server: 'cloud',
      revision: null,
      address: '127.0.0.1',
      reason: null,
      calls: 0,
      dropped: 0,
    },
  });
  const credential = {
    kind: 'aws' as const,
    role_arn: ROLE,
    access_key_id: 'ASIAEXAMPLE0000000001',
    session_name: `cs-${SESSION}`,
    source_identity: sourceIdentity(ISSUER, 'ada'),
    expires: '2026-11-24T06:00:00.000Z',
  };
  const calls = [
    call(1),
    call(2, { server: 'cloud', session: SESSION, target: 'stop', credential }),
    call(3, { risk: 'high', target: '=cmd|calc' }),
    call(4, {
      forwarded: false,
      target: 'delete_file',
      decision: { effect: 'deny', rule: null, policy: 'p1', reason: 'no rule' },
    }),
  ];
  for (const d of calls) {
    const seq = await append({ type: 'call', d, payloads: { person: '{"name":"Ada Example"}' } });
    if (d.forwarded) await append(result(seq, d, d.risk === 'high' ? 'key AKIAIOSFODNN7EXAMPLE' : 'fine'), 1);
  }
  clock.at += 20_000;
  await ledger.close('signal');
};

const trailEvent = (id: string, seconds: number, over: object) => ({
  eventVersion: '1.11',
  eventID: id,
  eventTime: new Date(START + seconds * 1000).toISOString().replace('.000', ''),
  eventSource: 'ec2.amazonaws.com',
  eventName: 'StopInstances',
  awsRegion: 'eu-central-1',
  recipientAccountId: '111122223333',
  eventType: 'AwsApiCall',
  eventCategory: 'Management',
  readOnly: false,
  managementEvent: true,
  requestID: `r-${id}`,
  userAgent: 'sdk',
  sourceIPAddress: '10.0.0.1',
  ...over,
});

const identity = (session: string, source: string | null) => ({
  userIdentity: {
    type: 'AssumedRole',
    arn: `arn:aws:sts::111122223333:assumed-role/mcp-cloud/${session}`,
    accountId: '111122223333',
    accessKeyId: session.startsWith('cs-') ? 'ASIAEXAMPLE0000000001' : 'ASIAEXAMPLE0000000009',
    sessionContext: {
      sessionIssuer: { arn: ROLE, type: 'Role' },
      ...(source === null ? {} : { sourceIdentity: source }),
    },
  },
});

const writeTrail = (dir: string): void => {
  const folder = join(dir, 'trail/AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/24');
  mkdirSync(folder, { recursive: true });
  const own = identity(`cs-${SESSION}`, sourceIdentity(ISSUER, 'ada'));
  const Records = [
    trailEvent('11111111-0000-4000-8000-000000000001', 101, own),
    trailEvent('11111111-0000-4000-8000-000000000002', 600, identity('mallory', null)),
    trailEvent('11111111-0000-4000-8000-000000000003', 700, {
      ...identity('mallory', null),
      eventSource: 'cloudtrail.amazonaws.com',
      eventName: 'StopLogging',
      errorCode: 'AccessDenied',
    }),
  ];
  writeFileSync(
    join(folder, '111122223333_CloudTrail_eu-central-1_20261124T0520Z_AbCdEfGhIjKlMnOp.json.gz'),
    gzipSync(JSON.stringify({ Records })),
  );
};

export const makeWorld = async (): Promise<World> => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-report-'));
  writeFileSync(join(dir, 'countersign.yaml'), CONFIG, { mode: 0o600 });
  await createSigningKey(join(dir, 'keys/root.key'));
  await createSigningKey(join(dir, 'keys/report.key'));
  await createDigestKey(join(dir, 'keys/digest.key'));
  const settings = await loadSettings(join(dir, 'countersign.yaml'), {});
  await writeLedger(settings, clockAt(START, 1));
  const clock = clockAt(START + 3_600_000, 2);
  writeTrail(dir);
  await collectCloudTrailFolder({ from: join(dir, 'trail'), dataDir: settings.gateway.dataDir });
  const { dataDir } = settings.gateway;
  writeFileSync(join(dir, 'leavers.csv'), LEAVERS);
  await takeRegister({ dataDir, kind: 'leavers', file: join(dir, 'leavers.csv'), now: START });
  return { dir, settings, clock, remove: () => rmSync(dir, { recursive: true }) };
};
