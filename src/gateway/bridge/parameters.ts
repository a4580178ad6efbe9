/** What tools of a server of 2026-07-28 declare of their arguments, for clients that do not know of it. */
import { at, member, stringOf } from '../../base/json.js';
import type { Message, MirroredHeaders } from '../../model/call.js';
import { type Declared, declaredBy, parameterHeaders } from '../protocol/2026-07-28/parameters.js';

/** Bound on the tools of one server. */
const MOST_TOOLS = 10_000;

export class Parameters {
  private readonly declared = new Map<string, readonly Declared[]>();

  /** Learns from an answer to `tools/list`. */
  learn(answer: Message): void {
    const tools = at(answer.node, 'result', 'tools');
    for (const tool of tools?.kind === 'array' ? tools.items : []) {
      const name = stringOf(member(tool, 'name'));
      if (name === undefined || (this.declared.size >= MOST_TOOLS && !this.declared.has(name))) continue;
      this.declared.set(name, declaredBy(tool));
    }
  }

  knows(tool: string): boolean {
    return this.declared.has(tool);
  }

  /** The headers of a tool call. */
  headersOf(message: Message): MirroredHeaders {
    const tool = stringOf(at(message.node, 'params', 'name')) ?? '';
    return parameterHeaders(this.declared.get(tool) ?? [], message);
  }
}
