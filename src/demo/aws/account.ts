/**
 * The sample AWS account: an HTTP server on this machine that speaks the real wire protocols of a few
 * services, checks SigV4 signatures, and keeps what CloudTrail would log. It is a stand-in for trying
 * and testing, says so in its `Server` header, and is never AWS.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Clock } from '../../base/clock.js';
import type { Random } from '../random.js';
import type { TrailEvent } from './event.js';
import { type HandleDeps, type Handled, handleRequest } from './handle.js';
import { createIdentities, type IamUser, type Identities, type RoleSession } from './identities.js';
import type { AccountState, SampleInstance } from './operation.js';
import { createTrailKeys, type Delivery, deliverTrail, type TrailKeys } from './trail.js';
import { GLOBAL_REGION } from './wire.js';

export interface SampleAccountOptions {
  readonly host: '127.0.0.1';
  /** 0: any free port. */
  readonly port: number;
  readonly accountId: string;
  readonly region: string;
  /** Name of the bucket the trail writes to: part of every object's signed location. */
  readonly bucket: string;
  /** Stands for the bucket: what `deliver` writes. */
  readonly outDir: string;
  readonly clock: Clock;
  /** Source of every id and key but the digest signing key. */
  readonly random: Random;
  readonly roleName: string;
  /** IAM users with a long-lived key each. */
  readonly users: readonly string[];
  readonly instances: readonly { readonly id: string; readonly name: string }[];
  readonly secrets: Readonly<Record<string, string>>;
}

export interface SampleAccount {
  /** `http://127.0.0.1:PORT`: for `AWS_ENDPOINT_URL` and the STS client. */
  readonly endpoint: string;
  readonly accountId: string;
  readonly region: string;
  readonly roleArn: string;
  /** An IAM user and its keys. Throws RangeError where there is none of that name. */
  user(name: string): IamUser;
  /** Keys of a machine that runs under a role of its own; they end with its session, after twelve hours. */
  machine(roleName: string): RoleSession;
  /** Every session of the role so far. */
  sessions(): readonly RoleSession[];
  events(): readonly TrailEvent[];
  /** The event of this request never reaches a log file: a missing effect for the tests of control to find. */
  withhold(requestId: string): void;
  /** Writes log files, digests, public keys and the README below `outDir`. Once, at the end. */
  deliver(): Promise<Delivery>;
  close(): Promise<void>;
}

const TRAIL = 'sample-trail';
const MAX_BODY = 65_536;
const MAX_EVENTS = 100_000;
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    if (!Buffer.isBuffer(part)) return undefined;
    length += part.length;
    if (length > MAX_BODY) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
};

const singleHeaders = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  return headers;
};

const send = (response: ServerResponse, { answer: { status, type, body }, requestId }: Handled): void => {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'x-amzn-requestid': requestId,
    'x-amz-request-id': requestId,
    server: 'countersign-sample-aws (not AWS)',
  });
  response.end(body);
};

const createState = (options: SampleAccountOptions): AccountState => ({
  accountId: options.accountId,
  region: options.region,
  trail: TRAIL,
  bucket: options.bucket,
  identities: createIdentities(options.accountId, options.roleName, options.users, options.random),
  instances: options.instances.map(({ id, name }): SampleInstance => ({ id, name, state: 'running' })),
  secrets: new Map(Object.entries(options.secrets)),
});

const listen = (server: Server, { host, port }: SampleAccountOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const findUser = (identities: Identities, name: string): IamUser => {
  const user = identities.users().find((candidate) => candidate.name === name);
  if (!user) throw new RangeError(`the sample account has no user ${name}`);
  return user;
};

const createListener =
  (deps: HandleDeps, full: () => boolean) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    if (!body || full()) {
      response.writeHead(413).end();
      return;
    }
    const signable = { method: request.method ?? '', path: request.url ?? '', headers: singleHeaders(request), body };
    send(response, handleRequest(signable, request.socket.remoteAddress ?? '127.0.0.1', deps));
  };

/** Starts the sample account on loopback. */
export const startSampleAccount = async (options: SampleAccountOptions): Promise<SampleAccount> => {
  const { accountId, region, clock, random } = options;
  const state = createState(options);
  const events: TrailEvent[] = [];
  const withheld = new Set<string>();
  const started = clock.now();
  const regions = [...new Set([region, GLOBAL_REGION])];
  let signing: Promise<TrailKeys> | null = null;
  const respond = createListener(
    { state, clock, random, log: (event) => events.push(event) },
    () => events.length >= MAX_EVENTS,
  );
  const server = createServer((request, response) => {
    respond(request, response).catch(() => response.destroy());
  });
  const port = await listen(server, options);
  const deliver = async (): Promise<Delivery> => {
    const keys = await (signing ??= createTrailKeys(regions));
    const delivered = events.filter(({ requestId }) => !withheld.has(requestId));
    return deliverTrail({ ...options, trail: TRAIL, regions, keys, started, now: clock.now(), events: delivered });
  };
  return {
    endpoint: `http://${options.host}:${port}`,
    accountId,
    region,
    roleArn: state.identities.role.arn,
    user: (name) => findUser(state.identities, name),
    machine: (roleName) => state.identities.machine(roleName, clock.now()),
    sessions: () => state.identities.sessions(),
    events: () => events,
    withhold: (requestId) => withheld.add(requestId),
    deliver,
    close: () => close(server),
  };
};
