/** One tool as its server describes it: what names the definition, and what in it deserves a second look. */

import { canonical } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import { at, type JsonNode, toValue } from '../base/json.js';
import type { ListedTool, ToolFlag, ToolHints } from '../model/tool.js';

const hint = (node: JsonNode, name: string): boolean | undefined => {
  const said = at(node, 'annotations', name);
  return said?.kind === 'literal' && said.value !== null ? said.value : undefined;
};

/** `destructiveHint` and `idempotentHint` mean something only for a tool that is not read-only (MCP, ToolAnnotations). */
const hintsOf = (node: JsonNode): ToolHints => {
  const readOnly = hint(node, 'readOnlyHint') ?? false;
  return {
    readOnly,
    destructive: !readOnly && (hint(node, 'destructiveHint') ?? true),
    idempotent: readOnly || (hint(node, 'idempotentHint') ?? false),
    openWorld: hint(node, 'openWorldHint') ?? true,
  };
};

/** Whether the server says so itself; the protocol's default is no statement. */
export const saysDestructive = (node: JsonNode): boolean => hint(node, 'destructiveHint') === true;

/** SHA-256 over the canonical JSON (RFC 8785) of the whole definition: any change of it is another definition. */
export const definitionDigest = (node: JsonNode): string => sha256(canonical(toValue(node)));

export const listedTool = (node: JsonNode): ListedTool => ({ digest: definitionDigest(node), hints: hintsOf(node) });

/** Letters nobody sees: controls, zero width, direction, tags and the like, but for the selector of emoji. */
const HIDDEN = /(?!\uFE0F)\p{Default_Ignorable_Code_Point}|(?![\t\n\r])\p{Cc}/u;

/** Phrases that speak to a model rather than say what a tool does. */
const INSTRUCTIONS: readonly RegExp[] = [
  /\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|other|all|system)\b.{0,40}\b(?:instruction|prompt|rule|message|guideline)/is,
  /\b(?:do not|don't|never|without)\b.{0,20}\b(?:tell|telling|mention|inform|informing|reveal|notify)\w*\b.{0,40}\buser\b/is,
  /<\s*\/?\s*(?:important|system|secret|instructions?|admin|hidden)\s*>/i,
  /\b(?:system prompt|developer message)\b/i,
  /\bbefore (?:using|calling|invoking) (?:this|any other|another|other) tools?\b/i,
  /(?:~|\$HOME|\/home\/[^\s/]+|\/root)\/\.(?:ssh|aws|config|cursor|netrc|kube)\b/i,
  /\b(?:pass|send|include|put|append|forward)\b.{0,60}\b(?:contents? of|conversation|chat history|private key|credentials|environment variables)\b/is,
];

/** Most characters of one definition that are looked at. */
const MAX_LOOKED_AT = 262_144;

const texts = (node: JsonNode): readonly string[] => {
  if (node.kind === 'string') return [node.value];
  if (node.kind === 'array') return node.items.flatMap(texts);
  return node.kind === 'object' ? node.members.flatMap(({ key, value }) => [key.value, ...texts(value)]) : [];
};

/**
 * What in a definition deserves a look by a person before it is pinned. A flag proves nothing, and its absence
 * does not either.
 */
export const flagsOf = (node: JsonNode): readonly ToolFlag[] => {
  const said = texts(node);
  const long = said.reduce((sum, { length }) => sum + length, 0) > MAX_LOOKED_AT;
  const seen = said.join('\n').slice(0, MAX_LOOKED_AT);
  return [
    ...(HIDDEN.test(seen) ? (['hidden_characters'] as const) : []),
    ...(INSTRUCTIONS.some((pattern) => pattern.test(seen)) ? (['instructions'] as const) : []),
    ...(long ? (['very_long'] as const) : []),
  ];
};
