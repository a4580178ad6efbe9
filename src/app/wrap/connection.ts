/** What the gateway must be told with each message, and what it said of the session. */
import { Agent, type Dispatcher } from 'undici';
import { at, member, stringOf } from '../../base/json.js';
import { revisionOf } from '../../gateway/protocol/2025-11-25/message.js';
import { claimsRevision } from '../../gateway/protocol/2026-07-28/envelope.js';
import { headersFor } from '../../gateway/protocol/2026-07-28/headers.js';
import { type Declared, declaredBy, parameterHeaders } from '../../gateway/protocol/2026-07-28/parameters.js';
import type { Message } from '../../model/call.js';
import { type Answer, drain, exchange } from './exchange.js';

/** Tools whose declared headers are remembered; a server with more has those of the rest refused by itself. */
const MOST_TOOLS = 10_000;

/** A request that stands for itself (2026-07-28); everything else belongs to a session. */
export const isModern = (message: Message): boolean => message.method !== 'initialize' && claimsRevision(message);

export class Connection {
  private readonly url: URL;
  private readonly token: () => Promise<string>;
  private readonly dispatcher: Dispatcher;
  private readonly declared = new Map<string, readonly Declared[]>();
  private session: string | undefined;
  private revision: string | undefined;

  /** @param token the login's token as it is now; throws where there is none that is good */
  constructor(url: URL, token: () => Promise<string>) {
    this.url = url;
    this.token = token;
    // A call may wait for a person, and a listening stream for anything: only the connection has a time limit.
    this.dispatcher = new Agent({ connect: { timeout: 10_000 }, headersTimeout: 0, bodyTimeout: 0 });
  }

  get hasSession(): boolean {
    return this.session !== undefined;
  }

  private async headers(more: Readonly<Record<string, string>>): Promise<Record<string, string>> {
    return {
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${await this.token()}`,
      'user-agent': 'countersign-wrap',
      ...more,
    };
  }

  private sessionHeaders(): Record<string, string> {
    return {
      ...(this.session === undefined ? {} : { 'mcp-session-id': this.session }),
      ...(this.revision === undefined ? {} : { 'mcp-protocol-version': this.revision }),
    };
  }

  private mirrored(message: Message): Readonly<Record<string, string>> {
    const tool = message.method === 'tools/call' ? stringOf(at(message.node, 'params', 'name')) : undefined;
    const declared = this.declared.get(tool ?? '') ?? [];
    return headersFor(message, parameterHeaders(declared, message));
  }

  async post(message: Message, signal: AbortSignal): Promise<Answer> {
    const own = isModern(message) ? this.mirrored(message) : this.sessionHeaders();
    const opening = message.method === 'initialize';
    const headers = await this.headers({ 'content-type': 'application/json', ...(opening ? {} : own) });
    const answer = await exchange(this.url, this.dispatcher, { method: 'POST', headers, body: message.bytes, signal });
    if (opening && answer.status === 200) this.session = answer.session;
    return answer;
  }

  async listen(lastEventId: string | undefined, signal: AbortSignal): Promise<Answer> {
    const resuming = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const headers = await this.headers({ ...this.sessionHeaders(), ...resuming });
    return exchange(this.url, this.dispatcher, { method: 'GET', headers, body: null, signal });
  }

  /** Takes in what an answer says of the session or of the tools. */
  learn(asked: Message, answer: Message): void {
    if (asked.method === 'initialize') this.revision = revisionOf(answer);
    const tools = asked.method === 'tools/list' ? at(answer.node, 'result', 'tools') : undefined;
    if (tools?.kind !== 'array') return;
    for (const tool of tools.items) {
      const name = stringOf(member(tool, 'name'));
      if (name !== undefined && this.declared.size < MOST_TOOLS) this.declared.set(name, declaredBy(tool));
    }
  }

  /** The session is gone. */
  forget(): void {
    this.session = undefined;
    this.revision = undefined;
  }

  /** Ends the session, if the gateway can be told within two seconds. */
  async close(): Promise<void> {
    try {
      if (this.session === undefined) return;
      const headers = await this.headers(this.sessionHeaders());
      const signal = AbortSignal.timeout(2_000);
      await drain(await exchange(this.url, this.dispatcher, { method: 'DELETE', headers, body: null, signal }));
    } catch {
      // The gateway ends an idle session by itself.
    } finally {
      await this.dispatcher.destroy();
    }
  }
}
