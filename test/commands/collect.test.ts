import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { systemClock } from '../../src/base/clock.js';
import CollectCloudTrail from '../../src/commands/collect/cloudtrail.js';
import { openLedger } from '../../src/ledger/append.js';
import { ledgerDir } from '../../src/ledger/folder.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { head, log, logName, makeDigest, publicKeys, record, write } from '../collect/fixtures.js';
import { root, takeOutput } from './said.js';

const ROLE = 'arn:aws:iam::111122223333:role/mcp-cloud';
const SESSION = '01KB0000000000000000000000';
let folder: string;
let trail: string;
let config: string;
const said = takeOutput();

const CONFIG = `version: 1
organization: { name: Example Inc }
gateway: { publicUrl: 'https://mcp.example.com', dataDir: ./data }
identity:
  issuers: [{ issuer: 'https://login.example.com', audience: a }]
servers:
  cloud:
    stdio: { command: cloud }
    aws: { roleArn: '${ROLE}', region: eu-central-1, tools: { stop: [{ event: 'ec2.amazonaws.com:StopInstances', write: true }] } }
policy: []
ledger: { origin: example.com/mcp/gw-1 }
collect: { cloudtrail: [{ dir: ./trail }] }
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-collect-'));
  trail = join(folder, 'trail');
  config = join(folder, 'countersign.yaml');
  await writeFile(config, CONFIG, { mode: 0o600 });
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const assumed = (key: string) => ({
  type: 'AssumedRole',
  arn: `arn:aws:sts::111122223333:assumed-role/mcp-cloud/cs-${SESSION}`,
  accessKeyId: key,
  sessionContext: { sessionIssuer: { arn: ROLE }, sourceIdentity: sourceIdentity('https://login.example.com', 'p0') },
});

/** A real ledger with one session and one call, as a gateway leaves it while it runs. */
const recordCall = async (): Promise<void> => {
  const { privateKey: key } = generateKeyPairSync('ed25519');
  const origin = 'example.com/mcp/gw-1';
  const dir = ledgerDir(join(folder, 'data'), origin);
  const ledger = await openLedger({ dir, origin, key, clock: systemClock(), heartbeat: 0 });
  const principal = { iss: 'https://login.example.com', sub: 'p0' };
  await ledger.append({
    type: 'call',
    d: {
      call: '01KB0000000000000000000001',
      session: SESSION,
      principal: {
        ...principal,
        kind: 'human',
        groups: [],
        client_id: null,
        act: null,
        amr: [],
        acr: null,
        token: 'hs256:00000000:aa',
        exp: 1,
      },
      server: 'cloud',
      method: 'tools/call',
      target: 'stop',
      forwarded: true,
      args: null,
      redactions: {},
      definition: null,
      decision: { effect: 'allow', rule: 'r', policy: 'a'.repeat(64), reason: 'r' },
      approval: null,
      risk: 'low',
      credential: {
        kind: 'aws',
        role_arn: ROLE,
        access_key_id: 'ASIA0000000000000001',
        session_name: `cs-${SESSION}`,
        source_identity: sourceIdentity('https://login.example.com', 'p0'),
        expires: new Date(Date.now() + 3_600_000).toISOString(),
      },
      trace: null,
    },
    payloads: { person: '{"name":"Ada"}' },
  });
  const outcome = {
    call: '01KB0000000000000000000001',
    intent: 1,
    status: 'ok',
    ms: 5,
    bytes: 2,
    redactions: {},
    aws_request_ids: [],
  } as const;
  await ledger.append({ type: 'result', d: outcome, payloads: { result: '{}' } });
  await ledger.close('test');
};

const now = (): string => `${new Date().toISOString().slice(0, 19)}Z`;
const run = (...args: string[]) => CollectCloudTrail.run(['-c', config, ...args], root);

describe('countersign collect cloudtrail', () => {
  test('joins a folder with the ledger, and says what it found', async () => {
    await recordCall();
    const stop = {
      eventName: 'StopInstances',
      readOnly: false,
      eventTime: now(),
      userIdentity: assumed('ASIA0000000000000001'),
    };
    const outside = {
      ...stop,
      userIdentity: { ...assumed('ASIAX'), arn: 'arn:aws:sts::111122223333:assumed-role/mcp-cloud/mallory' },
    };
    write(trail, logName('0605'), log(record('mine', stop), record('theirs', outside), record('noise')));
    await run('--from-dir', trail);
    expect(said.err).toBe('');
    expect(process.exitCode).toBe(0);
    expect(said.out).toMatch(/events +3/);
    expect(said.out).toMatch(/matched +1/);
    expect(said.out).toMatch(/bypass +1/);
    const warehouse = await openWarehouse(join(folder, 'data/warehouse.duckdb'));
    const rows = await warehouse.query('SELECT event_id, kind, tier, person_ok FROM event_match ORDER BY 1');
    expect(rows).toEqual([
      { event_id: 'mine', kind: 'MATCHED', tier: 'T1', person_ok: true },
      { event_id: 'theirs', kind: 'BYPASS', tier: null, person_ok: null },
    ]);
    await warehouse.close();
  });

  test('names each file that was not taken, loads the rest, and ends with 11', async () => {
    write(trail, logName('0605'), log(record('a')).subarray(0, -3));
    write(trail, logName('0610', 'b'.repeat(16)), log(record('b')));
    write(trail, 'notes.json', '{}');
    await run();
    expect(process.exitCode).toBe(11);
    expect(said.err).toContain(`${logName('0605')}: the gzip trailer is cut off`);
    expect(said.err).toContain('notes.json: not a CloudTrail log');
    expect(said.out).toMatch(/events +1/);
  });

  test('a log that is not what its digest says ends with 12', async () => {
    const content = Buffer.from(JSON.stringify({ Records: [record('a')] }));
    const digest = makeDigest('07', [[logName('0605'), content]], null);
    write(trail, logName('0605'), gzipSync(content));
    write(trail, digest.key, digest.bytes);
    write(trail, `${digest.key}.head.json`, head(digest.signature));
    write(trail, 'public-keys/eu-central-1.json', publicKeys());
    await run();
    expect(process.exitCode).toBe(0);
    expect(said.out).toMatch(/digests +1 +1 with a valid signature/);
    write(trail, logName('0605'), log(record('forged')));
    await rm(join(folder, 'data'), { recursive: true });
    await run('--json');
    expect(process.exitCode).toBe(12);
    expect(said.out).toContain('its content is not what its digest names');
  });

  test('a folder that is not there is 2, and nothing is made of it', async () => {
    await run('--from-dir', join(folder, 'nowhere'));
    expect(process.exitCode).toBe(2);
    expect(said.err).toContain('cannot be collected');
  });
});
