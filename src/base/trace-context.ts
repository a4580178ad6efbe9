/** Trace context of W3C (Trace Context, level 1): the header `traceparent`. */

export interface TraceParent {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly parentId: string;
  readonly sampled: boolean;
}

/** Version ff, and ids of zeros alone, are invalid (§3.2.2). */
const FORM = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What a `traceparent` says; undefined where it is not well formed. */
export const parseTraceParent = (text: string): TraceParent | undefined => {
  const [, traceId, parentId, flags = ''] = FORM.exec(text) ?? [];
  if (traceId === undefined || parentId === undefined) return undefined;
  return { traceId, parentId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
};
