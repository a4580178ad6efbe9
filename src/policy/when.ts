/**
 * Conditions in the Common Expression Language (https://cel.dev): checked when the policy is loaded, judged
 * in bounded time for each call. What cannot be judged is an error, and an error denies.
 */
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { RE2JS } from 're2js';
import type { JsonValue } from '../base/json.js';
import type { PolicyCall } from '../model/decision.js';
import type { Principal } from '../model/principal.js';

/** Most characters of one expression and of one pattern in it. */
const MAX_LENGTH = 4_000;
const MAX_PATTERN = 500;
/** Most values in the arguments of a call that an expression with `exists`, `all` and the like looks at. */
const MAX_VALUES = 1_000;
/** Most characters of all strings in them. */
const MAX_CHARACTERS = 262_144;

const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

/** Judges one call. Throws where a value is missing or of another type. */
export type When = (principal: Principal, call: PolicyCall) => boolean;

export type CompiledWhen =
  | {
      readonly ok: true;
      readonly judge: When;
      /** Whether it looks at the arguments of the call. */
      readonly readsArguments: boolean;
    }
  | {
      readonly ok: false;
      readonly problem: string;
      /** Characters from the start of the expression. */
      readonly offset: number;
    };

const environment = (): Environment =>
  new Environment({ limits: { maxAstNodes: 500, maxDepth: 30 } })
    .registerVariable('args', 'map<string, dyn>')
    .registerVariable({ name: 'call', schema: { server: 'string', method: 'string', target: 'string' } })
    .registerVariable({
      name: 'principal',
      schema: {
        issuer: 'string',
        subject: 'string',
        kind: 'string',
        groups: 'list<string>',
        client_id: 'string',
        actor: 'string',
        amr: 'list<string>',
        acr: 'string',
      },
    });

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

const childrenOf = (value: unknown): readonly ASTNode[] => {
  if (isNode(value)) return [value];
  return Array.isArray(value) ? value.flatMap(childrenOf) : [];
};

const nodesBelow = (node: ASTNode): readonly ASTNode[] => [node, ...childrenOf(node.args).flatMap(nodesBelow)];

/** A macro inside a macro, or a comparison of every element with a list of the caller, costs the square of a call. */
const depthOfMacros = (node: ASTNode): number => {
  const below = Math.max(0, ...childrenOf(node.args).map(depthOfMacros));
  return below + (node.op === 'rcall' && MACROS.has(node.args[0]) ? 1 : 0);
};

interface Edit {
  readonly at: number;
  readonly text: string;
}

class Unfit extends Error {
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/** The pattern of a `matches` call, as RE2 reads it: its time is linear in the text, whatever the pattern. */
const patternOf = (node: ASTNode | undefined, start: number): RE2JS => {
  const text = node?.op === 'value' ? node.args : undefined;
  if (typeof text !== 'string') throw new Unfit('matches needs its pattern as a quoted text', start);
  if (text.length > MAX_PATTERN) throw new Unfit(`a pattern has at most ${MAX_PATTERN} characters`, start);
  try {
    return RE2JS.compile(text);
  } catch {
    throw new Unfit('the pattern is not one that RE2 reads', node?.start ?? start);
  }
};

/** `matches` of the library runs JavaScript patterns, which backtrack; each is turned into one of ours. */
const linearMatches = (source: string, ast: ASTNode): { source: string; patterns: Map<string, RE2JS> } => {
  const patterns = new Map<string, RE2JS>();
  const edits: Edit[] = [];
  for (const node of nodesBelow(ast)) {
    if (node.op !== 'rcall' || node.args[0] !== 'matches') continue;
    const [name, receiver, [pattern]] = node.args;
    const at = receiver.end + (/^[\s).]*/.exec(source.slice(receiver.end))?.[0].length ?? 0);
    if (!source.startsWith(name, at)) throw new Unfit('leave no comment before matches', receiver.end);
    const compiled = patternOf(pattern, at);
    patterns.set(compiled.pattern(), compiled);
    edits.push({ at, text: 'matchesLinear' });
  }
  const rewritten = edits
    .toSorted((a, b) => b.at - a.at)
    .reduce((text, { at, text: insert }) => text.slice(0, at) + insert + text.slice(at + 'matches'.length), source);
  return { source: rewritten, patterns };
};

const weigh = (value: JsonValue): { values: number; characters: number } => {
  if (typeof value === 'string') return { values: 1, characters: value.length };
  if (value === null || typeof value !== 'object') return { values: 1, characters: 0 };
  let [values, characters] = [1, 0];
  for (const [key, item] of Object.entries(value)) {
    const below = weigh(item);
    values += below.values;
    characters += below.characters + key.length;
  }
  return { values, characters };
};

const bounded = (args: JsonValue): JsonValue => {
  const { values, characters } = weigh(args);
  if (values > MAX_VALUES || characters > MAX_CHARACTERS) throw new Error('the arguments hold too much to be judged');
  return args;
};

const contextOf = (principal: Principal, { server, method, target }: PolicyCall, args: JsonValue) => ({
  args,
  call: { server, method, target: target ?? '' },
  principal: {
    issuer: principal.issuer,
    subject: principal.subject,
    kind: principal.kind,
    groups: [...principal.groups],
    client_id: principal.clientId ?? '',
    actor: principal.actor ?? '',
    amr: [...principal.amr],
    acr: principal.acr ?? '',
  },
});

const build = (source: string): CompiledWhen => {
  const checked = environment().check(source);
  if (!checked.valid) {
    const error = checked.error;
    return { ok: false, problem: error?.summary ?? 'it cannot be read', offset: error?.range?.start ?? 0 };
  }
  const ast = environment().parse(source).ast;
  if (checked.type !== 'bool') throw new Unfit(`it must be true or false, and is ${checked.type ?? 'nothing'}`, 0);
  const depth = depthOfMacros(ast);
  if (depth > 1) throw new Unfit('exists, all, map and filter may not stand inside each other', 0);
  const linear = linearMatches(source, ast);
  const run = environment()
    .registerFunction('string.matchesLinear(string): bool', (text: string, pattern: string): boolean => {
      const compiled = linear.patterns.get(pattern);
      if (!compiled) throw new Error('unknown pattern');
      return compiled.matcher(text).find();
    })
    .parse(linear.source);
  const readsArguments = nodesBelow(ast).some(({ op, args }) => op === 'id' && args === 'args');
  const judge: When = (principal, call) => {
    const args = readsArguments ? (depth > 0 ? bounded(call.args()) : call.args()) : {};
    const result: unknown = run(contextOf(principal, call, args));
    if (typeof result !== 'boolean') throw new Error('the condition is neither true nor false');
    return result;
  };
  return { ok: true, judge, readsArguments };
};

/**
 * Compiles a condition over `args` (the arguments of the call), `call` (server, method, target) and
 * `principal` (issuer, subject, kind, groups, client_id, actor, amr, acr). Names and types are checked here,
 * but for what lies below `args`. Patterns of `matches` are RE2's and stand in quotes.
 */
export const compileWhen = (source: string): CompiledWhen => {
  if (source.length > MAX_LENGTH) {
    return { ok: false, problem: `a condition has at most ${MAX_LENGTH} characters`, offset: MAX_LENGTH };
  }
  try {
    return build(source);
  } catch (error) {
    if (error instanceof Unfit) return { ok: false, problem: error.message, offset: error.offset };
    throw error;
  }
};
