/** `policy check`, `policy test` and `policy explain`: the policy of a configuration, looked at without a gateway. */

import { dirname, join } from 'node:path';
import { CountersignError, EXIT, type ExitCode } from '../base/errors.js';
import { inexactNumber, type JsonValue, parseJson, toValue } from '../base/json.js';
import { ledgerDir } from '../ledger/folder.js';
import { readLedger } from '../ledger/read.js';
import type { PolicyCall } from '../model/decision.js';
import type { Principal } from '../model/principal.js';
import type { Settings } from '../model/settings.js';
import { UNSAID_HINTS } from '../model/tool.js';
import { type Explanation, explainPolicy } from '../policy/explain.js';
import { type LintFinding, lintPolicy } from '../policy/lint.js';
import { type PolicyCase, readPolicyCases } from './policy-cases.js';
import type { PolicyQuestion } from './policy-question.js';
import { toolRecord } from './stored-tool.js';

export interface PolicyChecked {
  readonly rules: number;
  readonly findings: readonly LintFinding[];
  /** Servers whose tools are known from the ledger. */
  readonly toolsKnown: readonly string[];
  /** 10 where something was found. */
  readonly exit: ExitCode;
}

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** What was decided instead; null where the case holds. */
  readonly problem: string | null;
}

export interface PolicyTested {
  readonly file: string;
  readonly cases: readonly CaseResult[];
  /** Rules that decided no case. */
  readonly untested: readonly string[];
  /** 10 where a case fails. */
  readonly exit: ExitCode;
}

const principalOf = ({ groups, issuer, subject, kind, claims }: PolicyQuestion, settings: Settings): Principal => ({
  issuer: issuer ?? settings.issuers[0]?.issuer ?? 'https://issuer.invalid',
  subject: subject ?? 'somebody',
  kind: kind ?? 'human',
  groups: [...new Set(groups)].toSorted(),
  ...(claims ? { claims } : {}),
  clientId: null,
  actor: null,
  amr: [],
  acr: null,
  authTime: null,
  tokenId: 'hs256:none:none',
  expiresAt: Number.MAX_SAFE_INTEGER,
  name: null,
  email: null,
});

const argumentsOf = (text: string | undefined): (() => JsonValue) => {
  if (text === undefined) return () => ({});
  const node = parseJson(Buffer.from(text));
  if (node.kind !== 'object') throw new Error('it is no object');
  return () => {
    if (inexactNumber(node)) throw new Error('a number in the arguments has no exact value');
    return toValue(node);
  };
};

const momentOf = (text: string | undefined): number => {
  const at = text === undefined ? Date.now() : Date.parse(text);
  if (!Number.isNaN(at)) return at;
  throw new CountersignError('USAGE', { problem: `${JSON.stringify(text)} is no time such as 2026-07-01T12:00:00Z` });
};

const toolOf = ({ annotations }: PolicyQuestion): PolicyCall['tool'] =>
  annotations ? { digest: '', hints: { ...UNSAID_HINTS, ...annotations } } : null;

const callOf = (question: PolicyQuestion): PolicyCall => {
  const { server, method = 'tools/call', target = null, args, address = '127.0.0.1' } = question;
  const at = momentOf(question.at);
  try {
    return { server, method, target, args: argumentsOf(args), at, address, tool: toolOf(question) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'it cannot be read';
    throw new CountersignError('USAGE', { problem: `the arguments are no JSON object: ${problem}` }, { cause: error });
  }
};

const explainer = (settings: Settings): ((question: PolicyQuestion) => Explanation) => {
  const servers = settings.servers.map(({ id }) => id);
  const explain = explainPolicy(settings.policy, servers, settings.approvals);
  return (question) => explain(principalOf(question, settings), callOf(question));
};

/**
 * What the policy says of one call, and what became of each rule.
 * @throws CountersignError USAGE where the arguments are no JSON object
 */
export const explainCall = (
  settings: Settings,
  question: PolicyQuestion,
): Explanation & { readonly exit: ExitCode } => {
  const explanation = explainer(settings)(question);
  return { ...explanation, exit: explanation.decision.effect === 'deny' ? EXIT.refused : EXIT.ok };
};

/** Names of tools as servers listed them, from the ledger; empty where there is none yet. */
const knownTools = async ({ gateway, ledger, servers }: Settings): Promise<Map<string, string[]>> => {
  const known = new Map<string, string[]>();
  try {
    for await (const { type, d } of readLedger(ledgerDir(gateway.dataDir, ledger.origin))) {
      if (type !== 'tool') continue;
      const { server, name } = toolRecord(d);
      if (servers.some(({ id }) => id === server)) known.set(server, [...(known.get(server) ?? []), name]);
    }
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== 'LEDGER_NOT_FOUND') throw error;
  }
  return known;
};

/**
 * Looks for rules that never decide and tools that no server has. The configuration itself was checked when loaded.
 * @throws CountersignError LEDGER_DAMAGED
 */
export const checkPolicy = async (settings: Settings): Promise<PolicyChecked> => {
  const tools = await knownTools(settings);
  const findings = lintPolicy(settings.policy, tools);
  const exit = findings.length > 0 ? EXIT.exceptions : EXIT.ok;
  return { rules: settings.policy.length, findings, toolsKnown: [...tools.keys()], exit };
};

const outcomeOf = ({ effect, approval }: Explanation['decision']): string =>
  effect === 'require_approval' ? `approval: ${approval ?? ''}` : effect;

const runCase = ({ name, expect, rule }: PolicyCase, decision: Explanation['decision']): CaseResult => {
  const got = outcomeOf(decision);
  if (got !== expect) return { name, passed: false, problem: `expected ${expect}, was ${got}. ${decision.reason}` };
  if (rule === null || rule === decision.rule) return { name, passed: true, problem: null };
  return { name, passed: false, problem: `expected rule ${rule}, was ${decision.rule ?? 'none'}` };
};

/**
 * Runs the cases that stand beside the configuration.
 * @param file absent: `policy-cases.yaml` in the folder of the configuration
 * @throws CountersignError CASES_INVALID with every problem and its place
 */
export const testPolicy = async (settings: Settings, file?: string): Promise<PolicyTested> => {
  const from = file ?? join(dirname(settings.file), 'policy-cases.yaml');
  const cases = await readPolicyCases(from);
  const explain = explainer(settings);
  const decided = cases.map((one) => ({ one, decision: explain(one.question).decision }));
  const results = decided.map(({ one, decision }) => runCase(one, decision));
  const used = new Set(decided.map(({ decision }) => decision.rule));
  return {
    file: from,
    cases: results,
    untested: settings.policy.map(({ id }) => id).filter((id) => !used.has(id)),
    exit: results.every(({ passed }) => passed) ? EXIT.ok : EXIT.exceptions,
  };
};
