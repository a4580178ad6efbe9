/** One rule as conditions, each with the words that say why it does not fit. */
import { compileGlobs } from '../base/glob.js';
import type { PolicyCall, PolicyUse } from '../model/decision.js';
import type { PolicyRule } from '../model/policy-settings.js';
import { type Principal, principalKey } from '../model/principal.js';
import { compileCircumstances } from './circumstances.js';
import { compileWhen, type When } from './when.js';

export interface CompiledRule {
  readonly source: PolicyRule;
  onServer(server: string): boolean;
  /** Principal and server fit, whatever is called. */
  covers(principal: Principal, server: string): boolean;
  /** Method and target fit. */
  names(use: PolicyUse): boolean;
  /** Hours, networks and hints of the tool. Null: the rule has none of them. */
  readonly circumstances: ((call: PolicyCall) => boolean) | null;
  /** Null: the rule has no condition. Throws where the condition cannot be judged. */
  readonly when: When | null;
}

const always = (): boolean => true;

const RESOURCE_METHODS: ReadonlySet<string> = new Set([
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
]);

/** What has arguments of its own; a rule without names whose condition reads them is about these alone. */
const WITH_ARGUMENTS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get']);

const compileNames = (rule: PolicyRule, readsArguments: boolean): ((use: PolicyUse) => boolean) => {
  const { tools, methods, resources = [], prompts = [] } = rule;
  if ([tools, methods, resources, prompts].every(({ length }) => length === 0)) {
    return readsArguments ? ({ method }) => WITH_ARGUMENTS.has(method) : always;
  }
  const tool = compileGlobs(tools);
  const method = compileGlobs(methods);
  const resource = compileGlobs(resources);
  const prompt = compileGlobs(prompts);
  return (use) => {
    if (use.method === 'tools/call') return tool(use.target ?? '');
    if (method(use.method)) return true;
    if (RESOURCE_METHODS.has(use.method)) return resource(use.target ?? '');
    return use.method === 'prompts/get' && prompt(use.target ?? '');
  };
};

const overlap = (some: readonly string[], others: ReadonlySet<string>): boolean => some.some((one) => others.has(one));

const compileWho = (rule: PolicyRule): ((principal: Principal) => boolean) => {
  const groups = new Set(rule.groups);
  const subject = rule.subjects && compileGlobs(rule.subjects);
  const claims = Object.entries(rule.claims ?? {}).map(([name, values]) => [name, new Set(values)] as const);
  const { kind } = rule;
  return (principal) =>
    (groups.size === 0 || overlap(principal.groups, groups)) &&
    (subject?.(principalKey(principal)) ?? true) &&
    (kind === undefined || kind === principal.kind) &&
    claims.every(([name, values]) => overlap(principal.claims?.[name] ?? [], values));
};

/** @throws Error where a condition does not compile: the configuration has checked it before */
export const compileRule = (rule: PolicyRule): CompiledRule => {
  const who = compileWho(rule);
  const server = rule.servers.length === 0 ? always : compileGlobs(rule.servers);
  const when = rule.when === undefined ? null : compileWhen(rule.when);
  if (when?.ok === false) throw new Error(`rule ${rule.id}: ${when.problem}`);
  return {
    source: rule,
    onServer: server,
    covers: (principal, name) => server(name) && who(principal),
    names: compileNames(rule, when?.readsArguments ?? false),
    circumstances: compileCircumstances(rule),
    when: when?.judge ?? null,
  };
};

/** What became of one rule for one call, in the order the conditions are looked at. */
export type Fit = 'fits' | 'server' | 'principal' | 'names' | 'circumstances' | 'when' | 'error';

/** Whether a rule fits, or what does not. Never throws: a condition that cannot be judged is `error`. */
export const fitOf = (rule: CompiledRule, principal: Principal, call: PolicyCall): Fit => {
  if (!rule.onServer(call.server)) return 'server';
  if (!rule.covers(principal, call.server)) return 'principal';
  if (!rule.names(call)) return 'names';
  return judged(rule, principal, call);
};

/** The conditions alone, for rules whose other parts fit. */
export const judged = (
  rule: CompiledRule,
  principal: Principal,
  call: PolicyCall,
): 'fits' | 'circumstances' | 'when' | 'error' => {
  try {
    if (rule.circumstances?.(call) === false) return 'circumstances';
    return rule.when === null || rule.when(principal, call) ? 'fits' : 'when';
  } catch {
    return 'error';
  }
};
