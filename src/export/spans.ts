/**
 * Spans sent to a collector: OTLP/HTTP with JSON (OpenTelemetry protocol specification 1.9; the messages are those of
 * `opentelemetry/proto/trace/v1`). A span waits in a bounded queue; where the collector is away, spans are dropped and
 * counted, and no call waits for one.
 */
import { reason } from '../base/errors.js';
import type { SpanFacts } from '../model/trace.js';

/** Most spans that wait; what ends beyond is dropped. */
const MOST = 8_192;
/** Most spans of one request. */
const BATCH = 512;
const INTERVAL_MS = 2_000;
const TIMEOUT_MS = 10_000;

/** `SpanKind` and `StatusCode` of the protocol. */
const KIND: Readonly<Record<SpanFacts['kind'], number>> = { internal: 1, server: 2, client: 3 };
const ERROR = 2;

/** Microseconds are as much as a clock of this precision has. */
const nanoseconds = (ms: number): string => `${Math.round(ms * 1_000)}000`;

const attributesOf = (attributes: SpanFacts['attributes']) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'boolean' ? { boolValue: value } : { stringValue: value },
  }));

const spanOf = ({ name, kind, traceId, spanId, parentId, start, end, attributes, error }: SpanFacts): object => ({
  traceId,
  spanId,
  ...(parentId !== null && { parentSpanId: parentId }),
  name,
  kind: KIND[kind],
  startTimeUnixNano: nanoseconds(start),
  endTimeUnixNano: nanoseconds(end),
  attributes: attributesOf(error === null ? attributes : { ...attributes, 'error.type': error }),
  status: error === null ? {} : { code: ERROR, message: error },
});

export interface SpanService {
  readonly version: string;
  readonly origin: string;
}

/** The `ExportTraceServiceRequest` of these spans. */
export const spansRequest = (spans: readonly SpanFacts[], { version, origin }: SpanService): object => ({
  resourceSpans: [
    {
      resource: {
        attributes: attributesOf({
          'service.name': 'countersign',
          'service.version': version,
          'service.instance.id': origin,
        }),
      },
      scopeSpans: [{ scope: { name: 'countersign' }, spans: spans.map(spanOf) }],
    },
  ],
});

export interface SpanQueueOptions {
  /** Such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly service: SpanService;
  readonly fetch: typeof globalThis.fetch;
  /** Told once when spans begin to be lost, and not again until a request has succeeded. */
  readonly onProblem: (problem: string) => void;
  /** Milliseconds; absent: every two seconds. */
  readonly interval?: number;
}

export interface SpanQueue {
  add(span: SpanFacts): void;
  /** Spans that no collector has taken. */
  readonly dropped: number;
  /** Sends what waits, once, and ends. */
  close(): Promise<void>;
}

const post = async (spans: readonly SpanFacts[], { url, headers, service, fetch }: SpanQueueOptions): Promise<void> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(spansRequest(spans, service)),
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the collector answered ${response.status}`);
};

class BoundedSpanQueue implements SpanQueue {
  dropped = 0;
  private waiting: SpanFacts[] = [];
  private failing = false;
  private sending: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;
  private readonly options: SpanQueueOptions;

  constructor(options: SpanQueueOptions) {
    this.options = options;
    this.timer = setInterval(() => void this.send(), options.interval ?? INTERVAL_MS).unref();
  }

  add(span: SpanFacts): void {
    if (this.waiting.length >= MOST) this.dropped++;
    else this.waiting.push(span);
  }

  /** One request at a time. */
  private send(): Promise<void> {
    this.sending ??= this.flush().finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, BATCH);
      try {
        await post(batch, this.options);
        this.failing = false;
      } catch (error) {
        this.dropped += batch.length;
        if (!this.failing) this.options.onProblem(reason(error));
        this.failing = true;
        return;
      }
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.send();
    await this.send();
  }
}

/** Sends in the background. A batch that the collector does not take is dropped. */
export const createSpanQueue = (options: SpanQueueOptions): SpanQueue => new BoundedSpanQueue(options);
