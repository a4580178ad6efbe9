import { canonical } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import { compileGlobs } from '../base/glob.js';
import { parseJson, toValue } from '../base/json.js';
import type { Decision, PolicyCall, PolicyUse } from '../model/decision.js';
import type { PolicyRule } from '../model/policy-settings.js';
import type { Policy } from '../model/ports.js';
import type { Principal } from '../model/principal.js';
import type { ApprovalRule } from '../model/settings.js';
import { allowed, denied, needsApproval, noRule, noTool, unjudged, unknownApproval, unknownServer } from './reason.js';
import { type CompiledRule, compileRule, judged } from './rule.js';

/** Methods without which no session works; they reach no data of their own. */
const SESSION_METHODS = compileGlobs([
  'initialize',
  'server/discover',
  'ping',
  'logging/setLevel',
  'notifications/*',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'completion/complete',
  'subscriptions/listen',
]);

interface Found {
  readonly rule: PolicyRule;
  /** Its condition could not be judged. */
  readonly error: boolean;
}

/** The first rule that fits; a condition that cannot be judged ends the search, and denies. */
const first = (among: readonly CompiledRule[], principal: Principal, call: PolicyCall): Found | undefined => {
  for (const rule of among) {
    if (!rule.covers(principal, call.server) || !rule.names(call)) continue;
    const fit = judged(rule, principal, call);
    if (fit === 'fits' || fit === 'error') return { rule: rule.source, error: fit === 'error' };
  }
  return undefined;
};

/** A condition is taken to hold where that lets more be seen: it is judged when somebody calls. */
const couldBeUsed = (
  denies: readonly CompiledRule[],
  permits: readonly CompiledRule[],
  principal: Principal,
  use: PolicyUse,
): boolean => {
  const fits = (rule: CompiledRule): boolean => rule.covers(principal, use.server) && rule.names(use);
  return !denies.some((rule) => rule.when === null && rule.circumstances === null && fits(rule)) && permits.some(fits);
};

/** SHA-256 over the canonical JSON (RFC 8785) of all that decides: the rules and the approvals they name. */
const digestOf = (rules: readonly PolicyRule[], approvals: readonly ApprovalRule[]): string =>
  sha256(canonical(toValue(parseJson(Buffer.from(JSON.stringify({ approvals, rules }))))));

/**
 * Compiles rules into a policy that decides without I/O.
 *
 * A matching deny rule wins wherever it stands; else the first matching allow or approval rule in file
 * order; else the call is denied. What a session needs to work (`initialize`, the lists and so on) is
 * allowed to whoever any allow or approval rule of that server covers, unless a deny rule names the
 * method or everything. An approval rule that names an unknown approval denies, and so does a rule whose
 * condition cannot be judged, whatever its effect.
 *
 * @param servers ids of the configured servers; a call to any other is denied
 * @param approvals what `approval` rules may name
 */
export const compilePolicy = (
  rules: readonly PolicyRule[],
  servers: readonly string[],
  approvals: readonly ApprovalRule[],
): Policy => {
  const digest = digestOf(rules, approvals);
  const known = new Set(servers);
  const approvalNames = new Set(approvals.map((approval) => approval.name));
  const compiled = rules.map(compileRule);
  const denies = compiled.filter((rule) => rule.source.effect === 'deny');
  const permits = compiled.filter((rule) => rule.source.effect !== 'deny');

  const deny = (rule: PolicyRule | null, reason: string): Decision => ({
    effect: 'deny',
    rule: rule?.id ?? null,
    policy: digest,
    reason,
    approval: null,
    risk: rule?.risk ?? 'low',
  });

  const permit = (rule: PolicyRule, principal: Principal, call: PolicyCall): Decision => {
    const { id, approval, risk } = rule;
    const about = { rule: id, policy: digest, ...(rule.masking === undefined ? {} : { masking: rule.masking }) };
    if (rule.effect === 'allow') {
      return { ...about, effect: 'allow', reason: allowed(id, principal, call), approval: null, risk: risk ?? 'low' };
    }
    if (approval === null || !approvalNames.has(approval)) return deny(rule, unknownApproval(id));
    const reason = needsApproval(id, approval, principal, call);
    return { ...about, effect: 'require_approval', reason, approval, risk: risk ?? 'high' };
  };

  /** What a session needs: any rule that lets its principal do anything here is reason enough. */
  const session = (principal: Principal, call: PolicyCall): Decision => {
    const basis = permits.find((rule) => rule.covers(principal, call.server))?.source;
    if (!basis) return deny(null, noRule(principal, call));
    const reason = allowed(basis.id, principal, call);
    return { effect: 'allow', rule: basis.id, policy: digest, reason, approval: null, risk: 'low' };
  };

  const decide = (principal: Principal, call: PolicyCall): Decision => {
    if (!known.has(call.server)) return deny(null, unknownServer(call));
    if (call.method === 'tools/call' && !call.target) return deny(null, noTool(call));
    const against = first(denies, principal, call);
    if (against?.error) return deny(against.rule, unjudged(against.rule.id, call));
    if (against) return deny(against.rule, denied(against.rule.id, principal, call));
    if (SESSION_METHODS(call.method)) return session(principal, call);
    const found = first(permits, principal, call);
    if (!found) return deny(null, noRule(principal, call));
    return found.error ? deny(found.rule, unjudged(found.rule.id, call)) : permit(found.rule, principal, call);
  };

  const mayUse = (principal: Principal, use: PolicyUse): boolean =>
    known.has(use.server) && couldBeUsed(denies, permits, principal, use);

  return { digest, decide, mayUse };
};
