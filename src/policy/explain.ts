/** The decision of one call, rule by rule, by the very engine that decides. */
import type { Decision, PolicyCall } from '../model/decision.js';
import type { PolicyRule } from '../model/policy-settings.js';
import type { Principal } from '../model/principal.js';
import type { ApprovalRule } from '../model/settings.js';
import { compilePolicy } from './compile.js';
import { compileRule, type Fit, fitOf } from './rule.js';

export interface RuleStep {
  readonly rule: string;
  readonly effect: PolicyRule['effect'];
  readonly fit: Fit;
  /** What fits, or the first thing that does not, in words. */
  readonly sentence: string;
}

export interface Explanation {
  readonly decision: Decision;
  /** Every rule in file order. */
  readonly steps: readonly RuleStep[];
}

const list = (items: readonly string[]): string => items.join(', ');

const whoOf = ({ groups, subjects = [], kind, claims = {} }: PolicyRule): readonly string[] => [
  ...(groups.length > 0 ? [`groups ${list(groups)}`] : []),
  ...(subjects.length > 0 ? [`subjects ${list(subjects)}`] : []),
  ...(kind === undefined ? [] : [kind === 'human' ? 'people' : 'programs']),
  ...Object.entries(claims).map(([name, values]) => `${name} ${values.join(' or ')}`),
];

const time = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

const circumstancesOf = ({ hours, networks, annotations }: PolicyRule): readonly string[] => [
  ...(hours ? [`${hours.days.join(' ')} ${time(hours.from)} to ${time(hours.to)} ${hours.timezone}`] : []),
  ...(networks ? [`from ${networks.join(' or ')}`] : []),
  ...Object.entries(annotations ?? {}).map(([name, value]) => `${name} ${value ? 'yes' : 'no'}`),
];

const sentenceOf = (rule: PolicyRule, fit: Fit): string => {
  const sentences: Readonly<Record<Fit, string>> = {
    fits: 'Everything it names fits.',
    server: `It is about other servers: ${list(rule.servers)}.`,
    principal: `It is about other principals: ${list(whoOf(rule))}.`,
    names: 'It names other tools, methods, resources or prompts.',
    circumstances: `It holds under other circumstances: ${list(circumstancesOf(rule))}.`,
    when: `Its condition does not hold: ${rule.when ?? ''}`,
    error: `Its condition cannot be judged for these arguments, which denies: ${rule.when ?? ''}`,
  };
  return sentences[fit];
};

/** Explains what `compilePolicy` with the same arguments decides. */
export const explainPolicy = (
  rules: readonly PolicyRule[],
  servers: readonly string[],
  approvals: readonly ApprovalRule[],
): ((principal: Principal, call: PolicyCall) => Explanation) => {
  const policy = compilePolicy(rules, servers, approvals);
  const compiled = rules.map(compileRule);
  return (principal, call) => ({
    decision: policy.decide(principal, call),
    steps: compiled.map((rule) => {
      const fit = fitOf(rule, principal, call);
      return { rule: rule.source.id, effect: rule.source.effect, fit, sentence: sentenceOf(rule.source, fit) };
    }),
  });
};
