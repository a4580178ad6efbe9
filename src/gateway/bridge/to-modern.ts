/**
 * A server of 2026-07-28, for clients of the older revisions: `initialize` becomes `server/discover`, every request says
 * what the session knows, and what the server requires of the client is asked as requests of the server.
 */
import { Channel } from '../../base/channel.js';
import { at, type JsonValue, member, stringOf } from '../../base/json.js';
import type { Message, Outgoing, Recorded, Upstream, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import { readMessage, readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { META, REVISION } from '../protocol/2026-07-28/envelope.js';
import { headersFor } from '../protocol/2026-07-28/headers.js';
import { isInputRequired } from '../protocol/2026-07-28/retry.js';
import { Decorated } from './decorated.js';
import { discoverMessage } from './eras.js';
import { type Link, ownMessage } from './link.js';
import { namesOf, restored } from './names.js';
import { Parameters } from './parameters.js';
import { pause } from './pause.js';
import { Awaited, questionsOf } from './rounds.js';
import type { Introduction } from './to-legacy.js';
import { answerBytes, enveloped, failureBytes, initializeResult } from './translate.js';

/** How often one call may ask for input. */
const MOST_ROUNDS = 32;
/** Pause before a call is made again that required nothing but that. */
const PAUSE_MS = 250;
const HEADER_MISMATCH = -32_020;

const bare = (data: Buffer): UpstreamMessage => ({ data, event: null });

const codeOf = ({ node }: Message): number | undefined => {
  const code = at(node, 'error', 'code');
  return code?.kind === 'number' ? code.value : undefined;
};

export class ToModern extends Decorated {
  private readonly link: Link;
  private readonly introduction: Introduction;
  private readonly awaited = new Awaited();
  private readonly parameters = new Parameters();
  private readonly resources = new Set<string>();
  private logLevel: string | null = null;
  /** Ends the request that listens now, so that another one listens for more. */
  private relisten: () => void = () => {};

  constructor(inner: Upstream, link: Link, introduction: Introduction) {
    super(inner);
    this.link = link;
    this.introduction = introduction;
  }

  private envelope(): Readonly<Record<string, JsonValue>> {
    const { capabilities, clientInfo } = this.introduction;
    return {
      [META.version]: REVISION,
      [META.capabilities]: capabilities ?? {},
      ...(clientInfo === null ? {} : { [META.clientInfo]: clientInfo }),
      ...(this.logLevel === null ? {} : { [META.logLevel]: this.logLevel }),
    };
  }

  async *request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const { message } = outgoing;
    const own = await this.answered(message);
    if (own) yield bare(own);
    else yield* this.rounds(outgoing, signal);
  }

  /** What the server no longer has is answered here; undefined for what it has. */
  private async answered(message: Message): Promise<Buffer | undefined> {
    const id = message.id ?? 'null';
    switch (message.method) {
      case 'initialize':
        return this.initialize(message, id);
      case 'ping':
        return answerBytes(id, {});
      case 'logging/setLevel':
        this.logLevel = stringOf(at(message.node, 'params', 'level')) ?? null;
        return answerBytes(id, {});
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        return this.watch(message, id);
      default:
        return undefined;
    }
  }

  private async initialize(message: Message, id: string): Promise<Buffer> {
    const asked = discoverMessage(this.link.newCall());
    const discovered = await this.link.ask(this.inner, asked, headersFor(asked));
    if (!discovered || !member(discovered.node, 'result'))
      return failureBytes(id, -32_603, 'The server cannot be opened');
    const version = stringOf(at(message.node, 'params', 'protocolVersion'));
    return answerBytes(id, initializeResult(discovered, version));
  }

  private watch(message: Message, id: string): Buffer {
    const uri = stringOf(at(message.node, 'params', 'uri'));
    if (uri === undefined) return failureBytes(id, -32_602, 'Invalid params');
    if (message.method === 'resources/subscribe') this.resources.add(uri);
    else this.resources.delete(uri);
    this.relisten();
    return answerBytes(id, {});
  }

  /** The call, made again as often as it requires input. */
  private async *rounds(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    let params: Readonly<Record<string, string>> = {};
    const { message, call } = outgoing;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const id = round === 0 ? undefined : JSON.stringify(this.link.newCall());
      const sent = enveloped(message, this.envelope(), { ...(id === undefined ? {} : { id }), params });
      const headers = headersFor(sent, this.parameters.headersOf(sent));
      const leg = round === 0 ? { ...outgoing, message: sent, headers } : await this.link.outgoing(sent, headers, call);
      const answer = yield* this.leg(leg, message, signal);
      if (!answer) return;
      if (!isInputRequired(answer)) {
        if (round === 0 && (await this.learnsHeaders(answer, message))) continue;
        yield bare(restored(answer, { ...namesOf({ call, message }), own: sent.id ?? '' }));
        return;
      }
      const state = at(answer.node, 'result', 'requestState');
      const responses = yield* this.ask(answer, signal);
      params = {
        ...(responses === null ? {} : { inputResponses: responses }),
        ...(state ? { requestState: JSON.stringify(stringOf(state)) } : {}),
      };
    }
    throw new UpstreamError('lost', `the server asked for input more than ${MOST_ROUNDS} times`);
  }

  /** One leg: what the server says beside its answer goes to the client, the answer is returned. */
  private async *leg(
    outgoing: Outgoing,
    asked: Message,
    signal: AbortSignal,
  ): AsyncGenerator<UpstreamMessage, Message | undefined> {
    for await (const one of this.inner.request(outgoing, signal)) {
      const said = one.data === null ? undefined : readUpstreamMessage(one.data);
      if (one.data === null) continue;
      if (said?.kind !== 'response') yield bare(one.data);
      else {
        if (asked.method === 'tools/list') this.parameters.learn(said);
        return said;
      }
    }
    return undefined;
  }

  /** Asks the client; its answers as `inputResponses`, or null where nothing was asked. */
  private async *ask(answer: Message, signal: AbortSignal): AsyncGenerator<UpstreamMessage, string | null> {
    const questions = questionsOf(answer, () => this.link.newCall());
    if (questions.length === 0) {
      await pause(PAUSE_MS, signal);
      return null;
    }
    const answers = questions.map(
      async ({ key, id }) => `${JSON.stringify(key)}:${await this.awaited.wait(id, signal)}`,
    );
    const all = Promise.all(answers);
    // Whoever asks may be gone before the answers are waited for.
    all.catch(() => {});
    for (const { request } of questions) yield bare(request);
    return `{${(await all).join(',')}}`;
  }

  /** A server that misses a header of an argument: what its tools declare is learnt, and the call made again. */
  private async learnsHeaders(answer: Message, { method, node }: Message): Promise<boolean> {
    const tool = stringOf(at(node, 'params', 'name')) ?? '';
    if (codeOf(answer) !== HEADER_MISMATCH || method !== 'tools/call' || this.parameters.knows(tool)) return false;
    const list = enveloped(ownMessage({ id: this.link.newCall(), method: 'tools/list' }), this.envelope());
    const listed = await this.link.ask(this.inner, list, headersFor(list));
    if (listed) this.parameters.learn(listed);
    return this.parameters.knows(tool);
  }

  /** What is left of what a client of a session sends beside requests: its answers. */
  override deliver(recorded: Recorded): Promise<void> {
    const message = readMessage(recorded.bytes);
    if (message.kind === 'response') this.awaited.take(message);
    return Promise.resolve();
  }

  override async listen(
    _last: string | undefined,
    signal: AbortSignal,
  ): Promise<AsyncIterable<UpstreamMessage> | undefined> {
    const stream = new Channel<UpstreamMessage>(64);
    const run = async (): Promise<void> => {
      while (!signal.aborted) if (!(await this.listenOnce(stream, signal))) break;
      stream.end();
    };
    run().catch((error: unknown) =>
      stream.fail(error instanceof UpstreamError ? error : new UpstreamError('lost', 'the stream broke')),
    );
    return stream;
  }

  /** @returns whether another request is to listen, for other resources */
  private async listenOnce(stream: Channel<UpstreamMessage>, signal: AbortSignal): Promise<boolean> {
    const again = new AbortController();
    this.relisten = () => again.abort(new UpstreamError('cancelled', 'listening for more'));
    const notifications = {
      toolsListChanged: true,
      promptsListChanged: true,
      resourcesListChanged: true,
      ...(this.resources.size > 0 ? { resourceSubscriptions: [...this.resources] } : {}),
    };
    const asked = ownMessage({ id: this.link.newCall(), method: 'subscriptions/listen', params: { notifications } });
    const message = enveloped(asked, this.envelope());
    const outgoing = await this.link.outgoing(message, headersFor(message));
    try {
      for await (const { data } of this.inner.request(outgoing, AbortSignal.any([signal, again.signal]))) {
        const said = data === null ? undefined : readUpstreamMessage(data);
        if (data === null || said?.method === 'notifications/subscriptions/acknowledged') continue;
        if (said?.kind === 'response') return false;
        stream.push(bare(data));
      }
      return false;
    } catch (error) {
      if (!again.signal.aborted || signal.aborted) throw error;
      return true;
    }
  }
}
