/**
 * A server of the older revisions, for clients of 2026-07-28. Its session, its streams and its questions to clients are
 * kept here, since these clients have none of them.
 */
import { at, type JsonNode, type JsonValue, member, stringOf } from '../../base/json.js';
import type { Message, Outgoing, Upstream, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import { readMessage } from '../protocol/2025-11-25/message.js';
import { META } from '../protocol/2026-07-28/envelope.js';
import { Changes } from './changes.js';
import { Decorated } from './decorated.js';
import { type Heard, heard } from './heard.js';
import { Leg } from './leg.js';
import { type Link, ownMessage } from './link.js';
import { isLevel, isWanted } from './log-levels.js';
import { namesOf, renamed, restored } from './names.js';
import { AGAIN, answersOf, createWaiting, inputRequired, ownAnswer, urlsRequired } from './questions.js';
import { cancelAt } from './shared-pipe.js';
import {
  answerBytes,
  discoverResult,
  failureBytes,
  LEGACY_REVISION,
  NO_ENVELOPE,
  toModernAnswer,
} from './translate.js';

/** What the first request of a session says of its client. */
export interface Introduction {
  readonly capabilities: JsonValue;
  readonly clientInfo: JsonValue;
}

const CANCELLED = new UpstreamError('cancelled', 'the call was cancelled');

const bare = (data: Buffer): UpstreamMessage => ({ data, event: null });

const capabilitiesOf = ({ node }: Message): JsonNode | undefined => at(node, 'result', 'capabilities');

export class ToLegacy extends Decorated {
  private readonly link: Link;
  private readonly introduction: Introduction;
  private readonly changes: Changes;
  private readonly waiting = createWaiting((leg) => void this.cancel(leg).catch(() => {}));
  /** Calls on whose behalf a client is connected, the newest last. */
  private readonly running = new Set<Leg>();
  private opened: Promise<Message> | undefined;
  private logLevel: string | null = null;
  private lost = 0;

  constructor(inner: Upstream, link: Link, introduction: Introduction) {
    super(inner);
    this.link = link;
    this.introduction = introduction;
    // What a server says on no call's stream is taken to be about the call that was made last.
    this.changes = new Changes(inner, link, (one) => [...this.running].at(-1)?.push(one));
  }

  override get dropped(): number {
    return super.dropped + this.lost + this.changes.dropped;
  }

  /**
   * Opens the session at the server, once.
   * @throws UpstreamError where the server does not open one
   */
  open(): Promise<Message> {
    this.opened ??= this.initialize().catch((error: unknown) => {
      this.opened = undefined;
      throw error;
    });
    return this.opened;
  }

  private async initialize(): Promise<Message> {
    const { capabilities, clientInfo } = this.introduction;
    const params = { protocolVersion: LEGACY_REVISION, capabilities, clientInfo };
    const answer = await this.link.ask(
      this.inner,
      ownMessage({ id: this.link.newCall(), method: 'initialize', params }),
      null,
    );
    if (!answer || !member(answer.node, 'result')) {
      const problem = stringOf(at(answer?.node, 'error', 'message')) ?? 'it gave no answer';
      throw new UpstreamError('refused', `the server did not open a session: ${problem.slice(0, 200)}`);
    }
    await this.link.tell(this.inner, ownMessage({ method: 'notifications/initialized' }), null);
    return answer;
  }

  async *request(outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const initialized = await this.open();
    const { message } = outgoing;
    if (message.method === 'server/discover')
      yield bare(answerBytes(message.id ?? 'null', discoverResult(initialized)));
    else if (message.method === 'subscriptions/listen')
      yield* this.changes.subscribe(message, capabilitiesOf(initialized), signal);
    else yield* this.call(outgoing, initialized, signal);
  }

  private async *call(outgoing: Outgoing, initialized: Message, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const state = stringOf(at(outgoing.message.node, 'params', 'requestState'));
    const waiting = state === undefined ? undefined : this.waiting.take(state);
    if (state !== undefined && state !== AGAIN && !waiting) {
      const problem = 'Invalid params: the call no longer waits; make it again from the start';
      yield bare(failureBytes(outgoing.message.id ?? 'null', -32_602, problem));
      return;
    }
    const leg = waiting ?? (await this.begin(outgoing, initialized));
    if (waiting)
      for (const answer of answersOf(waiting, outgoing.message))
        await this.link.tell(this.inner, answer, outgoing.call);
    yield* this.drive(leg, outgoing.message, signal);
  }

  private async begin(outgoing: Outgoing, initialized: Message): Promise<Leg> {
    const { message, call } = outgoing;
    const names = namesOf(outgoing);
    const level = stringOf(at(message.node, 'params', '_meta', META.logLevel)) ?? null;
    if (level !== null) await this.lower(level, initialized);
    const leg = new Leg(call, names, message.method ?? '', level);
    const sent = renamed(message, names, NO_ENVELOPE);
    leg.pump(heard(this.inner, { ...outgoing, message: sent, headers: null }, leg.abort.signal));
    return leg;
  }

  /** A session has one level of logs: the least that anybody asked for. */
  private async lower(level: string, initialized: Message): Promise<void> {
    if (!isLevel(level) || isWanted(level, this.logLevel)) return;
    if (member(capabilitiesOf(initialized), 'logging') === undefined) return;
    this.logLevel = level;
    const message = ownMessage({ id: this.link.newCall(), method: 'logging/setLevel', params: { level } });
    await this.link.ask(this.inner, message, null);
  }

  /** What of a call goes to its client, until it is answered or asks for input. */
  private async *drive(leg: Leg, asked: Message, signal: AbortSignal): AsyncGenerator<UpstreamMessage> {
    const stop = (): void => leg.fail(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.running.add(leg);
    leg.attend();
    let end: 'lost' | 'answered' | 'asks' = 'lost';
    try {
      for (let one = await leg.next(); one; one = await leg.next()) {
        const out = await this.translate(leg, one, asked);
        if (one.said?.kind === 'response') end = 'answered';
        else if (out && one.said?.kind === 'request') end = 'asks';
        if (end === 'asks') this.waiting.keep(leg);
        if (out) yield bare(out);
        if (end !== 'lost') return;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await this.part(leg, end);
    }
  }

  /** The client's request is over; the call, unless it waits for an answer, too. */
  private async part(leg: Leg, end: 'lost' | 'answered' | 'asks'): Promise<void> {
    this.running.delete(leg);
    leg.leave();
    if (end !== 'asks') this.lost += leg.dropped;
    if (end === 'lost') await this.cancel(leg);
  }

  private async cancel(leg: Leg): Promise<void> {
    leg.end(CANCELLED);
    await cancelAt(this.link, this.inner, leg.call, leg.call);
  }

  /** What the client is told of a message of the server; undefined: nothing. */
  private async translate(leg: Leg, { data, said }: Heard, asked: Message): Promise<Buffer | undefined> {
    if (!said) return data;
    const names = { ...namesOf({ call: leg.call, message: asked }), own: leg.names.own };
    if (said.kind === 'response') {
      const pages = urlsRequired(said, names.id, this.introduction.capabilities);
      return pages ?? toModernAnswer(readMessage(restored(said, names)), leg.method);
    }
    if (said.kind === 'notification') return this.isFor(leg, said, names.token) ? restored(said, names) : undefined;
    const answer = ownAnswer(said, this.introduction.capabilities);
    if (!answer) {
      leg.ask(said);
      return inputRequired(leg, names.id);
    }
    await this.link.tell(this.inner, answer, leg.call);
    return undefined;
  }

  /** Changes go to who listens for them, logs to who asked for them. */
  private isFor(leg: Leg, said: Message, token: string | null): boolean {
    if (said.method === 'notifications/progress') return token !== null;
    if (said.method === 'notifications/message')
      return isWanted(stringOf(at(said.node, 'params', 'level')) ?? '', leg.logLevel);
    this.changes.tell(said);
    return false;
  }

  override async close(): Promise<void> {
    this.waiting.endAll();
    this.changes.close();
    await super.close();
  }
}
