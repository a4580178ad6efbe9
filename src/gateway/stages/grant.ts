import type { Clock } from '../../base/clock.js';
import { at, inexactNumber } from '../../base/json.js';
import type { Ulid } from '../../base/ulid.js';
import type { ApprovalAsk, ApprovalOutcome } from '../../model/approval.js';
import type { Decided, Granted } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { Approvals, Ledger } from '../../model/ports.js';
import { principalKey } from '../../model/principal.js';
import { Pending } from '../pending.js';
import type { Reply } from '../pipeline.js';
import type { Judge } from '../policy-call.js';
import { isMethod } from '../protocol/2026-07-28/methods.js';
import { Refusal } from '../refuse.js';
import type { Resuming } from '../resume.js';
import { type Sessions, type Underway, underwayKey } from '../sessions.js';
import { takesTasks } from '../task.js';
import type { Tasks } from '../tasks.js';
import type { ToolDefinitions } from '../tools.js';
import { declinesPage, waitingBytes, waitingSentence } from '../waiting.js';
import { callDraft } from './intend.js';

export interface GrantDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly approvals: Pick<Approvals, 'acquire' | 'continuation'>;
  readonly judge: Judge;
  readonly tools: Pick<ToolDefinitions, 'get'>;
  readonly sessions: Pick<Sessions, 'get' | 'begin'>;
  readonly resuming: Pick<Resuming, 'seal'>;
  readonly clock: Clock;
  /** Longest time a client is kept waiting for a person, milliseconds. */
  readonly hold: number;
  readonly tasks: Pick<Tasks, 'begin'>;
  /** Address of the page where approvals are decided, without a trailing slash; null where there is none. */
  readonly page: string | null;
}

const refuse = async (
  deps: GrantDeps,
  decided: Decided,
  kind: 'denied' | 'approval_denied' | 'inexact_number' | 'unknown_method',
  reason: string,
  approval: string | null,
): Promise<never> => {
  await deps.ledger.append(callDraft(decided, { forwarded: false, approval, credential: null, reason }));
  const detail = kind === 'denied' || kind === 'approval_denied' ? reason : undefined;
  throw new Refusal(kind, detail, true);
};

const askFor = ({ tools }: GrantDeps, decided: Decided, rule: string): ApprovalAsk | undefined => {
  const { principal, server, target, arguments: args, definition, decision } = decided;
  if (target === null || args.digest === null) return undefined;
  const tool = tools.get(server.id, target);
  return {
    binding: {
      principal: principalKey(principal),
      server: server.id,
      tool: target,
      args: args.digest,
      definition,
      policy: decision.policy,
    },
    rule,
    principal,
    session: decided.session,
    maskedArgs: args.masked.toString('utf8'),
    policyRule: decision.rule,
    reason: decided.requestReason ?? null,
    tool: { description: tool?.description ?? null, destructive: tool?.destructive ?? false },
  };
};

/** What could have changed while a person was deciding is looked at again; the grant names the rest. */
const stillAllowed = (deps: GrantDeps, decided: Decided): string | undefined => {
  const { principal, server, target } = decided;
  const again = deps.judge(decided);
  const definition = target === null ? undefined : deps.tools.get(server.id, target);
  if ((definition?.digest ?? null) !== decided.definition) return 'the definition of the tool has changed';
  if (again.effect !== 'require_approval' || again.policy !== decided.decision.policy) return 'the policy has changed';
  return principal.expiresAt * 1000 <= deps.clock.now() ? 'the token expired while the call waited' : undefined;
};

/** Ends the call where its grant is revoked while it runs. Holds nothing of a call that is over. */
const endWhenRevoked = (revoked: AbortSignal, { abort }: Underway): void => {
  const call = new WeakRef(abort);
  const end = (): void => call.deref()?.abort(new UpstreamError('cancelled', 'the approval of this call was revoked'));
  if (revoked.aborted) end();
  else revoked.addEventListener('abort', end, { once: true });
};

/** In revision 2026-07-28 a client that goes away has cancelled its call; one that has its answer goes too. */
const endWithClient = (underway: Underway, reply: Reply): void =>
  reply.onClose(() => {
    if (!underway.answered) underway.abort.abort(new UpstreamError('cancelled', 'the client closed the stream'));
  });

/** What the client is told whose call waits longer than it can; on record as not run. */
const answerWaiting = async (
  deps: GrantDeps,
  decided: Decided,
  { approval, reason, deadline }: Extract<ApprovalOutcome, { readonly state: 'pending' }>,
): Promise<never> => {
  const { message, era, capabilities, resumed, task } = decided;
  const receipt = await deps.ledger.append(
    callDraft(decided, { forwarded: false, approval, credential: null, reason }),
  );
  const { revision = null } = deps.sessions.get(decided.session) ?? {};
  const waiting = { era, revision, capabilities, approval, sentence: reason, page: deps.page };
  const left = { asked: 'gateway', state: null, approval: null } as const;
  const seal = (): string => deps.resuming.seal(decided, left, deadline - deps.clock.now());
  const id = message.id ?? 'null';
  const said = waitingSentence(waiting);
  const bytes =
    task?.waits(approval, said, id) ??
    (takesTasks(decided) && resumed === null ? deps.tasks.begin(decided, { approval, deadline, said }) : undefined) ??
    waitingBytes({ ...waiting, id }, seal, resumed?.asked === 'gateway');
  throw new Pending({ bytes, receipt, event: null, final: true, told: true });
};

/** Runs under a grant, once more looking at what a person cannot have known. */
const runUnder = async (
  deps: GrantDeps,
  decided: Decided,
  underway: Underway,
  { approval, revoked }: { readonly approval: Ulid; readonly revoked: AbortSignal },
): Promise<Granted> => {
  const problem = stillAllowed(deps, decided);
  if (problem !== undefined) return refuse(deps, decided, 'approval_denied', problem, approval);
  endWhenRevoked(revoked, underway);
  return { ...decided, grant: { approval } };
};

/** A further leg of a call that has begun to run: under the grant that it used, if that still holds. */
const goOn = async (
  deps: GrantDeps,
  decided: Decided,
  underway: Underway,
  { approval, ask }: { readonly approval: Ulid; readonly ask: ApprovalAsk },
): Promise<Granted> => {
  const use = deps.approvals.continuation(approval, ask);
  if (use) return runUnder(deps, decided, underway, { approval, ...use });
  return refuse(deps, decided, 'approval_denied', 'the approval that this call ran under holds no more', approval);
};

/** What is asked for; a call that nobody could approve exactly ends here. */
const askOrRefuse = async (deps: GrantDeps, decided: Decided): Promise<ApprovalAsk> => {
  const args = at(decided.message.node, 'params', 'arguments');
  if (args && inexactNumber(args))
    return refuse(deps, decided, 'inexact_number', 'inexact number in the arguments', null);
  const ask = decided.decision.approval === null ? undefined : askFor(deps, decided, decided.decision.approval);
  return ask ?? refuse(deps, decided, 'denied', 'only a tool call can be approved', null);
};

/** Waits for a person, as long as a client can. */
const wait = async (
  deps: GrantDeps,
  decided: Decided,
  underway: Underway,
  { ask, reply }: { readonly ask: ApprovalAsk; readonly reply: Reply },
): Promise<Granted> => {
  const { message, resumed, retry } = decided;
  if (resumed?.asked === 'gateway' && declinesPage(retry?.responses ?? null))
    return refuse(deps, decided, 'approval_denied', 'the page of the approval was not opened; it still waits', null);
  reply.hold(at(message.node, 'params', '_meta', 'progressToken'));
  // Who takes tasks polls; nobody need be kept waiting.
  const hold = decided.task || (takesTasks(decided) && resumed === null) ? 0 : deps.hold;
  const outcome = await deps.approvals.acquire(ask, decided.call, hold, underway.abort.signal);
  reply.hold();
  if (outcome.state === 'consumed') return runUnder(deps, decided, underway, outcome);
  if (outcome.state === 'pending') return answerWaiting(deps, decided, outcome);
  return refuse(deps, decided, 'approval_denied', outcome.reason, outcome.approval);
};

const approved = async (deps: GrantDeps, decided: Decided, underway: Underway, reply: Reply): Promise<Granted> => {
  const ask = await askOrRefuse(deps, decided);
  const { approval = null } = decided.resumed ?? {};
  return approval === null
    ? wait(deps, decided, underway, { ask, reply })
    : goOn(deps, decided, underway, { approval, ask });
};

/** A method that the revision does not have is not there, whatever policy says of it. */
const denialOf = ({ era, message }: Decided): 'denied' | 'unknown_method' =>
  era === 'modern' && !isMethod(message.method ?? '') ? 'unknown_method' : 'denied';

/** Lets an allowed call pass, ends a denied one, and holds one that needs a second person. */
export const createGrant =
  (deps: GrantDeps) =>
  async (decided: Decided, reply: Reply): Promise<Granted> => {
    const { decision, message, session: id } = decided;
    if (decision.effect === 'deny') return refuse(deps, decided, denialOf(decided), decision.reason, null);
    const session = deps.sessions.get(id);
    if (!session || message.id === null) throw new Refusal('session_unknown');
    const underway = deps.sessions.begin(session, underwayKey(decided), decided.call);
    if (decided.era === 'modern' && !decided.task) endWithClient(underway, reply);
    if (decision.effect === 'allow') return { ...decided, grant: null };
    try {
      return await approved(deps, decided, underway, reply);
    } catch (error) {
      session.underway.delete(underwayKey(decided));
      throw error;
    }
  };
