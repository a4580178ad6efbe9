/** Tool definitions as servers list them: their digests, and the record of every change. */

import { at, compactJson, type JsonNode, member, stringOf } from '../base/json.js';
import type { Ledger } from '../model/ports.js';
import type { RecordDraft } from '../model/record.js';
import type { MaskMessage } from '../model/redaction.js';
import type { ListedTool, ToolRecord } from '../model/tool.js';
import { maskedText } from './masked-text.js';
import { type Declared, declaredBy } from './protocol/2026-07-28/parameters.js';
import { flagsOf, listedTool, saysDestructive } from './tool-definition.js';

interface Definition extends ListedTool {
  /** Whether the server says that the tool destroys. */
  readonly destructive: boolean;
  /** Arguments that headers bear too; undefined where it was not listed yet. */
  readonly declared?: readonly Declared[];
  /** What the server says of the tool, masked; null where it says nothing, undefined where it was not listed yet. */
  readonly description?: string | null | undefined;
}

export interface ToolDefinitions {
  /** The definition as last listed by the server. */
  get(server: string, tool: string): Definition | undefined;
  /** Takes over what the ledger knows, at start. */
  restore(record: Pick<ToolRecord, 'server' | 'name' | 'digest' | 'destructive' | 'hints'>): void;
  /**
   * Notes the tools of a `tools/list` result and records those that are new or changed.
   * @param bytes of the answer, in which the nodes lie
   * @param mask makes of JSON what may be recorded
   */
  observe(
    server: string,
    answer: { readonly node: JsonNode; readonly bytes: Buffer },
    mask: MaskMessage,
  ): Promise<void>;
}

/** Bound on the tools remembered of one server. */
const MAX_TOOLS = 10_000;
const MAX_NAME = 256;

/** Longest description kept, in characters; what is left out is counted. */
const MAX_DESCRIPTION = 2_000;
/** Longest definition that is recorded whole, in bytes; its digest names a longer one. */
const MAX_DEFINITION = 65_536;

const shortened = (text: string): string =>
  text.length <= MAX_DESCRIPTION
    ? text
    : `${text.slice(0, MAX_DESCRIPTION)}… (${text.length - MAX_DESCRIPTION} more characters)`;

const toolNodes = (answer: JsonNode): readonly JsonNode[] => {
  const tools = at(answer, 'result', 'tools');
  return tools?.kind === 'array' ? tools.items : [];
};

const descriptionOf = async (node: JsonNode, mask: MaskMessage): Promise<string | null> => {
  const said = stringOf(member(node, 'description'));
  return said === undefined ? null : maskedText(mask, shortened(said));
};

/** Takes in one definition as listed; gives the one before it where this one is new. */
const learn = async (
  known: Map<string, Definition>,
  name: string,
  node: JsonNode,
  mask: MaskMessage,
): Promise<{ readonly current: Definition; readonly previous: string | null } | null> => {
  const listed = listedTool(node);
  const before = known.get(name);
  const previous = before?.digest ?? null;
  if (previous === listed.digest && before?.description !== undefined) return null;
  const current = { ...listed, destructive: saysDestructive(node), declared: declaredBy(node) };
  known.set(name, current);
  const description = await descriptionOf(node, mask);
  // Another list may have come meanwhile; then what it says counts.
  if (known.get(name)?.digest === listed.digest) known.set(name, { ...current, description });
  return previous === listed.digest ? null : { current, previous };
};

const draftOf = async (
  server: string,
  name: string,
  { current, previous }: { readonly current: Definition; readonly previous: string | null },
  node: JsonNode,
  bytes: Buffer,
  mask: MaskMessage,
): Promise<RecordDraft> => {
  const { digest, hints, destructive } = current;
  const definition = compactJson(bytes.subarray(node.start, node.end));
  return {
    type: 'tool',
    d: {
      event: previous === null ? 'seen' : 'changed',
      server,
      name: await maskedText(mask, name),
      digest,
      previous,
      destructive,
      hints,
      flags: flagsOf(node),
    },
    ...(definition.length > MAX_DEFINITION ? {} : { payloads: { definition: (await mask(definition)).bytes } }),
  };
};

/** What is not on record was not seen: the next list brings it again. Throws the error on. */
const forget = (
  known: Map<string, Definition>,
  name: string,
  { digest }: Definition,
  before: Definition | undefined,
  error: unknown,
): never => {
  if (known.get(name)?.digest === digest) {
    if (before) known.set(name, before);
    else known.delete(name);
  }
  throw error;
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
    restore({ server, name, digest, destructive, hints }) {
      toolsOf(server).set(name, { digest, destructive, hints });
    },
    async observe(server, { node: answer, bytes }, mask) {
      const known = toolsOf(server);
      const written: Promise<unknown>[] = [];
      for (const node of toolNodes(answer)) {
        const name = stringOf(member(node, 'name'));
        if (name === undefined || name.length > MAX_NAME || (known.size >= MAX_TOOLS && !known.has(name))) continue;
        const before = known.get(name);
        const change = await learn(known, name, node, mask);
        if (!change) continue;
        const draft = await draftOf(server, name, change, node, bytes, mask);
        written.push(
          ledger.append(draft).catch((error: unknown) => forget(known, name, change.current, before, error)),
        );
      }
      await Promise.all(written);
    },
  };
};
