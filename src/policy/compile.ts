import { canonical } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import { compileGlobs } from '../base/glob.js';
import { parseJson, toValue } from '../base/json.js';
import type { Decision, PolicyCall } from '../model/decision.js';
import type { Policy } from '../model/ports.js';
import type { Principal } from '../model/principal.js';
import type { ApprovalRule, PolicyRule } from '../model/settings.js';
import { allowed, denied, needsApproval, noRule, noTool, unknownApproval, unknownServer } from './reason.js';

/** Methods without which no session works; they reach no data of their own. */
const SESSION_METHODS = compileGlobs([
  'initialize',
  'ping',
  'logging/setLevel',
  'notifications/*',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'completion/complete',
]);

interface CompiledRule {
  readonly source: PolicyRule;
  /** Groups and server fit, whatever is called. */
  covers(principal: Principal, server: string): boolean;
  /** Method and target fit. */
  names(call: PolicyCall): boolean;
}

const always = (): boolean => true;

const compileRule = (rule: PolicyRule): CompiledRule => {
  const groups = new Set(rule.groups);
  const server = rule.servers.length === 0 ? always : compileGlobs(rule.servers);
  const everything = rule.tools.length === 0 && rule.methods.length === 0;
  const tool = compileGlobs(rule.tools);
  const method = compileGlobs(rule.methods);
  return {
    source: rule,
    covers: (principal, name) =>
      server(name) && (groups.size === 0 || principal.groups.some((group) => groups.has(group))),
    names: (call) => everything || (call.method === 'tools/call' ? tool(call.target ?? '') : method(call.method)),
  };
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
 * method or everything. An approval rule that names an unknown approval denies.
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
    if (rule.effect === 'allow') {
      const reason = allowed(id, principal, call);
      return { effect: 'allow', rule: id, policy: digest, reason, approval: null, risk: risk ?? 'low' };
    }
    if (approval === null || !approvalNames.has(approval)) return deny(rule, unknownApproval(id));
    const reason = needsApproval(id, approval, principal, call);
    return { effect: 'require_approval', rule: id, policy: digest, reason, approval, risk: risk ?? 'high' };
  };

  const decide = (principal: Principal, call: PolicyCall): Decision => {
    if (!known.has(call.server)) return deny(null, unknownServer(call));
    if (call.method === 'tools/call' && !call.target) return deny(null, noTool(call));
    const covering = (rule: CompiledRule): boolean => rule.covers(principal, call.server);
    const against = denies.find((rule) => covering(rule) && rule.names(call));
    if (against) return deny(against.source, denied(against.source.id, principal, call));
    if (SESSION_METHODS(call.method)) {
      const basis = permits.find(covering)?.source;
      if (!basis) return deny(null, noRule(principal, call));
      const reason = allowed(basis.id, principal, call);
      return { effect: 'allow', rule: basis.id, policy: digest, reason, approval: null, risk: 'low' };
    }
    const rule = permits.find((candidate) => covering(candidate) && candidate.names(call));
    return rule ? permit(rule.source, principal, call) : deny(null, noRule(principal, call));
  };

  return { digest, decide };
};
