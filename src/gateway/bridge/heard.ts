/** What a server of the older revisions says to one request, read; where it closes the stream first, over its next one. */
import type { Message, Outgoing, Upstream, UpstreamMessage } from '../../model/call.js';
import { UpstreamError } from '../../model/call.js';
import { readUpstreamMessage } from '../protocol/2025-11-25/message.js';
import { pause } from './pause.js';

/** One message; `said` is undefined where it cannot be read. */
export interface Heard {
  readonly data: Buffer;
  readonly said: Message | undefined;
}

/** A server may close the stream of a request and expect to be asked again (2025-11-25, "Resumability"). */
const MOST_STREAMS = 1_000;
const RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;

/** Where the stream of a request stands. */
interface Standing {
  /** Id of the last event, from which the server goes on. */
  last: string | undefined;
  /** Milliseconds to wait before that. */
  retry: number;
  answered: boolean;
}

const note = (standing: Standing, event: UpstreamMessage['event']): void => {
  standing.last = event?.id ?? standing.last;
  standing.retry = Math.min(event?.retry ?? standing.retry, LONGEST_RETRY_MS);
};

/** A stream that broke off is gone on with like one that was closed. */
const mayGoOn = (error: unknown, { last }: Standing): boolean =>
  error instanceof UpstreamError && error.kind === 'lost' && last !== undefined;

async function* read(
  source: AsyncIterable<UpstreamMessage>,
  id: string | null,
  standing: Standing,
): AsyncGenerator<Heard> {
  try {
    for await (const { data, event } of source) {
      note(standing, event);
      if (data === null) continue;
      const said = readUpstreamMessage(data);
      standing.answered = said?.kind === 'response' && said.id === id;
      yield { data, said };
      if (standing.answered) return;
    }
  } catch (error) {
    if (!mayGoOn(error, standing)) throw error;
  }
}

export async function* heard(upstream: Upstream, outgoing: Outgoing, signal: AbortSignal): AsyncGenerator<Heard> {
  const standing: Standing = { last: undefined, retry: RETRY_MS, answered: false };
  let source: AsyncIterable<UpstreamMessage> | undefined = upstream.request(outgoing, signal);
  for (let streams = 0; source && streams < MOST_STREAMS; streams++) {
    yield* read(source, outgoing.message.id, standing);
    if (standing.answered || standing.last === undefined) return;
    await pause(standing.retry, signal);
    source = await upstream.listen(standing.last, signal);
  }
}
