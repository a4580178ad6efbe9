/** Tool definitions as servers list them: their digests, and the record of every change. */
import { canonical } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import { at, type JsonNode, member, stringOf, toValue } from '../base/json.js';
import type { Ledger } from '../model/ports.js';
import type { ToolRecord } from '../model/record.js';

interface Definition {
  readonly digest: string;
  readonly destructive: boolean;
  /** What the server says of the tool, masked; null where it says nothing, undefined where it was not listed yet. */
  readonly description?: string | null | undefined;
}

export interface ToolDefinitions {
  /** The definition as last listed by the server. */
  get(server: string, tool: string): Definition | undefined;
  /** Takes over what the ledger knows, at start. */
  restore(record: Pick<ToolRecord, 'server' | 'name' | 'digest' | 'destructive'>): void;
  /**
   * Notes the tools of a `tools/list` result and records those that are new or changed.
   * @param recorded a name or description as it may be recorded
   */
  observe(server: string, answer: JsonNode, recorded: (text: string) => Promise<string>): Promise<void>;
}

/** Bound on the tools remembered of one server. */
const MAX_TOOLS = 10_000;
const MAX_NAME = 256;

/** Longest description kept, in characters; what is left out is counted. */
const MAX_DESCRIPTION = 2_000;

const shortened = (text: string): string =>
  text.length <= MAX_DESCRIPTION
    ? text
    : `${text.slice(0, MAX_DESCRIPTION)}… (${text.length - MAX_DESCRIPTION} more characters)`;

const toolNodes = (answer: JsonNode): readonly JsonNode[] => {
  const tools = at(answer, 'result', 'tools');
  return tools?.kind === 'array' ? tools.items : [];
};

const isTrue = (node: JsonNode | undefined): boolean => node?.kind === 'literal' && node.value === true;

const descriptionOf = async (node: JsonNode, recorded: (text: string) => Promise<string>): Promise<string | null> => {
  const said = stringOf(member(node, 'description'));
  return said === undefined ? null : recorded(shortened(said));
};

/** Takes in one definition as listed; gives what is new of it, for the record. */
const learn = async (
  known: Map<string, Definition>,
  name: string,
  node: JsonNode,
  recorded: (text: string) => Promise<string>,
): Promise<Omit<ToolRecord, 'server' | 'name'> | null> => {
  const digest = sha256(canonical(toValue(node)));
  const before = known.get(name);
  const previous = before?.digest ?? null;
  if (previous === digest && before?.description !== undefined) return null;
  const destructive = isTrue(at(node, 'annotations', 'destructiveHint'));
  known.set(name, { digest, destructive });
  const description = await descriptionOf(node, recorded);
  // Another list may have come meanwhile; then what it says counts.
  if (known.get(name)?.digest === digest) known.set(name, { digest, destructive, description });
  return previous === digest ? null : { event: previous === null ? 'seen' : 'changed', digest, previous, destructive };
};

export const createToolDefinitions = (ledger: Pick<Ledger, 'append'>): ToolDefinitions => {
  const servers = new Map<string, Map<string, Definition>>();
  const toolsOf = (server: string): Map<string, Definition> => {
    const known = servers.get(server) ?? new Map<string, Definition>();
    servers.set(server, known);
    return known;
  };
  return {
    get: (server, tool) => servers.get(server)?.get(tool),
    restore: ({ server, name, digest, destructive }) => void toolsOf(server).set(name, { digest, destructive }),
    async observe(server, answer, recorded) {
      const known = toolsOf(server);
      const written: Promise<unknown>[] = [];
      for (const node of toolNodes(answer)) {
        const name = stringOf(member(node, 'name'));
        if (name === undefined || name.length > MAX_NAME || (known.size >= MAX_TOOLS && !known.has(name))) continue;
        const change = await learn(known, name, node, recorded);
        if (change) written.push(ledger.append({ type: 'tool', d: { server, name: await recorded(name), ...change } }));
      }
      await Promise.all(written);
    },
  };
};
