/** What is legal in a policy and yet not what its writer can have meant. */
import { isDeepStrictEqual } from 'node:util';
import { compileGlob, compileGlobs } from '../base/glob.js';
import type { PolicyRule } from '../model/policy-settings.js';

export interface LintFinding {
  /** Position in the list of rules. */
  readonly at: number;
  readonly rule: string;
  readonly kind: 'unreachable' | 'unknown_tool';
  readonly message: string;
}

/** A character no configured name holds: what fits it in place of `*` fits any text there. */
const ANY = '\u{10FFFF}';

/** Whether every text that fits `inner` fits `outer` too. Sound, and complete but for odd overlaps of pieces. */
const globCovers = (outer: string, inner: string): boolean => compileGlob(outer)(inner.replaceAll('*', ANY));

/** An empty list stands for everything. */
const listCovers = (outer: readonly string[], inner: readonly string[]): boolean =>
  outer.length === 0 || (inner.length > 0 && inner.every((one) => outer.some((other) => globCovers(other, one))));

const namesOf = ({ tools, methods, resources = [], prompts = [] }: PolicyRule) => [tools, methods, resources, prompts];

const namesEverything = (rule: PolicyRule): boolean => namesOf(rule).every(({ length }) => length === 0);

const namesCover = (outer: PolicyRule, inner: PolicyRule): boolean => {
  if (namesEverything(outer)) return true;
  if (namesEverything(inner)) return false;
  const others = namesOf(outer);
  return namesOf(inner).every((names, i) =>
    names.every((one) => (others[i] ?? []).some((other) => globCovers(other, one))),
  );
};

/** What narrows a rule and is not compared part by part: the same, or absent, covers. */
const CONDITIONS = ['subjects', 'kind', 'claims', 'hours', 'networks', 'annotations', 'when'] as const;

/** Whether `outer` fits wherever `inner` does. */
const covers = (outer: PolicyRule, inner: PolicyRule): boolean =>
  CONDITIONS.every((name) => outer[name] === undefined || isDeepStrictEqual(outer[name], inner[name])) &&
  (outer.groups.length === 0 ||
    (inner.groups.length > 0 && inner.groups.every((group) => outer.groups.includes(group)))) &&
  listCovers(outer.servers, inner.servers) &&
  namesCover(outer, inner);

/** The rule because of which this one never decides; denials win wherever they stand. */
const coveredBy = (rules: readonly PolicyRule[], rule: PolicyRule, at: number): PolicyRule | undefined =>
  rules.find((other, i) => {
    if (i === at || !covers(other, rule)) return false;
    if (rule.effect === 'deny') return other.effect === 'deny' && i < at;
    return other.effect === 'deny' || i < at;
  });

const unknownTools = (rule: PolicyRule, tools: ReadonlyMap<string, readonly string[]>): readonly string[] => {
  const fits = rule.servers.length === 0 ? () => true : compileGlobs(rule.servers);
  const servers = [...tools].filter(([server]) => fits(server));
  // Of a server that nobody has used yet, nothing is known.
  if (servers.length === 0) return [];
  const known = servers.flatMap(([, names]) => names);
  return rule.tools.filter((pattern) => !known.some(compileGlob(pattern)));
};

/**
 * Finds rules that can never decide, and tools that no server has.
 * @param tools names by server, as servers listed them; servers that are absent are not judged
 */
export const lintPolicy = (
  rules: readonly PolicyRule[],
  tools: ReadonlyMap<string, readonly string[]>,
): readonly LintFinding[] =>
  rules.flatMap((rule, at) => {
    const cover = coveredBy(rules, rule, at);
    const found: LintFinding[] = unknownTools(rule, tools).map((pattern) => ({
      at,
      rule: rule.id,
      kind: 'unknown_tool',
      message: `${pattern} fits no tool that these servers have listed`,
    }));
    if (!cover) return found;
    const message = `it never decides: rule ${cover.id} (${cover.effect}) covers all of it`;
    return [{ at, rule: rule.id, kind: 'unreachable', message }, ...found];
  });
