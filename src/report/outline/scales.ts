/** What the charts show, before anybody draws: scales, shades and labels. */
import type { CallsInBucket, Coverage } from '../content.js';
import { clock, shortDay } from '../words.js';

const DAY = 86_400_000;

/** Parts of a bar of calls, from below. */
export const CALL_SERIES = [
  { key: 'allowed', text: 'allowed' },
  { key: 'held', text: 'held for approval' },
  { key: 'denied', text: 'denied' },
] as const;

export const callsOf = (calls: CallsInBucket): number => calls.allowed + calls.held + calls.denied;

/** A round figure at or above `value`, for the top of a scale. */
const niceTop = (value: number): number => {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const step = [1, 2, 3, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(step * power, 1);
};

/** The top of the scale of calls. */
export const topOf = ({ calls }: Coverage): number =>
  niceTop(calls.reduce((most, one) => Math.max(most, callsOf(one)), 0));

/** Where the scale is labelled. */
export const ticksOf = (top: number): readonly number[] => (top < 3 ? [0, top] : [0, Math.round(top / 2), top]);

/** Few, more or most events of a source: 0, 1 or 2. */
export const shadeOf = (count: number, most: number): 0 | 1 | 2 => {
  const share = most === 0 ? 0 : count / most;
  return share > 0.66 ? 2 : share > 0.33 ? 1 : 0;
};

/** `24 Nov`, or `05:21` where buckets are shorter than a day. */
export const bucketLabel = (ms: number, step: number): string => (step < DAY ? clock(ms) : shortDay(ms));
