/** People, the real gateway, a server on the AWS SDK, and a cloud whose trail writes into a bucket: what can be joined. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { callAws } from '../../src/demo/aws/client.js';
import type { Delivery } from '../../src/demo/aws/trail.js';
import { createSigningKey } from '../../src/ledger/keys.js';
import { CLOUD_REGION, type CloudDouble, startCloudDouble } from '../aws/cloud-double.js';
import { type ProxyWorld, prepareWorld } from './proxy.js';

const SERVER = join(import.meta.dirname, '../aws/sdk-server.mjs');

const BUCKET = { argument: '/bucket', parameter: '/bucketName' };
const SECRET = { argument: '/name', parameter: '/secretId' };
const s3 = (name: string, more: object = {}): object => ({ event: `s3.amazonaws.com:${name}`, ...more });
const secret = (name: string, more: object = {}): object => ({
  event: `secretsmanager.amazonaws.com:${name}`,
  resource: SECRET,
  ...more,
});

/** What the tools of the server cause. */
const TOOLS = {
  list_buckets: [s3('ListBuckets')],
  create_bucket: ['CreateBucket', 'PutBucketTagging'].map((name) => s3(name, { write: true, resource: BUCKET })),
  put_object: [s3('PutObject', { write: true, data: true, resource: BUCKET })],
  get_object: [s3('GetObject', { data: true, resource: BUCKET })],
  list_users: [{ event: 'iam.amazonaws.com:ListUsers' }],
  get_secret: [secret('GetSecretValue')],
  put_secret: [secret('PutSecretValue', { write: true })],
};

/** Where the trail writes, for the collection of the configuration. */
export interface TrailPlace {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string;
  /** Where CloudTrail itself answers. */
  readonly cloudtrailEndpoint: string;
}

export interface CloudWorld extends ProxyWorld {
  readonly cloud: CloudDouble;
}

/** Everything but the running gateway. */
export const prepareCloud = async (seed: number, trail: TrailPlace): Promise<CloudWorld> => {
  const cloud = await startCloudDouble(seed);
  const place = Object.entries(trail).map(([name, value]) => `${name}: '${value}'`);
  const world = await prepareWorld({
    // JSON is YAML too.
    servers: JSON.stringify({
      cloud: {
        stdio: { command: process.execPath, args: [SERVER] },
        aws: {
          roleArn: cloud.roleArn,
          region: CLOUD_REGION,
          endpoint: cloud.endpoint,
          serviceEndpoint: cloud.endpoint,
          tools: TOOLS,
        },
      },
    }),
    policy: "[ { id: all, allow: true, groups: [engineering], servers: [cloud], tools: ['*'] } ]",
    people: ['omar'],
    more: `collect: { cloudtrail: [{ s3: { ${place.join(', ')}, since: 3d } }] }
evidence: { outDir: ./evidence, key: { file: ./data/keys/report.key } }
`,
  });
  await createSigningKey(join(world.dir, 'data/keys/report.key'));
  return { ...world, cloud };
};

/** One call and what it left in the cloud. */
export interface Left {
  readonly tool: string;
  readonly isError: boolean;
  /** Ids of events. */
  readonly events: readonly string[];
}

const connect = async (world: CloudWorld, person: string): Promise<Client> => {
  const client = new Client({ name: person, version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${await world.token(person)}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${world.gateway}/cloud/mcp`), { requestInit }));
  return client;
};

type Step = readonly [person: 'jane' | 'omar', tool: string, args: Readonly<Record<string, string>>];

/** Two people who take turns. */
const STEPS: readonly Step[] = [
  ['jane', 'whoami', {}],
  ['jane', 'list_buckets', {}],
  ['omar', 'list_buckets', {}],
  ['jane', 'create_bucket', { bucket: 'q4-figures', owner: 'jane' }],
  ['omar', 'list_users', {}],
  ['jane', 'put_object', { bucket: 'q4-figures', key: 'a/b c.txt', body: 'twelve' }],
  ['omar', 'get_object', { bucket: 'q4-figures', key: 'a/b c.txt' }],
  ['omar', 'get_secret', { name: 'orders/key' }],
  ['omar', 'get_secret', { name: 'orders/none' }],
  ['jane', 'put_secret', { name: 'orders/key', value: 'hgfedcba' }],
  ['omar', 'create_bucket', { bucket: 'q4-figures', owner: 'omar' }],
];

/** What ListPublicKeys answers, by region. */
export const trailKeys =
  (keys: Delivery['publicKeys']) =>
  (region: string): string => {
    const now = Date.now() / 1000;
    const valid = { ValidityStartTime: now - 86_400, ValidityEndTime: now + 86_400 };
    const own = keys.filter((key) => key.region === region);
    return JSON.stringify({
      PublicKeyList: own.map(({ publicKey, fingerprint }) => ({
        Value: publicKey,
        Fingerprint: fingerprint,
        ...valid,
      })),
    });
  };

/** Lets both people act through the gateway, and somebody around it, and stops it. @returns each call with what it left */
export const actInCloud = async (world: CloudWorld): Promise<readonly Left[]> => {
  const { cloud } = world;
  const { accessKeyId, secretAccessKey, sessionToken } = cloud.gatewayKeys;
  const gateway = await world.start([], {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken ?? '',
  });
  const clients = { jane: await connect(world, 'jane'), omar: await connect(world, 'omar') };
  const left: Left[] = [];
  for (const [person, tool, args] of STEPS) {
    const before = cloud.events.length;
    const { isError = false } = await clients[person].callTool({ name: tool, arguments: args });
    // The first call of a session assumes its role, which no call causes.
    const caused = cloud.events.slice(before).filter(({ name }) => name !== 'AssumeRole');
    left.push({ tool, isError, events: caused.map(({ eventId }) => eventId) });
  }
  await Promise.all(Object.values(clients).map((client) => client.close()));
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
  const around = { endpoint: cloud.endpoint, region: CLOUD_REGION, keys: cloud.otherKeys, now: Date.now() };
  await callAws(around, 'secretsmanager', 'GetSecretValue', { SecretId: 'orders/key' });
  return left;
};

export const removeCloud = async (world: CloudWorld): Promise<void> => {
  await world.idp.close();
  await world.cloud.close();
  rmSync(world.dir, { recursive: true });
};
