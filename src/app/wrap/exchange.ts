/** One HTTP exchange with the gateway: its head, and its messages as they come. */
import { type Dispatcher, request } from 'undici';
import type { UpstreamMessage } from '../../model/call.js';
import { SseParser } from '../../upstream/sse.js';

/** Longest answer, or event of a stream. */
const MAX_BYTES = 64 * 1024 * 1024;

export interface Ask {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  /** `Mcp-Session-Id`, where the gateway gives one. */
  readonly session: string | undefined;
  /** A JSON body is one message; a stream may be many. Must be read to its end, or given up by the signal. */
  readonly messages: AsyncIterable<UpstreamMessage>;
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<UpstreamMessage> {
  const parser = new SseParser(MAX_BYTES);
  for await (const chunk of body) yield* parser.push(chunk);
}

async function* wholeOf(body: AsyncIterable<Buffer>): AsyncGenerator<UpstreamMessage> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new RangeError(`the answer is over ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  if (size > 0) yield { data: Buffer.concat(chunks), event: null };
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** @param url one server of the gateway; where it cannot be reached, undici's error is thrown */
export const exchange = async (url: URL, dispatcher: Dispatcher, ask: Ask): Promise<Answer> => {
  const { statusCode, headers, body } = await request(url, { dispatcher, ...ask, headers: { ...ask.headers } });
  const isStream = single(headers['content-type'])?.startsWith('text/event-stream') === true;
  return {
    status: statusCode,
    session: single(headers['mcp-session-id']),
    messages: isStream ? eventsOf(body) : wholeOf(body),
  };
};

/** Reads an answer whose messages do not matter, so that its connection can be used again. */
export const drain = async ({ messages }: Answer): Promise<void> => {
  for await (const _ of messages);
};
