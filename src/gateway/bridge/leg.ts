/**
 * One call at a server of the older revisions, for a client of 2026-07-28. Where the server asks the client something,
 * the client's request ends with `input_required` and this goes on living until the client comes back with an answer.
 */
import { Channel } from '../../base/channel.js';
import { member } from '../../base/json.js';
import type { Ulid } from '../../base/ulid.js';
import type { Message } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import type { Heard } from './heard.js';
import type { Names } from './names.js';

/** Messages that may wait between two requests of the client. */
const HIGH_WATER = 64;
/** Messages of other streams that may wait too; more are lost. */
const MOST_WAITING = 1_000;

/** A question of the server that the client has not answered. */
export interface Question {
  /** Id of the server's request, as written. */
  readonly id: string;
  readonly method: string;
  /** JSON text; null where it has none. */
  readonly params: string | null;
}

export class Leg {
  readonly call: Ulid;
  /** How the server knows the call: under the names of its first request. */
  readonly names: Names;
  readonly method: string;
  /** Least level of log messages that the client wants; null: none. */
  readonly logLevel: string | null;
  /** Ends the call at the server. */
  readonly abort = new AbortController();
  /** By the key that the client answers with. */
  readonly questions = new Map<string, Question>();
  private readonly messages: Channel<Heard>;
  private readonly iterator: AsyncIterator<Heard>;
  private gate: Promise<void> = Promise.resolve();
  private open: () => void = () => {};
  private asked = 0;
  /** Whether a client is connected for it. */
  private attended = false;
  /** Messages that no client was there for. */
  dropped = 0;

  constructor(call: Ulid, names: Names, method: string, logLevel: string | null) {
    this.call = call;
    this.names = names;
    this.method = method;
    this.logLevel = logLevel;
    this.messages = new Channel(HIGH_WATER, (paused) => this.flow(paused));
    this.iterator = this.messages[Symbol.asyncIterator]();
  }

  private flow(paused: boolean): void {
    if (!paused) return this.open();
    this.gate = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  /** Takes in what the server says, as fast as the client reads. */
  pump(source: AsyncIterable<Heard>): void {
    const run = async (): Promise<void> => {
      for await (const message of source) {
        this.push(message);
        if (this.attended) await this.gate;
      }
      this.messages.end();
    };
    run().catch((error: unknown) => this.fail(error));
  }

  /** The client's side has ended, or the server's: what is queued is still read. */
  fail(error: unknown): void {
    const known =
      error instanceof UpstreamError ? error : new UpstreamError('lost', 'the conversation with the server broke');
    this.messages.fail(known);
  }

  /** A message for this call, whichever stream it came by. What is only told is told to a client that is there. */
  push(message: Heard): void {
    const told = message.said?.kind === 'notification' && !this.attended;
    const lost = told || this.messages.size >= MOST_WAITING;
    if (lost) this.dropped++;
    else this.messages.push(message);
  }

  /** A client is connected for it. */
  attend(): void {
    this.attended = true;
  }

  /** No client is: the server may go on, but what it only tells is lost. */
  leave(): void {
    this.attended = false;
    this.open();
  }

  /** The next message; undefined where the server has ended the stream. */
  async next(): Promise<Heard | undefined> {
    const { done, value } = await this.iterator.next();
    return done ? undefined : value;
  }

  /** @returns the key under which the client is asked */
  ask(message: Message): string {
    const key = `q${this.asked++}`;
    const params = member(message.node, 'params');
    this.questions.set(key, {
      id: message.id ?? 'null',
      method: message.method ?? '',
      params: params ? message.bytes.toString('utf8', params.start, params.end) : null,
    });
    return key;
  }

  /** Nothing more is read. */
  end(error: UpstreamError): void {
    this.abort.abort(error);
    this.messages.fail(error);
    this.open();
  }
}
