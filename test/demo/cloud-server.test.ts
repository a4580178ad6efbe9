import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { systemClock } from '../../src/base/clock.js';
import { ulid } from '../../src/base/ulid.js';
import { type SampleAccount, startSampleAccount } from '../../src/demo/aws/account.js';
import { performMisuse } from '../../src/demo/misuse.js';
import { makePlan } from '../../src/demo/plan.js';
import { seededRandom } from '../../src/demo/random.js';
import { GATEWAY_ROLE, SAMPLE_ACCOUNT, SAMPLE_BUCKET, SAMPLE_REGION, SAMPLE_ROLE } from '../../src/demo/world.js';
import { type AwsCredentials, createAwsCredentials } from '../../src/upstream/aws-credentials.js';

const ISSUER = 'http://127.0.0.1:1';
const SERVER = fileURLToPath(new URL('../../dist/demo/cloud-server.js', import.meta.url));
const clock = systemClock();
/** A plan with everything in it. */
const plan = Array.from({ length: 100 }, (_, seed) => makePlan(seed)).find(
  ({ violations }) => violations.unexplained.length > 0 && violations.stopLogging.by === 'bypass',
);
if (!plan) throw new Error('no such plan');

let dir: string;
let account: SampleAccount;
let credentials: AwsCredentials;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-cloud-'));
  account = await startSampleAccount({
    host: '127.0.0.1',
    port: 0,
    accountId: SAMPLE_ACCOUNT,
    region: SAMPLE_REGION,
    bucket: SAMPLE_BUCKET,
    outDir: dir,
    clock,
    random: seededRandom(plan.seed, 'account'),
    roleName: SAMPLE_ROLE,
    users: plan.users,
    instances: plan.instances,
    secrets: plan.vault,
  });
  const settings = {
    roleArn: account.roleArn,
    region: SAMPLE_REGION,
    endpoint: account.endpoint,
    serviceEndpoint: account.endpoint,
    tools: {},
  };
  const gatewayKeys = account.machine(GATEWAY_ROLE).keys;
  credentials = createAwsCredentials({ settings, clock, gatewayKeys, environment: process.env });
});
afterAll(async () => {
  await credentials.close();
  await account.close();
  await rm(dir, { recursive: true });
});

const connect = async (person: string): Promise<Client> => {
  const session = await credentials.open({ id: ulid(Date.now()), issuer: ISSUER, subject: person });
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [SERVER],
    env: { ...session.env },
    stderr: 'inherit',
  });
  await client.connect(transport);
  return client;
};

const lastEvent = () => account.events().at(-1);

it('serves its tools with the session’s credentials, and names the request of each call', async () => {
  const client = await connect('ada');
  const { tools } = await client.listTools();
  expect(tools.map(({ name, annotations }) => [name, annotations?.destructiveHint ?? false])).toEqual([
    ['list_instances', false],
    ['stop_instance', true],
    ['get_secret', false],
  ]);

  const listed = await client.callTool({ name: 'list_instances', arguments: {} });
  expect(listed.structuredContent).toEqual({
    instances: plan.instances.map(({ id, name }) => ({ instanceId: id, name, state: 'running' })),
    requestId: lastEvent()?.requestId,
  });

  const [instance] = plan.instances;
  const stopped = await client.callTool({ name: 'stop_instance', arguments: { instanceId: instance?.id ?? '' } });
  expect(stopped.structuredContent).toMatchObject({ previousState: 'running', currentState: 'stopping' });
  expect(stopped.structuredContent).toMatchObject({ requestId: lastEvent()?.requestId });
  expect(lastEvent()?.record).toMatchObject({
    eventName: 'StopInstances',
    userIdentity: { sessionContext: { sourceIdentity: sourceIdentity(ISSUER, 'ada') } },
  });

  const [name = '', value = ''] = Object.entries(plan.vault)[0] ?? [];
  const secret = await client.callTool({ name: 'get_secret', arguments: { name } });
  expect(secret.structuredContent).toMatchObject({ name, value: JSON.parse(value) });
  expect(secret.content).toEqual([{ type: 'text', text: JSON.stringify(secret.structuredContent) }]);

  const missing = await client.callTool({ name: 'stop_instance', arguments: { instanceId: 'i-none' } });
  expect(missing.isError).toBe(true);
  expect(JSON.stringify(missing.content)).toContain(lastEvent()?.requestId);
  await client.close();
});

it('misuse leaves the events it names', async () => {
  for (const { person } of plan.violations.unexplained) {
    await credentials.open({ id: ulid(Date.now()), issuer: ISSUER, subject: person });
  }
  const sourceIdentityOf = (person: string) => sourceIdentity(ISSUER, person);
  const misused = await performMisuse(plan, { account, clock, sourceIdentityOf });
  const record = (eventId: string) => account.events().find((event) => event.eventId === eventId)?.record;
  const { bypasses } = plan.violations;
  expect(misused.bypassed.map((id) => record(id)?.['eventName'])).toEqual(
    bypasses.flatMap(({ operations }) => ['AssumeRole', ...operations.map(({ name }) => name)]),
  );
  for (const id of misused.bypassed) {
    expect(JSON.stringify(record(id))).toContain(account.roleArn);
    expect(JSON.stringify(record(id))).not.toContain('sourceIdentity');
  }
  expect(record(misused.stopLogging.eventId)).toMatchObject({
    eventName: 'StopLogging',
    errorCode: 'AccessDenied',
    userIdentity: { type: 'AssumedRole' },
    sourceIPAddress: plan.violations.stopLogging.sourceIp,
  });
  misused.unexplained.forEach((id, index) => {
    const person = plan.violations.unexplained[index]?.person ?? '';
    expect(record(id)).toMatchObject({
      userIdentity: { sessionContext: { sourceIdentity: sourceIdentityOf(person) } },
    });
  });
});
