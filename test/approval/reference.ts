/** What the workflow of approvals must do, said a second time and as plainly as can be: one request after the other. */
import type { DecisionRefusal } from '../../src/model/approval.js';
import type { Principal } from '../../src/model/principal.js';
import type { ApprovalRule } from '../../src/model/settings.js';
import { person } from './stand.js';

/** Who is one person. */
const PERSON: Readonly<Record<string, string>> = {
  ada: 'ada',
  'ada-admin': 'ada',
  'ada-bot': 'ada',
  bob: 'bob',
  'bob-admin': 'bob',
  'bob-bot': 'bob',
};
export const personOf = (subject: string): string => PERSON[subject] ?? subject;
export const AGENTS = ['ada-bot', 'bob-bot'];
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  cyd: ['leads', 'security'],
  dan: ['security'],
  eve: ['engineering'],
};
const groupsOf = (subject: string): readonly string[] => GROUPS[subject] ?? ['leads'];
export const SUBJECTS = [...Object.keys(PERSON), 'cyd', 'dan', 'eve'];

export const principalOf = (subject: string): Principal =>
  person(subject, { kind: AGENTS.includes(subject) ? 'workload' : 'human', groups: groupsOf(subject) });

const LENGTH = 900_000;
const base = { min: 1, deadline: LENGTH, requireReason: false };
export const RULES: readonly ApprovalRule[] = [
  { ...base, name: 'one', reviewers: ['leads'] },
  { ...base, name: 'two', reviewers: ['leads', 'security'], min: 2, requireReason: true },
  { ...base, name: 'both', reviewers: ['leads', 'security'], everyGroup: true },
  { ...base, name: 'window', reviewers: ['leads'], window: { duration: LENGTH, uses: 3, tools: ['t1', 't2'] } },
];
const ruleOf = (name: string): ApprovalRule => {
  const found = RULES.find((rule) => rule.name === name);
  if (!found) throw new Error(`no rule ${name}`);
  return found;
};
/** Most calls of one grant under a rule. */
export const mostUses = (rule: string): number => ruleOf(rule).window?.uses ?? 1;

/** One call as it is asked for. */
export interface Call {
  readonly who: string;
  readonly tool: string;
  readonly args: string;
  readonly definition: string;
  readonly rule: string;
}

export interface Request {
  readonly call: Call;
  readonly policy: string;
  readonly window: boolean;
  /** Given by the real workflow when it is opened. */
  id: string;
  ends: number;
  state: 'pending' | 'granted' | 'consumed' | 'denied' | 'expired' | 'cancelled' | 'revoked';
  readonly decisions: { readonly by: string; readonly verdict: 'approve' | 'deny' }[];
  readonly definitions: Map<string, string>;
  uses: number;
}

export interface Reference {
  now: number;
  policy: string;
  readonly requests: Request[];
}

const isOpen = ({ state }: Request): boolean => state === 'pending' || state === 'granted';

/** What time and policy end. */
export const settle = (model: Reference): void => {
  for (const request of model.requests.filter(isOpen)) {
    if (request.ends <= model.now) request.state = 'expired';
    else if (request.policy !== model.policy) request.state = 'cancelled';
  }
};

const isSame = (request: Request, call: Call): boolean =>
  request.call.who === call.who &&
  request.call.rule === call.rule &&
  (request.window ||
    (request.call.tool === call.tool &&
      request.call.args === call.args &&
      request.call.definition === call.definition));

const covers = ({ window, definitions }: Request, { tool, definition }: Call): boolean =>
  !window || (definitions.get(tool) ?? definition) === definition;

const opened = (model: Reference, call: Call, window: boolean): Request => {
  const request: Request = {
    call,
    window,
    policy: model.policy,
    id: '',
    ends: model.now + LENGTH,
    state: 'pending',
    decisions: [],
    definitions: new Map([[call.tool, call.definition]]),
    uses: 0,
  };
  model.requests.push(request);
  return request;
};

/** The request that a call belongs to, and whether the call may run now. */
export const asked = (model: Reference, call: Call): { readonly request: Request; readonly runs: boolean } => {
  settle(model);
  const find = (window: boolean): Request =>
    model.requests.find((one) => isOpen(one) && one.window === window && isSame(one, call)) ??
    opened(model, call, window);
  let request = find(ruleOf(call.rule).window !== undefined);
  if (!covers(request, call)) request = find(false);
  if (request.state !== 'granted') return { request, runs: false };
  request.uses++;
  if (!request.definitions.has(call.tool)) request.definitions.set(call.tool, call.definition);
  if (request.uses >= (request.window ? mostUses(call.rule) : 1)) request.state = 'consumed';
  return { request, runs: true };
};

const mayReview = ({ call }: Request, who: string): boolean =>
  !AGENTS.includes(who) && groupsOf(who).some((group) => ruleOf(call.rule).reviewers.includes(group));

const isEnough = ({ call, decisions }: Request): boolean => {
  const people = decisions.map(({ by }) => by);
  const { min, everyGroup, reviewers } = ruleOf(call.rule);
  if (!everyGroup) return people.length >= min;
  // Two groups: somebody for the one, somebody else for the other.
  const [first = '', second = ''] = reviewers;
  return people.some((one) =>
    people.some((other) => one !== other && groupsOf(one).includes(first) && groupsOf(other).includes(second)),
  );
};

/** Takes the decision, or says why not. */
export const decided = (
  model: Reference,
  request: Request,
  by: string,
  verdict: 'approve' | 'deny',
  reason: string | null,
): DecisionRefusal | null => {
  settle(model);
  if (personOf(by) === personOf(request.call.who)) return 'own_request';
  if (!mayReview(request, by)) return 'not_reviewer';
  if (request.decisions.some((one) => personOf(one.by) === personOf(by))) return 'already_decided';
  if (request.state === 'expired') return 'expired';
  if (request.state === 'cancelled') return 'withdrawn';
  if (request.state !== 'pending') return 'decided';
  if (ruleOf(request.call.rule).requireReason && reason === null) return 'reason_required';
  request.decisions.push({ by, verdict });
  if (verdict === 'deny') request.state = 'denied';
  else if (isEnough(request)) {
    request.state = 'granted';
    if (request.window) request.ends = model.now + LENGTH;
  }
  return null;
};

/** Takes the request or its grant back, or says why not. */
export const takenBack = (model: Reference, request: Request, by: string): DecisionRefusal | null => {
  settle(model);
  if (AGENTS.includes(by)) return 'not_reviewer';
  const own = personOf(by) === personOf(request.call.who);
  if (own && request.state === 'pending') {
    request.state = 'cancelled';
    return null;
  }
  if (!own && !mayReview(request, by)) return 'not_reviewer';
  if (request.state !== 'granted' && request.state !== 'consumed') return 'not_granted';
  request.state = 'revoked';
  return null;
};
