/** One rule as conditions, each with the words that say why it does not fit. */
import { compileGlobs } from '../base/glob.js';
import type { PolicyCall, PolicyUse } from '../model/decision.js';
import type { Principal } from '../model/principal.js';
import type { PolicyRule } from '../model/settings.js';
import { compileWhen, type When } from './when.js';

export interface CompiledRule {
  readonly source: PolicyRule;
  /** Groups and server fit, whatever is called. */
  covers(principal: Principal, server: string): boolean;
  /** Method and target fit. */
  names(use: PolicyUse): boolean;
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

/** @throws Error where a condition does not compile: the configuration has checked it before */
export const compileRule = (rule: PolicyRule): CompiledRule => {
  const groups = new Set(rule.groups);
  const server = rule.servers.length === 0 ? always : compileGlobs(rule.servers);
  const when = rule.when === undefined ? null : compileWhen(rule.when);
  if (when?.ok === false) throw new Error(`rule ${rule.id}: ${when.problem}`);
  return {
    source: rule,
    covers: (principal, name) =>
      server(name) && (groups.size === 0 || principal.groups.some((group) => groups.has(group))),
    names: compileNames(rule, when?.readsArguments ?? false),
    when: when?.judge ?? null,
  };
};

/** What became of one rule for one call, in the order the conditions are looked at. */
export type Fit = 'fits' | 'server' | 'groups' | 'names' | 'when' | 'error';

/** Whether a rule fits, or what does not. Never throws: a condition that cannot be judged is `error`. */
export const fitOf = (rule: CompiledRule, principal: Principal, call: PolicyCall): Fit => {
  if (!rule.covers({ ...principal, groups: rule.source.groups }, call.server)) return 'server';
  if (!rule.covers(principal, call.server)) return 'groups';
  if (!rule.names(call)) return 'names';
  return judged(rule, principal, call);
};

/** The condition alone, for rules whose other parts fit. */
export const judged = (rule: CompiledRule, principal: Principal, call: PolicyCall): 'fits' | 'when' | 'error' => {
  try {
    return rule.when === null || rule.when(principal, call) ? 'fits' : 'when';
  } catch {
    return 'error';
  }
};
