/** Trace context of W3C (Trace Context, level 1): the headers `traceparent` and `tracestate`. */

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

/** Most entries of a `tracestate` (§3.3.1.1), and the characters of it that are passed on at least (§3.3.1.5). */
const MOST_ENTRIES = 32;
const MOST_CHARACTERS = 512;
/** Where it is too long, entries longer than this are left out first (§3.3.1.5). */
const LONG_ENTRY = 128;

/** `key=value` of one vendor, or of a tenant at a vendor (§3.3.1.3). */
const ENTRY =
  /^((?:[a-z][a-z0-9_*/-]{0,255})|(?:[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13}))=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** The newest entries, which stand first, as far as they fit. */
const fitting = (entries: readonly string[]): readonly string[] => {
  let left = MOST_CHARACTERS;
  const isWhole = entries.join(',').length <= MOST_CHARACTERS;
  const candidates = isWhole ? entries : entries.filter(({ length }) => length <= LONG_ENTRY);
  const past = candidates.findIndex(({ length }) => {
    left -= length + 1;
    return left < -1;
  });
  return past < 0 ? candidates : candidates.slice(0, past);
};

/**
 * A `tracestate` as it may be passed on: without white space and empty entries between commas, and cut to 512 characters,
 * whole entries at a time; undefined where it is malformed, names a key twice or has nothing to say.
 */
export const parseTraceState = (text: string): string | undefined => {
  if (text.length > MOST_ENTRIES * MOST_CHARACTERS) return undefined;
  const entries = text
    .split(',')
    .map((entry) => entry.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((entry) => entry !== '');
  const keys = new Set(entries.map((entry) => ENTRY.exec(entry)?.[1]));
  if (entries.length > MOST_ENTRIES || keys.size < entries.length || keys.has(undefined)) return undefined;
  const state = fitting(entries).join(',');
  return state === '' ? undefined : state;
};
