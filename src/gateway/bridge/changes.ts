/** Changes at a server of the older revisions, for clients of 2026-07-28 that listen for them. */
import type { JsonNode } from '../../base/json.js';
import { type Message, type Upstream, UpstreamError, type UpstreamMessage } from '../../model/call.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import type { Heard } from './heard.js';
import { type Link, ownMessage } from './link.js';
import { filterOf, Subscriber } from './subscribers.js';
import { failureBytes } from './translate.js';

/** Notifications that belong to a call, whichever stream they come by. */
const OF_CALLS: ReadonlySet<string> = new Set(['notifications/message', 'notifications/progress']);

/** A server that is gone watches nothing any more. */
const ignoreLost = (error: unknown): void => {
  if (!(error instanceof UpstreamError)) throw error;
};

type Watching = 'resources/subscribe' | 'resources/unsubscribe';

export class Changes {
  private readonly subscribers = new Set<Subscriber>();
  private readonly inner: Upstream;
  private readonly link: Link;
  /** What comes by the stream of changes and is none. */
  private readonly onOther: (heard: Heard) => void;
  private listening: AbortController | undefined;
  private lost = 0;

  constructor(inner: Upstream, link: Link, onOther: (heard: Heard) => void) {
    this.inner = inner;
    this.link = link;
    this.onOther = onOther;
  }

  /** Changes that a client did not take. */
  get dropped(): number {
    return this.lost + [...this.subscribers].reduce((sum, { dropped }) => sum + dropped, 0);
  }

  /** Tells a change to all who listen for it. */
  tell(said: Message): void {
    for (const subscriber of this.subscribers) subscriber.tell(said);
  }

  /** `subscriptions/listen`: what is listened for, then each change, until the signal aborts. */
  async *subscribe(
    asked: Message,
    capabilities: JsonNode | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<UpstreamMessage> {
    const id = asked.id ?? 'null';
    const filter = filterOf(asked, capabilities);
    if (!filter) {
      const data = failureBytes(id, -32_602, 'Invalid params: notifications is missing or malformed');
      yield { data, event: null };
      return;
    }
    const subscriber = new Subscriber(filter, id);
    const stop = (): void => subscriber.stream.end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.subscribers.add(subscriber);
    try {
      this.listen();
      await this.watch(subscriber, 'resources/subscribe');
      yield* subscriber.stream;
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', stop);
      this.subscribers.delete(subscriber);
      this.lost += subscriber.dropped;
      if (this.subscribers.size === 0) this.close();
      await this.watch(subscriber, 'resources/unsubscribe').catch(ignoreLost);
    }
  }

  /** The server is told of a resource by the first who listens for it, and by the last. */
  private async watch(subscriber: Subscriber, method: Watching): Promise<void> {
    const others = [...this.subscribers].filter((other) => other !== subscriber);
    for (const uri of subscriber.filter.resources) {
      if (others.some(({ filter }) => filter.resources.has(uri))) continue;
      const message = ownMessage({ id: this.link.newCall(), method, params: { uri } });
      await this.link.ask(this.inner, message, null);
    }
  }

  private listen(): void {
    if (this.listening) return;
    const listening = new AbortController();
    this.listening = listening;
    const run = async (): Promise<void> => {
      const messages = await this.inner.listen(undefined, listening.signal);
      if (!messages) return;
      for await (const { data } of messages) {
        if (data === null) continue;
        const said = readUpstreamMessage(data);
        if (said?.kind === 'notification' && !OF_CALLS.has(said.method ?? '')) this.tell(said);
        else this.onOther({ data, said });
      }
    };
    // A stream that broke is opened again by the next who listens.
    run()
      .catch(() => {})
      .finally(() => {
        if (this.listening === listening) this.listening = undefined;
      });
  }

  close(): void {
    this.listening?.abort();
    this.listening = undefined;
  }
}
