/** What a client says on its standard output goes to the gateway; what the gateway says comes back, line by line. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CountersignError, reason } from '../../base/errors.js';
import { member } from '../../base/json.js';
import { replaceNodes } from '../../base/json-edit.js';
import { oneLine } from '../../gateway/one-line.js';
import { cancelledId, readMessage, readUpstreamMessage } from '../../gateway/protocol/2025-11-25/message.js';
import { errorBytes, Refusal } from '../../gateway/refuse.js';
import type { Message, UpstreamMessage } from '../../model/call.js';
import { type Connection, isModern } from './connection.js';
import { type Answer, drain } from './exchange.js';

export interface RelayDeps {
  readonly connection: Connection;
  /** One message for the client, without line feed. Resolves when more may be sent. */
  readonly send: (line: Buffer) => Promise<void>;
  /** A sentence for the person. */
  readonly tell: (sentence: string) => void;
}

/** The codes of what only this side can say; those of the gateway are in its refusals. */
const CODES = { login: -31020, unreachable: -31021 } as const;
const MOST_UNDERWAY = 256;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** How often a broken stream of a call is taken up again. */
const RESUMES = 5;

interface Underway {
  readonly abort: AbortController;
  readonly modern: boolean;
}

const errorLine = (id: string, kind: keyof typeof CODES, sentence: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":{"code":${CODES[kind]},"message":${JSON.stringify(sentence)}}}`);

const LOGIN = 'Run `countersign login --use mcp` and call again; this program need not be started again.';

/** Why a message did not get there, in a sentence. */
const explain = (error: unknown): readonly [keyof typeof CODES, string] => {
  if (error instanceof CountersignError) return ['login', `${error.message}. ${LOGIN}`];
  return ['unreachable', `The gateway gave no answer: ${reason(error)}. Whether a call ran is on record there.`];
};

const refusedLogin = `The gateway refused the login: it has expired, was revoked, or is for another gateway. ${LOGIN}`;

/** An error whose request could not be read has no id; here it is known. */
const withId = (message: Message, id: string): Message => {
  const own = message.id === null ? member(message.node, 'id') : undefined;
  return (own && readUpstreamMessage(replaceNodes(message.bytes, [[own, id]]))) ?? message;
};

export class Relay {
  private readonly deps: RelayDeps;
  private readonly underway = new Map<string, Underway>();
  private readonly closed = new AbortController();
  /** Kept to open the session again where the gateway has lost it. */
  private opening: Message | undefined;
  private initialized: Message | undefined;
  private reopening: Promise<boolean> | undefined;
  private listening = false;

  constructor(deps: RelayDeps) {
    this.deps = deps;
  }

  /** Takes one message. Resolves when the next may be taken, which for a request is at once. Never rejects. */
  async take(line: Buffer): Promise<void> {
    let message: Message;
    try {
      message = readMessage(line);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.deps.send(errorBytes(error, null));
    }
    if (message.kind !== 'request' || message.id === null) return this.deliver(message);
    if (this.underway.has(message.id) || this.underway.size >= MOST_UNDERWAY)
      return this.deps.send(errorBytes(new Refusal('id_in_use'), message.id));
    void this.request(message, message.id);
    return undefined;
  }

  /** Ends what is under way, and the session. */
  async close(): Promise<void> {
    this.closed.abort();
    for (const { abort } of this.underway.values()) abort.abort();
    await this.deps.connection.close();
  }

  private async request(message: Message, id: string): Promise<void> {
    const modern = isModern(message);
    const abort = new AbortController();
    this.underway.set(id, { abort, modern });
    if (message.method === 'initialize') this.opening = message;
    try {
      await this.answer(message, id, abort.signal);
      if (!modern) this.ensureListening();
    } catch (error) {
      // A call that was withdrawn gets no answer.
      if (!abort.signal.aborted) await this.deps.send(errorLine(id, ...explain(error)));
    } finally {
      this.underway.delete(id);
    }
  }

  private async answer(message: Message, id: string, signal: AbortSignal): Promise<void> {
    const answer = await this.post(message, signal);
    if (answer.status === 401) {
      await drain(answer);
      return this.deps.send(errorLine(id, 'login', refusedLogin));
    }
    let last = await this.pass(answer, message, id);
    for (let resumes = 0; typeof last === 'string' && resumes < RESUMES; resumes++) {
      await sleep(RETRY_MS, undefined, { signal });
      const resumed = await this.deps.connection.listen(last, signal);
      last = resumed.status === 200 ? await this.pass(resumed, message, id) : undefined;
    }
    if (last !== true) throw new Error(`it ended without an answer (HTTP ${answer.status})`);
    return undefined;
  }

  /** Posts, in a session opened anew where the gateway has ended the old one: it refused the message, so nothing ran. */
  private async post(message: Message, signal: AbortSignal): Promise<Answer> {
    const { connection } = this.deps;
    const lost = connection.hasSession && !isModern(message) && message.method !== 'initialize';
    const answer = await connection.post(message, signal);
    if (answer.status !== 404 || !lost || !(await this.reopen())) return answer;
    await drain(answer);
    return connection.post(message, signal);
  }

  private reopen(): Promise<boolean> {
    this.reopening ??= this.openAgain().finally(() => {
      this.reopening = undefined;
    });
    return this.reopening;
  }

  private async openAgain(): Promise<boolean> {
    const { connection, tell } = this.deps;
    if (!this.opening || !this.initialized) return false;
    connection.forget();
    const { status, messages } = await connection.post(this.opening, this.closed.signal);
    for await (const { data } of messages) {
      const answer = data && readUpstreamMessage(data);
      if (answer?.kind === 'response') connection.learn(this.opening, answer);
    }
    if (status !== 200) return false;
    await drain(await connection.post(this.initialized, this.closed.signal));
    tell('the gateway had ended the session; it was opened again');
    return true;
  }

  /** Passes messages on: true once the call was answered, else the last event to go on after, if there is one. */
  private async pass({ messages }: Answer, asked: Message, id: string): Promise<true | string | undefined> {
    let last: string | undefined;
    for await (const { data, event } of messages) {
      last = event?.id ?? last;
      const message = data && readUpstreamMessage(data);
      if (!message) continue;
      const answered = message.kind === 'response' && (message.id ?? id) === id;
      if (answered) this.deps.connection.learn(asked, message);
      await this.deps.send(oneLine(answered ? withId(message, id).bytes : message.bytes));
      if (answered) return true;
    }
    return last;
  }

  private async deliver(message: Message): Promise<void> {
    const withdrawn = cancelledId(message);
    const call = withdrawn === undefined ? undefined : this.underway.get(withdrawn);
    // In 2026-07-28 a call is withdrawn by closing its stream.
    if (call?.modern) return call.abort.abort();
    if (message.method === 'notifications/initialized') this.initialized = message;
    try {
      const answer = await this.post(message, this.closed.signal);
      const { status } = answer;
      await drain(answer);
      if (status === 401) this.deps.tell(refusedLogin);
      else if (status >= 400) this.deps.tell(`the gateway refused ${message.method ?? 'an answer'} (HTTP ${status})`);
      else if (message.method === 'notifications/initialized') this.ensureListening();
    } catch (error) {
      if (!this.closed.signal.aborted) this.deps.tell(explain(error)[1]);
    }
  }

  /** The stream of what belongs to no call: begun with the session, and again after a call has shown that all is well. */
  private ensureListening(): void {
    if (this.listening || !this.initialized || this.closed.signal.aborted) return;
    this.listening = true;
    void this.listen().finally(() => {
      this.listening = false;
    });
  }

  private async listen(): Promise<void> {
    const { signal } = this.closed;
    let last: string | undefined;
    for (let wait = RETRY_MS; !signal.aborted; ) {
      try {
        const answer = await this.deps.connection.listen(last, signal);
        if (answer.status !== 200) return await drain(answer);
        wait = RETRY_MS;
        for await (const message of answer.messages) last = (await this.hear(message)) ?? last;
      } catch {
        // The gateway is away: the next call says so, if it still is.
        wait = Math.min(wait * 2, LONGEST_RETRY_MS);
      }
      await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }

  private async hear({ data, event }: UpstreamMessage): Promise<string | undefined> {
    const message = data && readUpstreamMessage(data);
    if (message) await this.deps.send(oneLine(message.bytes));
    return event?.id;
  }
}
