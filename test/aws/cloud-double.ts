/**
 * A cloud on this machine: STS, IAM, S3 and Secrets Manager for clients of the AWS SDK, with signatures checked, and what
 * its trail would deliver of them, digests signed. Held to the published API models.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authenticate } from '../../src/demo/aws/authenticate.js';
import { createEvent, type TrailEvent } from '../../src/demo/aws/event.js';
import { type Caller, createIdentities } from '../../src/demo/aws/identities.js';
import { type AwsKeys, headerOf, parseAuthorization } from '../../src/demo/aws/sigv4.js';
import { createTrailKeys, type Delivery, deliverTrail } from '../../src/demo/aws/trail.js';
import { findService, formatFailure, GLOBAL_REGION, UNKNOWN_SERVICE } from '../../src/demo/aws/wire.js';
import { seededRandom } from '../../src/demo/random.js';
import { type CloudState, operationOf } from './cloud-operations.js';

const CLOUD_ACCOUNT = '111122223333';
export const CLOUD_REGION = 'eu-central-1';

/** What a bucket takes. */
export type PutObject = (
  key: string,
  bytes: Buffer,
  metadata: Readonly<Record<string, string>>,
) => Promise<void> | void;

export interface CloudDouble {
  readonly endpoint: string;
  /** The role that sessions of the gateway assume. */
  readonly roleArn: string;
  /** Of the machine that the gateway runs on. */
  readonly gatewayKeys: AwsKeys;
  /** Of somebody who goes around the gateway. */
  readonly otherKeys: AwsKeys;
  /** What a trail of everything would have. */
  readonly events: readonly (TrailEvent & { readonly data: boolean })[];
  /** What failed within this cloud, such as an answer that is not as its model says. */
  readonly defects: readonly string[];
  /** Puts logs and signed digests into the trail's bucket; data events only where the trail selects them. */
  deliver(bucket: string, dataEvents: boolean, put: PutObject): Promise<Delivery>;
  close(): Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

/** Sorted by name, as the signature has it. */
const canonicalQuery = (query: URLSearchParams): string =>
  [...query]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');

const asData = (event: TrailEvent): TrailEvent => ({
  ...event,
  record: { ...event.record, managementEvent: false, eventCategory: 'Data' },
});

/** Puts what lies in a folder in the bucket's layout; `.head.json` files hold the metadata of the objects beside them. */
const putFolder = async (folder: string, put: PutObject): Promise<void> => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.gz'));
  for (const name of files.sort()) {
    const head = `${name}.head.json`;
    const known = readdirSync(join(folder, name, '..')).includes(head.split('/').at(-1) ?? '');
    const { Metadata = {} } = known ? JSON.parse(readFileSync(join(folder, head), 'utf8')) : {};
    await put(name, readFileSync(join(folder, name)), Metadata);
  }
};

/** Starts on a free port of the loopback interface. */
export const startCloudDouble = async (seed: number): Promise<CloudDouble> => {
  const random = seededRandom(seed, 'cloud');
  const started = Date.now();
  const identities = createIdentities(CLOUD_ACCOUNT, 'mcp-cloud', ['mallory'], random);
  const state: CloudState = {
    accountId: CLOUD_ACCOUNT,
    region: CLOUD_REGION,
    trail: 'main',
    bucket: 'trail',
    identities,
    instances: [],
    secrets: new Map(),
    buckets: new Map([['reports', new Map()]]),
    vault: new Map([['orders/key', 'abcdefgh']]),
  };
  const events: (TrailEvent & { readonly data: boolean })[] = [];
  const defects: string[] = [];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const body = await bodyOf(request);
    const method = request.method ?? '';
    const signable = { method, path: url.pathname, query: canonicalQuery(url.searchParams), headers, body };
    const authorization = parseAuthorization(headerOf(signable, 'authorization'));
    const service = findService(authorization?.scope.service ?? '') ?? UNKNOWN_SERVICE;
    const [now, requestId] = [Date.now(), random.uuid()];
    const send = (status: number, type: string, text: string | Buffer): void => {
      const ids = { 'x-amzn-requestid': requestId, 'x-amz-request-id': requestId };
      response.writeHead(status, { 'content-type': type, ...ids }).end(text);
    };
    const caller: Caller | { readonly code: string; readonly message: string; readonly status: number } = authenticate(
      signable,
      authorization,
      service,
      state,
      now,
    );
    if ('code' in caller) {
      const refused = formatFailure(service, caller, requestId);
      defects.push(`${caller.code} for ${method} ${url.pathname}`);
      return send(refused.status, refused.type, refused.body);
    }
    const asked = {
      method,
      path: url.pathname,
      query: url.searchParams,
      target: headerOf(signable, 'x-amz-target'),
      body,
    };
    const operation = operationOf(service.name, asked);
    if (!operation) throw new Error(`${service.name} ${method} ${request.url} is not there`);
    const { outcome, answer: good } = operation.run({ state, caller, request: asked, requestId, now });
    const facts = { eventId: random.uuid(), requestId, time: now, accountId: CLOUD_ACCOUNT, sourceIp: '127.0.0.1' };
    const region = service.global ? GLOBAL_REGION : CLOUD_REGION;
    const userAgent = headerOf(signable, 'user-agent');
    const event = createEvent({
      ...facts,
      region,
      userAgent,
      caller,
      operation: { ...operation, run: () => outcome },
      outcome,
    });
    events.push({ ...(operation.data ? asData(event) : event), data: operation.data });
    if (!outcome.failure) return send(200, good.type, good.body);
    const bad = formatFailure(service, outcome.failure, requestId);
    return send(bad.status, bad.type, bad.body);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      defects.push(String(error));
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const deliver = async (bucket: string, dataEvents: boolean, put: PutObject): Promise<Delivery> => {
    const outDir = mkdtempSync(join(tmpdir(), 'cs-cloud-'));
    try {
      const regions = [CLOUD_REGION, GLOBAL_REGION];
      const delivered = await deliverTrail({
        accountId: CLOUD_ACCOUNT,
        region: CLOUD_REGION,
        regions,
        bucket,
        trail: 'main',
        outDir,
        random,
        keys: await createTrailKeys(regions),
        started,
        now: Date.now(),
        events: events.filter(({ data }) => dataEvents || !data),
      });
      await putFolder(outDir, put);
      return delivered;
    } finally {
      rmSync(outDir, { recursive: true });
    }
  };
  const [mallory] = identities.users();
  if (mallory === undefined) throw new Error('nobody is there');
  return {
    endpoint: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    roleArn: identities.role.arn,
    gatewayKeys: identities.machine('gateway-host', started).keys,
    otherKeys: mallory.keys,
    events,
    defects,
    deliver,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
