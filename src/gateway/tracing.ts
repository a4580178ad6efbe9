/**
 * Spans of requests: one for each, with one below it for each stage, and the trace context that the server is told (W3C
 * Trace Context, level 1). Spans name methods, tools, servers and outcomes; nothing of arguments or answers stands in them.
 */
import { randomBytes } from 'node:crypto';
import { at, stringOf } from '../base/json.js';
import { parseTraceParent, parseTraceState } from '../base/trace-context.js';
import type { Addressed, Authenticated, Decided, Message, Received } from '../model/call.js';
import type { CallSpan, SpanFacts, Tracer } from '../model/trace.js';
import type { Stages } from './pipeline.js';
import { Refusal } from './refuse.js';

const id = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Takes over the caller's trace, or begins one. */
const join = (span: CallSpan, parent: string | null): boolean => {
  const found = parseTraceParent(parent ?? '');
  if (found) Object.assign(span, found);
  return found !== undefined;
};

const begin = ({ trace, server }: Received, tracer: Tracer): CallSpan => {
  const span: CallSpan = {
    traceId: id(16),
    parentId: null,
    sampled: false,
    spanId: id(8),
    upstreamId: id(8),
    start: tracer.time(),
    attributes: { 'rpc.system': 'jsonrpc', 'countersign.server': server.id },
    name: 'mcp',
    ended: false,
  };
  if (!join(span, trace)) span.sampled = tracer.sample();
  return span;
};

/** What the server is told: its parent is the gateway's own request. */
const contextOf = ({ traceId, upstreamId, sampled }: CallSpan): string =>
  `00-${traceId}-${upstreamId}-${sampled ? '01' : '00'}`;

const errorOf = (error: unknown): string => (error instanceof Refusal ? error.reason : 'failure');

/** Ends the span of a request, once. */
const finish = (span: CallSpan | undefined, tracer: Tracer, error: string | null): void => {
  if (!span || span.ended) return;
  span.ended = true;
  if (!span.sampled) return;
  const { name, traceId, spanId, parentId, start, attributes } = span;
  tracer.end({ name, kind: 'server', traceId, spanId, parentId, start, end: tracer.time(), attributes, error });
};

type Below = Pick<SpanFacts, 'name' | 'kind' | 'start' | 'error'> & { readonly spanId?: string };

const child = (span: CallSpan | undefined, tracer: Tracer, below: Below): void => {
  if (!span?.sampled) return;
  const { traceId, spanId: parentId, attributes } = span;
  const own = { 'countersign.server': attributes['countersign.server'] ?? '' };
  tracer.end({ spanId: id(8), traceId, parentId, end: tracer.time(), attributes: own, ...below });
};

/** Tools and prompts have names that their server gives; addresses of resources can be personal, and are left out. */
const NAMED: ReadonlySet<string> = new Set(['tools/call', 'prompts/get']);

const describe = (span: CallSpan, { message }: Pick<Addressed, 'message'>): void => {
  span.name = message.method ?? message.kind;
  span.attributes['rpc.method'] = span.name;
};

/** Clients of 2026-07-28 may put the context into the message (SEP-414). */
const inMessage = (message: Message, name: 'traceparent' | 'tracestate'): string | null =>
  stringOf(at(message.node, 'params', '_meta', name)) ?? null;

/** The state that goes with the trace: that of the header, or where the trace stands in the message, the one there. */
const stateOf = ({ traceState, message }: Addressed, joined: boolean): string | null =>
  joined ? (parseTraceState(inMessage(message, 'tracestate') ?? '') ?? null) : traceState;

type Under = { readonly span?: CallSpan | undefined };

type Timed = <T>(name: string, under: Under, run: () => Promise<T>) => Promise<T>;

/** Runs a stage with a span of its own; where the stage ends the request, the request's span ends. */
const timedBy =
  (tracer: Tracer): Timed =>
  async (name, { span }, run) => {
    const start = tracer.time();
    try {
      const done = await run();
      child(span, tracer, { name, kind: 'internal', start, error: null });
      return done;
    } catch (error) {
      child(span, tracer, { name, kind: 'internal', start, error: errorOf(error) });
      finish(span, tracer, errorOf(error));
      throw error;
    }
  };

/** Up to the decision: the trace is joined, and named by what is asked. */
const tracedEntry = (stages: Stages, tracer: Tracer, timed: Timed) => ({
  authenticate: async (received: Received): Promise<Authenticated> => {
    const span = begin(received, tracer);
    const traced = { ...received, span, trace: contextOf(span) };
    return { ...(await timed('authenticate', traced, () => stages.authenticate(traced))), ...traced };
  },
  address: async (authenticated: Authenticated): Promise<Addressed> => {
    const { span } = authenticated;
    const addressed = await timed('read', authenticated, () => stages.address(authenticated));
    if (!span) return addressed;
    describe(span, addressed);
    const joined = span.parentId === null && join(span, inMessage(addressed.message, 'traceparent'));
    return { ...addressed, trace: contextOf(span), traceState: stateOf(addressed, joined) };
  },
  enter: (addressed: Addressed): (() => void) => {
    try {
      const leave = stages.enter(addressed);
      return () => {
        leave();
        finish(addressed.span, tracer, null);
      };
    } catch (error) {
      finish(addressed.span, tracer, errorOf(error));
      throw error;
    }
  },
  decide: async (addressed: Addressed): Promise<Decided> => {
    const decided = await timed('decide', addressed, () => stages.decide(addressed));
    const { span, message, recordedTarget, decision, call } = decided;
    if (!span) return decided;
    span.attributes['countersign.call'] = call;
    span.attributes['countersign.decision'] = decision.effect;
    if (NAMED.has(message.method ?? '') && recordedTarget !== null) {
      span.attributes['gen_ai.tool.name'] = recordedTarget;
      span.name = `${message.method ?? ''} ${recordedTarget}`;
    }
    return decided;
  },
});

/** To the server and back, under the id that the server was told. */
const tracedForward = (stages: Stages, tracer: Tracer): Stages['forward'] =>
  async function* forward(intended, reply) {
    const start = tracer.time();
    let error: string | null = null;
    try {
      for await (const answered of stages.forward(intended, reply)) {
        error = answered.intended === intended ? answered.failure : error;
        yield answered;
      }
    } finally {
      const spanId = intended.span?.upstreamId ?? id(8);
      child(intended.span, tracer, { name: 'server', kind: 'client', start, error, spanId });
    }
  };

/** The stages, with spans. The span of a request that comes to its end ends where `enter` is given back. */
export const traceStages = (stages: Stages, tracer: Tracer): Stages => {
  const timed = timedBy(tracer);
  return {
    ...tracedEntry(stages, tracer, timed),
    unfold: (addressed) => timed('unfold', addressed, () => stages.unfold(addressed)),
    grant: (decided, reply) => timed('approve', decided, () => stages.grant(decided, reply)),
    intend: (granted) => timed('record intent', granted, () => stages.intend(granted)),
    forward: tracedForward(stages, tracer),
    mask: (answered) => timed('mask', answered.intended ?? {}, () => stages.mask(answered)),
    record: async (masked) => {
      const under: Under = masked.intended ?? {};
      const recorded = await timed('record outcome', under, () => stages.record(masked));
      if (under.span && masked.status !== null) under.span.attributes['countersign.status'] = masked.status;
      return recorded;
    },
    relay: async (addressed) => {
      await timed('relay', addressed, () => stages.relay(addressed));
      finish(addressed.span, tracer, null);
    },
  };
};
