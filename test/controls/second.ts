/**
 * Three tests of control a second time, in plain TypeScript over the lines of a ledger: no database, no SQL, nothing
 * of the product. What both find must be the same.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Person {
  readonly iss: string;
  readonly sub: string;
}

interface Line {
  readonly seq: number;
  readonly t: string;
  readonly type: string;
  readonly d: {
    readonly call: string;
    readonly principal: Person;
    readonly server: string;
    readonly target: string | null;
    readonly forwarded: boolean;
    readonly risk: string;
    readonly decision: { readonly effect: string; readonly rule: string | null; readonly policy: string };
    readonly approval: string | null;
    readonly args: string | null;
    readonly outcome: string;
    readonly policy: string;
    readonly event: string;
    readonly requester: Person;
    readonly by: Person | null;
    readonly tool: string;
    readonly needed: number;
    readonly window?: { readonly uses: number; readonly tools: readonly string[] } | null;
  };
}

export interface Found {
  readonly population: readonly string[];
  /** `item: what is wrong with it`. */
  readonly exceptions: readonly string[];
}

/** Records of a ledger, in order: the lines that begin with a brace. */
export const readLines = (dir: string): readonly Line[] =>
  readdirSync(join(dir, 'log'))
    .sort()
    .flatMap((name) => readFileSync(join(dir, 'log', name), 'utf8').split('\n'))
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));

const id = ({ iss, sub }: Person): string => `${iss}|${sub}`;

interface People {
  readonly person: string;
  readonly subjects: readonly string[];
  readonly agents: readonly string[];
}

type Judge = (line: Line) => string | null;

const unruled =
  (lines: readonly Line[]): Judge =>
  ({ seq, d: { decision, approval } }) => {
    const { effect, rule, policy } = decision;
    if (effect === 'deny') return 'The decision is deny';
    if (effect === 'require_approval' && approval === null) return 'An approval is required and none is named';
    if (rule === null) return 'The decision names no rule';
    const loaded = lines.some(
      ({ type, seq: before, d }) => type === 'config' && d.outcome === 'loaded' && d.policy === policy && before < seq,
    );
    return loaded ? null : `The policy ${policy.slice(0, 12)}… was not loaded before the call`;
  };

/** Whether what was approved is this call. */
const otherCall = (request: Line['d'], d: Line['d']): string | null => {
  if (id(request.requester) !== id(d.principal)) return 'The approval was for another person’s call';
  const covers = request.tool === d.target || (request.window?.tools.some((tool) => tool === d.target) ?? false);
  if (request.server !== d.server || !covers) return `The approval was for ${request.server} / ${request.tool}`;
  return !request.window && request.args !== d.args ? 'The approval was for other arguments' : null;
};

/** Whether enough people approved before this call. */
const notGranted = (steps: readonly Line[], needed: number, { seq, t }: Line): string | null => {
  const grants = steps.filter((step) => step.d.event === 'granted').map((step) => Date.parse(step.t));
  if (grants.length === 0) return 'The approval was not granted';
  const late = Math.min(...grants) - Date.parse(t);
  if (late > 0) return `Approved ${Math.ceil(late / 1000)} s after the call`;
  const before = steps.filter((step) => step.d.event === 'approved' && step.seq < seq);
  const { size } = new Set(before.flatMap((step) => (step.d.by ? [id(step.d.by)] : [])));
  return size < needed ? `${size} of ${needed} approvals before the call` : null;
};

const unapproved =
  (requests: ReadonlyMap<string | null, Line>, steps: readonly Line[]): Judge =>
  (line) => {
    const { approval } = line.d;
    if (approval === null) return 'No approval';
    const request = requests.get(approval)?.d;
    if (request === undefined) return `The approval ${approval} is not recorded`;
    const own = steps.filter((step) => step.d.approval === approval);
    return otherCall(request, line.d) ?? notGranted(own, request.needed, line);
  };

const byRequester =
  (requests: ReadonlyMap<string | null, Line>, people: readonly People[]): Judge =>
  ({ d }) => {
    const requester = requests.get(d.approval)?.d.requester;
    if (requester === undefined || d.by === null) return null;
    const [asked, decided] = [id(requester), id(d.by)];
    if (asked === decided) return 'The requester approved';
    const of = (account: string): readonly string[] =>
      people
        .filter(({ subjects, agents }) => [...subjects, ...agents].includes(account))
        .map(({ person }) => person)
        .sort();
    const [person] = of(decided);
    return person !== undefined && of(asked).includes(person) ? `Requester and approver belong to ${person}` : null;
  };

const judged = (items: readonly (readonly [item: string, line: Line])[], judge: Judge): Found => ({
  population: items.map(([item]) => item).sort(),
  exceptions: items
    .flatMap(([item, line]) => {
      const found = judge(line);
      return found === null ? [] : [`${item}: ${found}`];
    })
    .sort(),
});

/** CS-ACC-01, CS-APP-01 and CS-APP-02. */
export const secondTests = (
  lines: readonly Line[],
  period: { readonly from: number; readonly to: number },
  people: readonly People[],
): Readonly<Record<string, Found>> => {
  const inPeriod = ({ t }: Line): boolean => Date.parse(t) >= period.from && Date.parse(t) < period.to;
  const steps = lines.filter(({ type }) => type === 'approval');
  const requests = new Map(steps.filter(({ d }) => d.event === 'requested').map((line) => [line.d.approval, line]));
  const calls = lines
    .filter((line) => line.type === 'call' && line.d.forwarded && inPeriod(line))
    .map((line) => [line.d.call, line] as const);
  const approvals = steps
    .filter(({ d }) => d.event === 'approved' && d.by !== null && requests.has(d.approval))
    .filter(inPeriod)
    .map((line) => [`${line.d.approval}#${line.seq}`, line] as const);
  return {
    'CS-ACC-01': judged(calls, unruled(lines)),
    'CS-APP-01': judged(
      calls.filter(([, { d }]) => d.risk === 'high'),
      unapproved(requests, steps),
    ),
    'CS-APP-02': judged(approvals, byRequester(requests, people)),
  };
};
