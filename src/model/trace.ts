/** Traces: W3C Trace Context, and spans as OpenTelemetry has them. No span holds anything of a message. */

/** A span that has ended. */
export interface SpanFacts {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | null;
  /** Milliseconds since 1970, with fractions. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | boolean>>;
  /** Why it failed, by code; null where it did not. */
  readonly error: string | null;
}

/** Takes spans as they end. Nothing of it throws, and nothing waits. */
export interface Tracer {
  /** Milliseconds since 1970, with fractions. */
  time(): number;
  /** Whether a trace that begins here is kept. */
  sample(): boolean;
  end(span: SpanFacts): void;
}

/** The trace that a request is of. */
export interface CallSpan {
  traceId: string;
  /** Span of the caller; null where the trace begins here. */
  parentId: string | null;
  sampled: boolean;
  readonly spanId: string;
  /** Span of the request to the server, which the server is told as its parent. */
  readonly upstreamId: string;
  readonly start: number;
  readonly attributes: Record<string, string | boolean>;
  name: string;
  ended: boolean;
}
