/** The plan's violations, over the sample account, collector and warehouse: what the tests of control find. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { systemClock } from '../../src/base/clock.js';
import { ulid } from '../../src/base/ulid.js';
import { collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { type SampleAccount, startSampleAccount } from '../../src/demo/aws/account.js';
import { callAws, fetchContainerCredentials } from '../../src/demo/aws/client.js';
import { performMisuse } from '../../src/demo/misuse.js';
import { expectedExceptions, makePlan } from '../../src/demo/plan.js';
import type { Plan, PlanCall } from '../../src/demo/plan-model.js';
import { seededRandom } from '../../src/demo/random.js';
import {
  CLOUD_TOOLS,
  GATEWAY_ROLE,
  SAMPLE_ACCOUNT,
  SAMPLE_BUCKET,
  SAMPLE_REGION,
  SAMPLE_ROLE,
} from '../../src/demo/world.js';
import type { CredentialFacts } from '../../src/model/credential-facts.js';
import type { Settings } from '../../src/model/settings.js';
import { type AwsSession, createAwsCredentials } from '../../src/upstream/aws-credentials.js';
import { buildWarehouse, warehouseFile } from '../../src/warehouse/build.js';
import { openWarehouse } from '../../src/warehouse/open.js';
import { entriesOf, type Happened, streamOf } from '../warehouse/ledger.js';
import { SETTINGS } from '../warehouse/settings.js';

const ISSUER = 'http://127.0.0.1:1';
const clock = systemClock();
const cleanup: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of cleanup.splice(0).toReversed()) await step();
});

const start = async (plan: Plan, outDir: string): Promise<SampleAccount> => {
  const account = await startSampleAccount({
    host: '127.0.0.1',
    port: 0,
    accountId: SAMPLE_ACCOUNT,
    region: SAMPLE_REGION,
    bucket: SAMPLE_BUCKET,
    outDir,
    clock,
    random: seededRandom(plan.seed, 'account'),
    roleName: SAMPLE_ROLE,
    users: plan.users,
    instances: plan.instances,
    secrets: plan.vault,
  });
  cleanup.push(() => account.close());
  return account;
};

const awsSettings = (account: SampleAccount) => ({
  roleArn: account.roleArn,
  region: SAMPLE_REGION,
  endpoint: account.endpoint,
  serviceEndpoint: account.endpoint,
  tools: Object.fromEntries(
    Object.entries(CLOUD_TOOLS).map(([tool, events]) => [
      tool,
      events.map(({ event, write }) => {
        const [source = '', name = ''] = event.split(':');
        return { source, name, write, async: 0 };
      }),
    ]),
  ),
});

const OPERATIONS: Readonly<Record<string, readonly [string, string]>> = {
  list_instances: ['ec2', 'DescribeInstances'],
  stop_instance: ['ec2', 'StopInstances'],
  get_secret: ['secretsmanager', 'GetSecretValue'],
};

/** Does what a call's tool would do; the request id. */
const perform = async (call: PlanCall, account: SampleAccount, session: AwsSession): Promise<string> => {
  const [service = '', operation = ''] = OPERATIONS[call.tool] ?? [];
  const keys = await fetchContainerCredentials(
    session.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '',
    session.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '',
  );
  const parameters = { 'InstanceId.1': String(call.args['instanceId']), SecretId: String(call.args['name']) };
  const answer = await callAws(
    { endpoint: account.endpoint, region: SAMPLE_REGION, keys, now: Date.now() },
    service,
    operation,
    parameters,
  );
  expect(answer.status).toBe(200);
  return answer.requestId;
};

const opened = (session: string, sub: string): Happened => ({
  at: Date.now(),
  draft: {
    type: 'session',
    d: {
      event: 'opened',
      session,
      principal: { iss: ISSUER, sub },
      server: 'cloud',
      revision: '2025-11-25',
      address: '127.0.0.1',
      reason: null,
      calls: 0,
      dropped: 0,
    },
  },
});

const intent = (id: string, session: string, call: PlanCall, credential: CredentialFacts, at: number): Happened => ({
  at,
  draft: {
    type: 'call',
    d: {
      call: id,
      session,
      principal: {
        iss: ISSUER,
        sub: call.by,
        kind: 'human',
        groups: [],
        client_id: null,
        act: null,
        amr: [],
        acr: null,
        token: 'hs256:00000000:00',
        exp: 0,
      },
      server: 'cloud',
      method: 'tools/call',
      target: call.tool,
      forwarded: true,
      args: null,
      redactions: {},
      definition: null,
      decision: { effect: 'allow', rule: 'r', policy: 'p', reason: 'r' },
      approval: null,
      risk: 'low',
      credential,
      trace: null,
    },
  },
});

const outcome = (id: string, requestId: string, ms: number): Happened => ({
  at: Date.now(),
  draft: {
    type: 'result',
    d: { call: id, intent: 0, status: 'ok', ms, bytes: 1, redactions: {}, aws_request_ids: [requestId] },
  },
});

const query = async (dataDir: string, control: string): Promise<Set<string>> => {
  const warehouse = await openWarehouse(warehouseFile(dataDir), { readOnly: true });
  const sql = await readFile(new URL(`../../controls/soc2/${control}/exceptions.sql`, import.meta.url), 'utf8');
  const rows = await warehouse.query(sql, {
    from: new Date(Date.now() - 3_600_000).toISOString(),
    to: new Date(Date.now() + 3_600_000).toISOString(),
  });
  await warehouse.close();
  return new Set(rows.map(({ item }) => (typeof item === 'string' ? item : '')));
};

/** Seeds that differ in what is planted. */
const SEEDS = [1, 2, 3, 4, 5, 6];

it.each(SEEDS)('with seed %i, the tests of control find what was planted, and nothing else', async (seed) => {
  const plan = makePlan(seed);
  const dir = await mkdtemp(join(tmpdir(), 'countersign-findings-'));
  cleanup.push(() => rm(dir, { recursive: true }));
  const account = await start(plan, join(dir, 'aws'));
  const aws = awsSettings(account);
  const gatewayKeys = account.machine(GATEWAY_ROLE).keys;
  const credentials = createAwsCredentials({ settings: aws, clock, gatewayKeys, environment: process.env });
  cleanup.push(() => credentials.close());

  const records: Happened[] = [];
  const missingEffects: string[] = [];
  const sessions = new Map<string, { readonly id: string; readonly aws: AwsSession }>();
  for (const call of plan.calls.filter(({ server, expect: end }) => server === 'cloud' && end !== 'denied')) {
    let session = sessions.get(call.connection);
    if (!session) {
      const id = ulid(Date.now());
      records.push(opened(id, call.by));
      session = { id, aws: await credentials.open({ id, issuer: ISSUER, subject: call.by }) };
      sessions.set(call.connection, session);
    }
    const id = ulid(Date.now());
    const at = Date.now();
    records.push(intent(id, session.id, call, session.aws.facts, at));
    const requestId = await perform(call, account, session.aws);
    records.push(outcome(id, requestId, Date.now() - at));
    if (call.key === plan.violations.missingEffect) {
      account.withhold(requestId);
      missingEffects.push(id);
    }
  }
  const sourceIdentityOf = (person: string) => sourceIdentity(ISSUER, person);
  const misused = await performMisuse(plan, { account, clock, sourceIdentityOf });
  await account.deliver();

  const dataDir = join(dir, 'data');
  const collection = await collectCloudTrailFolder({ from: join(dir, 'aws'), dataDir });
  expect(collection.files.filter(({ problem }) => problem)).toEqual([]);
  const [server] = SETTINGS.servers;
  if (!server) throw new Error('no server');
  const settings: Settings = { ...SETTINGS, servers: [{ ...server, aws }] };
  const built = await buildWarehouse({ dataDir, records: streamOf(entriesOf(records)), settings });
  expect(built.events).toBe(account.events().length - missingEffects.length);
  for (const [control, items] of expectedExceptions({ ...misused, missingEffects })) {
    expect([control, await query(dataDir, control)]).toEqual([control, items]);
  }
  expect(await query(dataDir, 'CS-TRL-02')).toEqual(new Set());
});

it('has seeds with every kind of violation', () => {
  const violations = SEEDS.map((seed) => makePlan(seed).violations);
  expect(violations.some(({ missingEffect }) => missingEffect !== null)).toBe(true);
  expect(violations.some(({ unexplained }) => unexplained.length > 0)).toBe(true);
  expect(new Set(violations.map(({ stopLogging }) => stopLogging.by)).size).toBe(2);
});
