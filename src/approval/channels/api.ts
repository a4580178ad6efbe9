/** The approvals API on the admin listener: what `countersign approvals` talks to. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CountersignError } from '../../base/errors.js';
import { parseJson, stringOf } from '../../base/json.js';
import type { Approval } from '../../model/approval.js';
import type { Authenticator } from '../../model/ports.js';
import type { Principal } from '../../model/principal.js';
import type { RecordDraft } from '../../model/record.js';
import type { Mask } from '../../model/redaction.js';
import type { ApprovalWorkflow } from '../workflow.js';
import { Problem, problemOf } from './problem.js';
import { checkHead, pathOf, type Route, readReason, routeOf } from './request.js';
import { detailOf, type ViewFacts, viewOf } from './view.js';

export interface ApprovalApiDependencies {
  readonly approvals: Pick<
    ApprovalWorkflow,
    'list' | 'get' | 'decide' | 'revoke' | 'isWaiting' | 'standing' | 'requiresReason'
  >;
  readonly authenticate: Authenticator['authenticate'];
  /** Records refused tokens and requests; bounded against floods by whoever gives it. */
  readonly record: (draft: Extract<RecordDraft, { type: 'auth' | 'refuse' }>) => Promise<unknown>;
  /** Masks what reviewers write before it is recorded. */
  readonly mask: Mask;
  /** `Host` values served, with the port. */
  readonly allowedHosts: readonly string[];
  /** `Origin` values served, none where not given; requests without the header pass. */
  readonly allowedOrigins?: readonly string[];
  /** Bytes of a body; 16 KiB where not given. */
  readonly maxBody?: number;
}

/** Answers a request of this API and tells true; false, untouched, for any other path. */
export type ApprovalApi = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

const MAX_BODY = 16_384;

const send = (
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void => {
  // A body that was not read to its end would be taken for the next request.
  const close = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...close,
    ...headers,
  });
  response.end(JSON.stringify(body));
};

const errorBody = (code: string, message: string, hint: string): object => ({ error: { code, message, hint } });

const addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? 'unknown';

/** Whoever is refused here learns why only where it is a matter of logging in again. */
const refusedLogin = (reason: string): Problem => {
  if (reason === 'keys_unavailable') return new Problem('KEYS_UNAVAILABLE');
  if (reason === 'groups_unavailable')
    return new Problem('KEYS_UNAVAILABLE', 'the groups of your account cannot be read at present');
  if (reason === 'no_token') return new Problem('LOGIN_REQUIRED');
  if (reason === 'stale_login') return new Problem('LOGIN_REQUIRED', 'the last login is too long ago, or not told');
  if (reason === 'expired') return new Problem('LOGIN_REQUIRED', 'the token has expired');
  return new Problem('LOGIN_REQUIRED', 'the token is not valid for approvals');
};

/** What is known of a request so far; for the record of its refusal. */
interface Exchange {
  readonly request: IncomingMessage;
  principal: Principal | null;
  server: string | null;
}

const createAuthenticate = ({ authenticate, record }: ApprovalApiDependencies) => {
  return async (exchange: Exchange): Promise<Principal> => {
    const { request } = exchange;
    const result = await authenticate(request.headers.authorization, 'approval');
    if (result.ok) {
      exchange.principal = result.principal;
      return result.principal;
    }
    const { issuer = null, subject = null, keyId = null } = result.claimed;
    const d = { iss: issuer, sub: subject, kid: keyId, server: null, count: 1 };
    const address = addressOf(request);
    await record({ type: 'auth', d: { ...d, reason: result.reason, use: 'approval', address } });
    throw refusedLogin(result.reason);
  };
};

const createRead = ({ approvals }: ApprovalApiDependencies) => {
  const factsFor = (approval: Approval, principal: Principal): ViewFacts | null => {
    const standing = approvals.standing(approval.id, principal);
    return standing && { own: standing === 'own', requireReason: approvals.requiresReason(approval) };
  };
  return {
    list: (principal: Principal, all: boolean): object => {
      const views = approvals.list().flatMap((approval) => {
        const facts = all || approvals.isWaiting(approval.id) ? factsFor(approval, principal) : null;
        return facts ? [viewOf(approval, facts)] : [];
      });
      return { approvals: views };
    },
    show: (principal: Principal, id: string): object => {
      const approval = approvals.get(id);
      const facts = approval && factsFor(approval, principal);
      if (!approval || !facts) throw new Problem('NOT_FOUND');
      return { approval: detailOf(approval, facts) };
    },
  };
};

const createDecide = ({ approvals, mask, maxBody = MAX_BODY }: ApprovalApiDependencies) => {
  const maskReason = (reason: string | null): string | null =>
    reason === null ? null : (stringOf(parseJson(mask(Buffer.from(JSON.stringify(reason))).bytes)) ?? null);

  return async (
    exchange: Exchange,
    principal: Principal,
    { id, verdict }: Extract<Route, { kind: 'decide' }>,
  ): Promise<object> => {
    exchange.server = approvals.get(id)?.binding.server ?? null;
    const reason = maskReason(await readReason(exchange.request, maxBody));
    const address = addressOf(exchange.request);
    const result =
      verdict === 'revoke'
        ? await approvals.revoke(id, principal, reason, address)
        : await approvals.decide(id, principal, verdict, reason, address);
    if (!result.ok) throw problemOf(result.reason);
    const requireReason = approvals.requiresReason(result.approval);
    const own = approvals.standing(id, principal) === 'own';
    return { approval: viewOf(result.approval, { own, requireReason }) };
  };
};

/** A refused login is on record as such; any other problem becomes a `refuse` record, its reason named for this API. */
const createRecordProblem =
  ({ record }: ApprovalApiDependencies) =>
  async ({ request, principal, server }: Exchange, problem: Problem): Promise<void> => {
    if (problem.code === 'LOGIN_REQUIRED' || problem.code === 'KEYS_UNAVAILABLE') return;
    const who = principal && { iss: principal.issuer, sub: principal.subject };
    const reason = `approval_${problem.code.toLowerCase()}`;
    await record({ type: 'refuse', d: { reason, principal: who, address: addressOf(request), server, count: 1 } });
  };

const createServe = (dependencies: ApprovalApiDependencies) => {
  const hosts = new Set(dependencies.allowedHosts.map((host) => host.toLowerCase()));
  const rules = { hosts, origins: new Set(dependencies.allowedOrigins ?? []) };
  const authenticate = createAuthenticate(dependencies);
  const read = createRead(dependencies);
  const decide = createDecide(dependencies);
  return async (exchange: Exchange, path: string, query: string): Promise<object> => {
    checkHead(exchange.request.headers, rules);
    const principal = await authenticate(exchange);
    const route = routeOf(exchange.request.method, path, query);
    if (route.kind === 'list') return read.list(principal, route.all);
    return route.kind === 'show' ? read.show(principal, route.id) : decide(exchange, principal, route);
  };
};

/**
 * `GET /approvals[?all=true]`, `GET /approvals/ID`, `POST /approvals/ID/approve|deny|revoke` with `{"reason": ...}`.
 * Every path wants a bearer token (RFC 6750) whose audience is approvals and whose login is recent. A person
 * sees the requests that his groups may decide, and his own. Each refusal is recorded before it is answered.
 */
export const createApprovalApi = (dependencies: ApprovalApiDependencies): ApprovalApi => {
  const serve = createServe(dependencies);
  const recordProblem = createRecordProblem(dependencies);

  /** The body, or the problem once it is on record. */
  const attempt = async (exchange: Exchange, path: string, query: string): Promise<object> => {
    try {
      return await serve(exchange, path, query);
    } catch (error) {
      if (error instanceof Problem) await recordProblem(exchange, error);
      throw error;
    }
  };

  return async (request, response) => {
    const target = pathOf(request.url);
    if (!target) return false;
    try {
      const body = await attempt({ request, principal: null, server: null }, target.path, target.query);
      send(request, response, 200, body);
    } catch (error) {
      if (error instanceof Problem) {
        const login = error.status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {};
        send(request, response, error.status, errorBody(error.code, error.message, error.hint), login);
      } else if (error instanceof CountersignError) {
        send(request, response, 503, errorBody(error.code, error.message, error.hint));
      } else throw error;
    }
    return true;
  };
};
