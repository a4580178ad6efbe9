/** The reviewer's side on the command line: a client of the approvals API of the gateway. */
import { request } from 'undici';
import { z } from 'zod';
import type { ApprovalDetail, ApprovalView } from '../approval/channels/view.js';
import { CountersignError, reason } from '../base/errors.js';
import { printable } from '../base/json-rows.js';
import { isLoopback } from '../base/loopback.js';
import { isUlid } from '../base/ulid.js';
import type { Settings } from '../model/settings.js';
import { loadSettings } from './config.js';
import { readToken, tokenStore } from './token-store.js';

export type { ApprovalDetail, ApprovalView } from '../approval/channels/view.js';

/** Longest wait for the gateway, milliseconds. */
const TIMEOUT = 15_000;
/** Longest answer read, in bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;

const text = z.string().max(4_096);
const viewShape = {
  id: z.string().refine(isUlid),
  state: z.enum(['pending', 'granted', 'consumed', 'denied', 'expired', 'cancelled', 'revoked']),
  rule: text,
  server: text,
  tool: text,
  session: text,
  requester: text,
  own: z.boolean(),
  requestedAt: z.iso.datetime(),
  deadline: z.iso.datetime(),
  needed: z.int(),
  approved: z.int(),
  reviewers: z.array(text),
  requireReason: z.boolean(),
  decisions: z.array(
    z.strictObject({
      name: text,
      verdict: z.enum(['approve', 'deny']),
      reason: text.nullable(),
      at: z.iso.datetime(),
    }),
  ),
  everyGroup: z.boolean(),
  passkey: z.boolean(),
  requestReason: text.nullable(),
  window: z.strictObject({ uses: z.int(), of: z.int(), tools: z.array(text) }).nullable(),
  policyRule: text.nullable(),
  policy: text,
};
const View = z.strictObject({ approval: z.strictObject(viewShape) });
const Detail = z.strictObject({ approval: z.strictObject({ ...viewShape, arguments: z.string() }) });
const List = z.strictObject({ approvals: z.array(z.strictObject(viewShape)) });
const Failure = z.object({ error: z.object({ message: text }) });

export interface ApprovalsClient {
  /** The requests this person may see, oldest first: those that wait for a decision, or all that are remembered. */
  list(all: boolean): Promise<readonly ApprovalView[]>;
  /** @param id the request's id, or the beginning of it where only one begins so */
  show(id: string): Promise<ApprovalDetail>;
  /** One person's verdict; final. The id as for `show`. */
  decide(id: string, verdict: 'approve' | 'deny', reason: string | null): Promise<ApprovalView>;
  /** Ends a grant and the calls in flight under it; withdraws one's own request. The id as for `show`. */
  revoke(id: string, reason: string | null): Promise<ApprovalView>;
}

export interface ApprovalsClientDependencies {
  /** Base address of the admin listener. */
  readonly url: string;
  /** The access token for approvals. */
  readonly token: string;
}

const unknown = (problem: string): CountersignError => new CountersignError('APPROVAL_UNKNOWN', { problem });

const failureOf = (url: string, status: number, body: unknown): CountersignError => {
  const parsed = Failure.safeParse(body);
  const problem = parsed.success ? printable(parsed.data.error.message) : `it answered ${status}`;
  if (status === 401) return new CountersignError('APPROVAL_LOGIN', { problem });
  if (status === 404) return unknown(problem);
  if (status === 403 || status === 409 || status === 422) return new CountersignError('APPROVAL_REFUSED', { problem });
  return new CountersignError('APPROVAL_GATEWAY', { url, problem });
};

const readAnswer = async (body: AsyncIterable<Uint8Array>): Promise<unknown> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error('its answer is too long');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

type Exchange = <T>(method: 'GET' | 'POST', path: string, shape: z.ZodType<T>, body?: object) => Promise<T>;

const createExchange = ({ url, token }: ApprovalsClientDependencies): Exchange => {
  const failed = (problem: string): CountersignError => new CountersignError('APPROVAL_GATEWAY', { url, problem });
  const send = async (method: 'GET' | 'POST', path: string, body?: object) => {
    try {
      const answer = await request(new URL(path, url), {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body && { 'content-type': 'application/json' }),
        },
        body: body ? JSON.stringify(body) : null,
        headersTimeout: TIMEOUT,
        bodyTimeout: TIMEOUT,
      });
      return { status: answer.statusCode, body: await readAnswer(answer.body) };
    } catch (error) {
      if (error instanceof SyntaxError) throw failed('it does not speak the approvals API');
      throw failed(reason(error));
    }
  };
  return async (method, path, shape, body) => {
    const answer = await send(method, path, body);
    if (answer.status !== 200) throw failureOf(url, answer.status, answer.body);
    const parsed = shape.safeParse(answer.body);
    if (!parsed.success) throw failed('its answer does not have the form of this version');
    return parsed.data;
  };
};

/** The one request whose id begins so. */
const pick = (candidates: readonly ApprovalView[], prefix: string): ApprovalView | undefined => {
  const found = candidates.filter(({ id }) => id.startsWith(prefix));
  if (found.length > 1) {
    const shown = found.slice(0, 5).map(({ id }) => id);
    throw unknown(
      `${found.length} requests begin with ${prefix}: ${shown.join(', ')}${found.length > 5 ? ', ...' : ''}`,
    );
  }
  return found[0];
};

/** Errors of all methods: APPROVAL_LOGIN, APPROVAL_REFUSED (both exit 14), APPROVAL_UNKNOWN, APPROVAL_GATEWAY. */
export const createApprovalsClient = (dependencies: ApprovalsClientDependencies): ApprovalsClient => {
  const exchange = createExchange(dependencies);
  const list = async (all: boolean): Promise<readonly ApprovalView[]> =>
    (await exchange('GET', all ? '/approvals?all=true' : '/approvals', List)).approvals;

  /** Where several begin so, the one that waits is meant. */
  const resolve = async (given: string): Promise<string> => {
    const prefix = given.toUpperCase();
    if (isUlid(prefix)) return prefix;
    if (!/^[0-9A-Z]{1,25}$/.test(prefix)) throw unknown(`${printable(given).slice(0, 60)} is no id of a request`);
    const found = pick(await list(false), prefix) ?? pick(await list(true), prefix);
    if (!found) throw unknown(`no request that you may see begins with ${prefix}`);
    return found.id;
  };

  const post = async (id: string, verdict: string, why: string | null): Promise<ApprovalView> =>
    (await exchange('POST', `/approvals/${await resolve(id)}/${verdict}`, View, { reason: why })).approval;

  return {
    list,
    show: async (id) => (await exchange('GET', `/approvals/${await resolve(id)}`, Detail)).approval,
    decide: post,
    revoke: (id, why) => post(id, 'revoke', why),
  };
};

/** What a listener on every address of this machine is reached by. */
const EVERY: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/**
 * The base address of the admin listener for clients on this machine.
 * @throws CountersignError APPROVAL_ADDRESS: a bearer token does not travel without TLS (RFC 6750 §5.3)
 */
export const adminUrl = ({ host, port }: Settings['gateway']['admin']): string => {
  const reached = EVERY[host] ?? host;
  if (!isLoopback(reached)) throw new CountersignError('APPROVAL_ADDRESS', { address: `${host}:${port}` });
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
};

/**
 * The client for the gateway of a configuration, with the login stored for approvals.
 * @param where `config` as `loadSettings` takes it, `store` as `tokenStore` takes it
 * @throws CountersignError CONFIG_*, NOT_LOGGED_IN, TOKEN_STORE, APPROVAL_ADDRESS
 */
export const openApprovals = async (where: {
  readonly config?: string | undefined;
  readonly store?: string | undefined;
}): Promise<ApprovalsClient> => {
  const settings = await loadSettings(where.config);
  const { accessToken } = readToken(tokenStore(where.store), 'approval');
  return createApprovalsClient({ url: adminUrl(settings.gateway.admin), token: accessToken });
};
