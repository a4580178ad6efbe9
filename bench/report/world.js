/**
 * A quarter of a gateway and its AWS account: so many calls, a fiftieth of them approved, and ten CloudTrail events for
 * each, two by the gateway's own role and eight by others. Calls come in bursts of 500, the gateway beats every two minutes, and
 * one event in 100,000 goes around the gateway. Run in a process of its own: `node world.js DIR CALLS`.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { loadSettings } from '../../dist/app/config.js';
import { KEPT } from '../../dist/app/restore.js';
import { sourceIdentity } from '../../dist/base/aws-identity.js';
import { collectCloudTrailFolder } from '../../dist/collect/cloudtrail/files.js';
import { openLedger } from '../../dist/ledger/append.js';
import { ledgerDir } from '../../dist/ledger/folder.js';
import { createDigestKey, createSigningKey, loadSigningKey } from '../../dist/ledger/keys.js';

const FROM = Date.parse('2026-07-01T00:00:00Z');
const HOUR = 3_600_000;
const HOURS = 92 * 24;
const BURST = 500;
/** Silence of three minutes is a gap. */
const BEAT = 120_000;
const ISSUER = 'https://login.example.com';
const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/mcp-cloud`;

const CONFIG = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity: { issuers: [{ issuer: '${ISSUER}', audience: a, approvalAudience: b }] }
servers:
  cloud:
    stdio: { command: cloud }
    aws:
      roleArn: '${ROLE}'
      region: eu-central-1
      tools:
        list: [{ event: 'ec2.amazonaws.com:DescribeInstances' }]
        stop: [{ event: 'ec2.amazonaws.com:StopInstances', write: true }, { event: 'ec2.amazonaws.com:DescribeInstances' }]
policy: [{ id: all, allow: true, groups: [engineering] }]
approvals: { two-eyes: { reviewers: [leads], min: 1, deadline: 15m } }
ledger: { origin: example.com/gw, key: { file: ./keys/root.key }, digestKey: { file: ./keys/digest.key } }
collect: { cloudtrail: [{ dir: ./trail }] }
evidence: { outDir: ./evidence, key: { file: ./keys/report.key } }
`;

const id = (kind, n) => `01K0${kind}${String(n).padStart(21, '0')}`;
const token = `hs256:00000000:${'a'.repeat(64)}`;
const args = `hs256:00000000:${'b'.repeat(64)}`;
const isStop = (n) => n % 50 === 0;
const sessionOf = (n) => Math.floor(n / 25);
const person = (session) => `person-${session % 500}`;
const keyOf = (session) => `ASIA${String(session).padStart(16, '0')}`;
/** Bursts are spread evenly; the calls of one begin 10 ms after each other. */
const timeOf = (n, calls) => {
  const burst = Math.floor(n / BURST);
  return FROM + Math.floor((burst * (HOURS - 2)) / Math.ceil(calls / BURST)) * HOUR + 600_000 + (n % BURST) * 10;
};

const principal = (sub, now, groups) => ({
  iss: ISSUER,
  sub,
  kind: 'human',
  groups,
  client_id: 'cli',
  act: null,
  amr: ['pwd', 'mfa'],
  acr: null,
  token,
  exp: Math.floor(now / 1000) + 3600,
});

const callOf = (n, now, policy) => {
  const session = sessionOf(n);
  return {
    call: id('C', n),
    session: id('S', session),
    principal: principal(person(session), now, ['engineering']),
    server: 'cloud',
    method: 'tools/call',
    target: isStop(n) ? 'stop' : 'list',
    forwarded: true,
    args,
    redactions: {},
    definition: null,
    decision: { effect: isStop(n) ? 'require_approval' : 'allow', rule: 'all', policy, reason: 'rule' },
    approval: isStop(n) ? id('A', n) : null,
    risk: isStop(n) ? 'high' : 'low',
    credential: {
      kind: 'aws',
      role_arn: ROLE,
      access_key_id: keyOf(session),
      session_name: `cs-${id('S', session)}`,
      source_identity: sourceIdentity(ISSUER, person(session)),
      expires: new Date(now + HOUR).toISOString(),
    },
    trace: null,
  };
};

const approvalOf = (n, now, policy, event) => ({
  type: 'approval',
  d: {
    event,
    approval: id('A', n),
    rule: 'two-eyes',
    session: id('S', sessionOf(n)),
    requester: { iss: ISSUER, sub: person(sessionOf(n)) },
    server: 'cloud',
    tool: 'stop',
    args,
    definition: null,
    policy,
    deadline: new Date(now + 900_000).toISOString(),
    needed: 1,
    approved: event === 'requested' ? 0 : 1,
    reviewers: ['leads'],
    by:
      event === 'approved'
        ? {
            iss: ISSUER,
            sub: 'lead',
            groups: ['leads'],
            amr: ['pwd', 'mfa'],
            acr: null,
            client_id: 'cli',
            auth_time: Math.floor(now / 1000) - 60,
            token,
          }
        : null,
    channel: event === 'approved' ? 'web' : null,
    address: null,
    call: event === 'consumed' ? id('C', n) : null,
  },
  payloads: event === 'approved' ? { reason: '"it is planned"' } : {},
});

const sessionRecord = (session, event) => ({
  type: 'session',
  d: {
    event,
    session: id('S', session),
    principal: { iss: ISSUER, sub: person(session) },
    server: 'cloud',
    revision: null,
    address: '192.0.2.1',
    reason: null,
    calls: 0,
    dropped: 0,
  },
});

/** One burst: its sessions, approvals, calls and results, each kind waited for together. */
const burst = async (append, first, last, at, policy) => {
  const numbers = Array.from({ length: last - first }, (_, i) => first + i);
  const sessions = [...new Set(numbers.map(sessionOf))];
  await Promise.all(sessions.map((session) => append(sessionRecord(session, 'opened'), at(first) - 2_000)));
  const stops = numbers.filter(isStop);
  for (const event of ['requested', 'approved', 'granted', 'consumed'])
    await Promise.all(stops.map((n) => append(approvalOf(n, at(n), policy, event), at(first) - 1_000)));
  const calls = numbers.map((n) => callOf(n, at(n), policy));
  const payloads = { args: '{"instance":"i-0123456789abcdef0"}', person: '{"name":"Ada Example"}' };
  const intents = await Promise.all(calls.map((d, i) => append({ type: 'call', d, payloads }, at(first + i))));
  const result = '{"content":[{"type":"text","text":"instance i-0123456789abcdef0: running since the first of July"}]}';
  await Promise.all(
    calls.map(({ call }, i) => {
      const d = {
        call,
        intent: intents[i].seq,
        status: 'ok',
        ms: 5_000,
        bytes: 90,
        redactions: {},
        aws_request_ids: [],
      };
      return append({ type: 'result', d, payloads: { result } }, at(first + i) + 5_000);
    }),
  );
};

/** Opens the ledger with a heartbeat that this bench gives, by its own clock. */
const openWithBeat = async (settings, dir, clock) => {
  const { setInterval } = globalThis;
  let beat;
  globalThis.setInterval = (tick) => {
    beat = tick;
    return setInterval(() => undefined, HOUR);
  };
  const { origin } = settings.ledger;
  const key = await loadSigningKey(join(dir, 'keys/root.key'));
  const rotate = { bytes: 64 * 1024 * 1024, age: 3 * 24 * HOUR };
  const folder = ledgerDir(settings.gateway.dataDir, origin);
  const ledger = await openLedger({ dir: folder, origin, key, clock, heartbeat: BEAT, rotate, keep: KEPT });
  globalThis.setInterval = setInterval;
  return { ledger, beat: () => beat() };
};

const writeLedger = async (settings, dir, calls) => {
  const boot = '00000000-0000-4000-8000-000000000001';
  const clock = { at: FROM, now: () => clock.at, monotonic: () => clock.at - FROM, boot };
  const { ledger, beat } = await openWithBeat(settings, dir, clock);
  const append = (draft, at) => {
    clock.at = Math.max(clock.at, at);
    return ledger.append(draft);
  };
  const { digest: config, files } = settings.provenance;
  const policy = 'p1';
  const start = { version: '0.1.0', host: 'gw', pid: 1, config, demo: false, heartbeat: BEAT };
  await append({ type: 'start', d: start }, FROM);
  const loaded = { outcome: 'loaded', digest: config, policy, files, git: null, reason: null };
  await append({ type: 'config', d: loaded }, FROM);
  let done = 0;
  for (let at = FROM; at < FROM + HOURS * HOUR; at += BEAT) {
    clock.at = Math.max(clock.at, at);
    beat();
    // It takes its place in the ledger, and so its time, before the clock goes on.
    await new Promise((resolve) => setImmediate(resolve));
    while (done < calls && timeOf(done, calls) < at + BEAT) {
      const last = Math.min(done + BURST, calls);
      await burst(append, done, last, (n) => timeOf(n, calls), policy);
      done = last;
    }
  }
  const { size } = ledger;
  await ledger.close('signal');
  return size;
};

/** A record of CloudTrail of about 1 KB. */
const event = (n, ms, by, name, readOnly) =>
  `{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:${by.session}","arn":"arn:aws:sts::${ACCOUNT}:assumed-role/${by.role}/${by.session}","accountId":"${ACCOUNT}","accessKeyId":"${by.key}","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::${ACCOUNT}:role/${by.role}","accountId":"${ACCOUNT}","userName":"${by.role}"},${by.source ? `"sourceIdentity":"${by.source}",` : ''}"attributes":{"creationDate":"2026-07-01T00:00:00Z","mfaAuthenticated":"false"}}},"eventTime":"${new Date(ms).toISOString().slice(0, 19)}Z","eventSource":"ec2.amazonaws.com","eventName":"${name}","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.10","userAgent":"aws-sdk-js/3.1 ua/2.1 os/linux lang/js md/nodejs#20.20.2 api/ec2#3.1","requestParameters":{"instancesSet":{"items":[{"instanceId":"i-${String(n % 90_000).padStart(17, '0')}"}]}},"responseElements":null,"requestID":"${String(n).padStart(8, '0')}-1111-4222-8333-444455556666","eventID":"${String(n).padStart(8, '0')}-aaaa-4bbb-8ccc-ddddeeeeffff","readOnly":${readOnly},"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"${ACCOUNT}","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"ec2.eu-central-1.amazonaws.com"}}`;

/** Two for each call of the hour, and the other role's share of the quarter; one in 100,000 of a session nobody opened. */
function* eventsOf(hour, calls, first, last) {
  for (let n = first; n < last; n++) {
    const session = sessionOf(n);
    const source = sourceIdentity(ISSUER, person(session));
    const by = { role: 'mcp-cloud', session: `cs-${id('S', session)}`, key: keyOf(session), source };
    const ms = timeOf(n, calls);
    yield event(2 * n, ms + 1_000, by, isStop(n) ? 'StopInstances' : 'DescribeInstances', !isStop(n));
    yield event(2 * n + 1, ms + 2_000, by, 'DescribeInstances', true);
  }
  const others = 8 * calls;
  const [begin, end] = [Math.floor((others * hour) / HOURS), Math.floor((others * (hour + 1)) / HOURS)];
  for (let i = begin; i < end; i++) {
    const n = 2 * calls + i;
    const around = i % 80_000 === 79_999;
    const by = around
      ? { role: 'mcp-cloud', session: 'by-hand', key: 'ASIA9999999999999999' }
      : { role: 'app', session: `app-${i % 500}`, key: `ASIA8${String(i % 500).padStart(15, '0')}` };
    yield event(n, FROM + hour * HOUR + Math.floor(((i - begin) / (end - begin)) * HOUR), by, 'DescribeVolumes', true);
  }
}

/** One log an hour, collected a week at a time so that the copy of the bucket stays small. */
const writeTrail = async (settings, calls) => {
  let done = 0;
  let bytes = 0;
  for (let week = 0; week < HOURS; week += 168) {
    const from = mkdtempSync(join(tmpdir(), 'countersign-bench-trail-'));
    for (let hour = week; hour < Math.min(week + 168, HOURS); hour++) {
      const first = done;
      while (done < calls && timeOf(done, calls) < FROM + (hour + 1) * HOUR) done++;
      const text = `{"Records":[${[...eventsOf(hour, calls, first, done)].join(',')}]}`;
      bytes += text.length;
      const stamp = new Date(FROM + (hour + 1) * HOUR).toISOString().slice(0, 16).replaceAll(/[-:]/g, '');
      const folder = join(
        from,
        'AWSLogs',
        ACCOUNT,
        'CloudTrail/eu-central-1',
        stamp.slice(0, 4),
        stamp.slice(4, 6),
        stamp.slice(6, 8),
      );
      mkdirSync(folder, { recursive: true });
      const name = `${ACCOUNT}_CloudTrail_eu-central-1_${stamp}Z_${String(hour).padStart(16, '0')}.json.gz`;
      writeFileSync(join(folder, name), gzipSync(text, { level: 1 }));
    }
    await collectCloudTrailFolder({ from, dataDir: settings.gateway.dataDir });
    rmSync(from, { recursive: true });
  }
  return bytes;
};

const [dir, count] = [process.argv[2], Number(process.argv[3])];
const config = join(dir, 'countersign.yaml');
writeFileSync(config, CONFIG, { mode: 0o600 });
for (const name of ['root', 'report']) await createSigningKey(join(dir, `keys/${name}.key`));
await createDigestKey(join(dir, 'keys/digest.key'));
const settings = await loadSettings(config, {});
const records = await writeLedger(settings, dir, count);
const bytes = await writeTrail(settings, count);
console.log(JSON.stringify({ records, megabytes: Math.round(bytes / 1e6) }));
