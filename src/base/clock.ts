import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';

/** Wall and monotonic time. Injected, so that tests turn the clock. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 (UTC). */
  now(): number;
  /** Monotonic clock, whole milliseconds since an arbitrary start within this boot. */
  monotonic(): number;
  /** Names the process run in which `monotonic` readings can be compared. */
  readonly boot: string;
}

export const systemClock = (): Clock => ({
  now: () => Date.now(),
  monotonic: () => Math.floor(performance.now()),
  boot: randomUUID(),
});

/** RFC 3339 in UTC with milliseconds: `2026-11-24T05:21:34.000Z`. */
export const timestamp = (ms: number): string => {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
};

/** Many records share a millisecond. */
let lastMs = Number.NaN;
let lastText = '';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a duration such as `500ms`, `15m`, `400d`; undefined where the text is none. */
export const parseDuration = (text: string): number | undefined => {
  const found = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  return found ? Number(found[1]) * (UNITS[found[2] ?? ''] ?? 0) : undefined;
};

const SIZES: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

/** Bytes of a size such as `64MiB`; undefined where the text is none. */
export const parseSize = (text: string): number | undefined => {
  const found = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text);
  return found ? Number(found[1]) * (SIZES[found[2] ?? ''] ?? 0) : undefined;
};

/** What a timer of Node can wait for at most. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

const INSTANT = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?(?:Z|[+-]\d{2}:\d{2})$/;

const isDay = (day: string): boolean => {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
};

/**
 * Milliseconds since 1970 of a time that people wrote with its offset (RFC 3339); undefined for any other text, and
 * for a day or an hour that the calendar has not.
 */
export const instantOf = (text: string): number | undefined => {
  const day = INSTANT.exec(text)?.[1];
  const ms = day === undefined ? Number.NaN : Date.parse(text);
  // Date.parse carries 31 February over into March.
  return day === undefined || Number.isNaN(ms) || !isDay(day) ? undefined : ms;
};
