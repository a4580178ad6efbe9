import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sourceIdentity } from '../../src/base/aws-identity.js';
import { systemClock } from '../../src/base/clock.js';
import { sha256 } from '../../src/base/digest.js';
import { CountersignError } from '../../src/base/errors.js';
import { ulid } from '../../src/base/ulid.js';
import { type SampleAccount, startSampleAccount } from '../../src/demo/aws/account.js';
import { callAws, fetchContainerCredentials } from '../../src/demo/aws/client.js';
import { seededRandom } from '../../src/demo/random.js';
import type { AwsSettings } from '../../src/model/credential-settings.js';
import { type AwsCredentials, createAwsCredentials } from '../../src/upstream/aws-credentials.js';
import type { AwsTemporaryCredentials } from '../../src/upstream/credentials-endpoint.js';

const clock = systemClock();
const owner = () => ({ id: ulid(Date.now()), issuer: 'http://127.0.0.1:1', subject: 'ada' });
let dir: string;
let account: SampleAccount;
let environment: Record<string, string | undefined>;
let open: AwsCredentials[];

beforeEach(async () => {
  open = [];
  environment = process.env;
  dir = await mkdtemp(join(tmpdir(), 'countersign-credentials-'));
  account = await startSampleAccount({
    host: '127.0.0.1',
    port: 0,
    accountId: '111122223333',
    region: 'eu-central-1',
    bucket: 'bucket',
    outDir: dir,
    clock,
    random: seededRandom(2, 'account'),
    roleName: 'sample-cloud-mcp',
    users: ['countersign-gateway'],
    instances: [],
    secrets: {},
  });
});
afterEach(async () => {
  await Promise.all(open.map((credentials) => credentials.close()));
  await account.close();
  await rm(dir, { recursive: true });
});

const settings = (change: Partial<AwsSettings> = {}): AwsSettings => ({
  roleArn: account.roleArn,
  region: account.region,
  endpoint: account.endpoint,
  serviceEndpoint: account.endpoint,
  tools: {},
  ...change,
});

const create = (change: Partial<Parameters<typeof createAwsCredentials>[0]> = {}): AwsCredentials => {
  const { accessKeyId, secretAccessKey } = account.user('countersign-gateway').keys;
  const gatewayKeys = { accessKeyId, secretAccessKey };
  const made = createAwsCredentials({ settings: settings(), clock, gatewayKeys, environment, ...change });
  open.push(made);
  return made;
};

describe('against the sample account, through the AWS SDK', () => {
  it('names session and person, and the child gets working credentials', async () => {
    const warning = vi.spyOn(process, 'emitWarning');
    const who = owner();
    const session = await create().open(who);
    expect(warning).not.toHaveBeenCalled();
    const [issued] = account.sessions();
    expect(session.facts).toEqual({
      kind: 'aws',
      role_arn: account.roleArn,
      access_key_id: issued?.keys.accessKeyId,
      session_name: `cs-${who.id}`,
      source_identity: sourceIdentity(who.issuer, who.subject),
      expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
    expect(issued).toMatchObject({ name: `cs-${who.id}`, sourceIdentity: session.facts.source_identity });
    expect(session.env).toMatchObject({
      AWS_REGION: 'eu-central-1',
      AWS_SDK_UA_APP_ID: `cs-${who.id}`,
      AWS_ENDPOINT_URL: account.endpoint,
    });
    const shown = JSON.stringify([session.env, session.facts]);
    expect(shown).not.toContain(issued?.keys.secretAccessKey);
    expect(shown).not.toContain(issued?.keys.sessionToken);
    const keys = await fetchContainerCredentials(
      session.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '',
      session.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '',
    );
    expect(keys).toEqual(issued?.keys);
    const caller = { endpoint: account.endpoint, region: account.region, keys, now: Date.now() };
    expect((await callAws(caller, 'sts', 'GetCallerIdentity', {})).status).toBe(200);
  });

  it('serves a process that uses the AWS SDK with its default chain', async () => {
    const session = await create().open(owner());
    const script = `
      import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
      const me = await new STSClient({}).send(new GetCallerIdentityCommand({}));
      process.stdout.write(me.Arn);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { PATH: process.env['PATH'], HOME: dir, ...session.env },
    });
    expect(stdout).toBe(`arn:aws:sts::111122223333:assumed-role/sample-cloud-mcp/${session.facts.session_name}`);
    expect(account.events().at(-1)?.record['userAgent']).toContain(`app/${session.facts.session_name}`);
  });

  it('gives a session its tags and its policy, and names them in the record', async () => {
    const tags = {
      tags: { Team: 'payments' },
      claimTags: { Department: 'department', Office: 'office', Many: 'many' },
    };
    const policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}';
    const claims = { department: ['R&D'], office: ['Ulm'], many: ['a', 'b'] };
    const session = await create({ settings: settings(tags), policy }).open({ ...owner(), claims });
    const event = account.events().findLast(({ record }) => record['eventName'] === 'AssumeRole');
    // A value that no tag can hold, and one of several, give no tag.
    expect(event?.record['requestParameters']).toMatchObject({
      principalTags: { Team: 'payments', Office: 'Ulm' },
      policy,
    });
    expect(event?.record).not.toHaveProperty('requestParameters.principalTags.Department');
    expect(event?.record).not.toHaveProperty('requestParameters.principalTags.Many');
    expect(session.facts).toMatchObject({ tags: ['Office', 'Team'], session_policy: sha256(policy) });
  });

  it('says which role was refused, and no secret', async () => {
    const refused = create({ settings: settings({ roleArn: 'arn:aws:iam::111122223333:role/another' }) });
    const error: unknown = await refused.open(owner()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CountersignError);
    expect(error).toMatchObject({ code: 'AWS_ASSUME_ROLE', details: { problem: 'AccessDenied' } });
    const wrong = create({ gatewayKeys: { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'not-the-secret' } });
    await expect(wrong.open(owner())).rejects.toThrow(/could not be assumed for a session: InvalidClientTokenId$/);
  });
});

interface Ask {
  readonly path?: string;
  readonly token?: string;
  readonly host?: string;
  readonly method?: string;
}
const ask = (uri: string, { path, token, host, method = 'GET' }: Ask): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...(token === undefined ? {} : { authorization: token }),
      ...(host === undefined ? {} : { host }),
    };
    const url = new URL(path ?? uri, uri);
    request(url, { method, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });

describe('the credentials endpoint', () => {
  const fixed = (expires: number): AwsTemporaryCredentials => ({
    accessKeyId: `ASIA${expires}`.padEnd(20, '0'),
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expires,
  });

  it('answers the one child that holds the token, until the session is closed', async () => {
    const credentials = create({ assumeRole: async () => fixed(Date.now() + 3_600_000) });
    const [one, other] = [await credentials.open(owner()), await credentials.open(owner())];
    const uri = one.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '';
    const token = one.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '';
    expect(uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/credentials\/[0-9a-f]{32}$/);
    expect(await ask(uri, { token })).toBe(200);
    expect(await ask(uri, {})).toBe(403);
    expect(await ask(uri, { token: other.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '' })).toBe(403);
    expect(await ask(uri, { token, host: 'attacker.example' })).toBe(403);
    expect(await ask(uri, { token, host: `localhost:${new URL(uri).port}` })).toBe(403);
    expect(await ask(uri, { token, path: '/credentials/00' })).toBe(404);
    expect(await ask(uri, { token, path: `${uri}?x=1` })).toBe(404);
    expect(await ask(uri, { token, method: 'POST' })).toBe(405);
    await one.close();
    expect(await ask(uri, { token })).toBe(404);
    await credentials.close();
    await expect(ask(uri, { token })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('renews shortly before expiry, once for all who ask at the same time, and the facts follow', async () => {
    let now = 1_800_000_000_000;
    const assumeRole = vi.fn(async () => fixed(now + 3_600_000));
    const session = await create({ assumeRole, clock: { ...clock, now: () => now } }).open(owner());
    const get = () =>
      fetchContainerCredentials(
        session.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] ?? '',
        session.env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] ?? '',
      );
    const first = await get();
    now += 40 * 60_000;
    expect(await get()).toEqual(first);
    now += 5 * 60_000;
    const [second, third] = await Promise.all([get(), get()]);
    expect(assumeRole).toHaveBeenCalledTimes(2);
    expect(second.accessKeyId).not.toBe(first.accessKeyId);
    expect(third).toEqual(second);
    expect(session.facts.access_key_id).toBe(second.accessKeyId);

    assumeRole.mockRejectedValue(new Error('down'));
    now += 59 * 60_000;
    expect(await get()).toEqual(second);
    now += 2 * 60_000;
    await expect(get()).rejects.toThrow(/answered 500/);
    expect(session.facts.expires).toBe('2027-01-15T09:45:00.000Z');
  });
});
