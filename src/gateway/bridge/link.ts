/** Messages that the gateway itself exchanges with a server on behalf of a session: each is on record before it is used. */
import type { JsonObject } from '../../base/json.js';
import type { Ulid } from '../../base/ulid.js';
import type { Message, MirroredHeaders, Outgoing, Recorded, Upstream } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { Ledger } from '../../model/ports.js';
import { type MaskFor, redactionFacts, redactionPayload } from '../../model/redaction.js';
import type { ServerSettings } from '../../model/settings.js';
import { oneLine } from '../one-line.js';
import { readMessage, readUpstreamMessage } from '../protocol/2025-11-25/message.js';

export interface LinkDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly maskFor: MaskFor;
  readonly newCall: () => Ulid;
}

/** What the link is for. */
export interface LinkAbout {
  readonly server: ServerSettings;
  readonly session: Ulid;
  readonly groups: readonly string[];
}

/** Longest time for a request of the gateway's own, milliseconds. */
const OWN_TIMEOUT_MS = 30_000;

/** A message of the gateway's own. */
export const ownMessage = (body: JsonObject): Message =>
  readMessage(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...body })));

export class Link {
  private readonly deps: LinkDeps;
  readonly about: LinkAbout;

  constructor(deps: LinkDeps, about: LinkAbout) {
    this.deps = deps;
    this.about = about;
  }

  newCall(): Ulid {
    return this.deps.newCall();
  }

  private async record(message: Message, direction: 'to_server' | 'to_client', call: Ulid | null): Promise<Recorded> {
    const { server, session, groups } = this.about;
    const mask = this.deps.maskFor(server, { direction, tool: null, groups, base: '' });
    const { bytes, redactions } = await mask(message.bytes);
    const receipt = await this.deps.ledger.append({
      type: 'message',
      d: {
        session,
        server: server.id,
        direction,
        kind: message.kind,
        method: message.method,
        call,
        forwarded: direction === 'to_server',
        ...redactionFacts(redactions),
      },
      payloads: { content: oneLine(bytes), ...redactionPayload(redactions) },
    });
    return { bytes: message.bytes, receipt, event: null, final: false };
  }

  /** A request that goes out once this resolves; `call` is the one on whose behalf it is made. */
  async outgoing(message: Message, headers: MirroredHeaders | null, call: Ulid | null = null): Promise<Outgoing> {
    const { receipt } = await this.record(message, 'to_server', call);
    return { call: call ?? this.newCall(), message, trace: null, headers, intent: receipt };
  }

  /** Sends a notification, or an answer to a request of the server. A server that is gone shows at the next request. */
  async tell(upstream: Upstream, message: Message, call: Ulid | null): Promise<void> {
    const recorded = await this.record(message, 'to_server', call);
    try {
      await upstream.deliver(recorded);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
    }
  }

  /**
   * Asks a server something and gives its answer; undefined where it ended the stream without one. What else it says
   * meanwhile is dropped.
   * @throws UpstreamError
   */
  async ask(
    upstream: Upstream,
    message: Message,
    headers: MirroredHeaders | null,
    timeout = OWN_TIMEOUT_MS,
  ): Promise<Message | undefined> {
    const outgoing = await this.outgoing(message, headers);
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new UpstreamError('timed_out', 'the server gave no answer')), timeout);
    try {
      for await (const { data } of upstream.request(outgoing, late.signal)) {
        const answer = data === null ? undefined : readUpstreamMessage(data);
        if (data !== null && !answer) throw new UpstreamError('lost', 'the server sent something that is not JSON-RPC');
        if (answer?.kind !== 'response' || (answer.id !== null && answer.id !== message.id)) continue;
        await this.record(answer, 'to_client', null);
        return answer;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }
}
