/** How dates, periods and figures are written in the report: English, UTC, no machine's locale. */
import type { Period, ResultWord } from '../model/evidence.js';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

const DAY = 86_400_000;

const two = (value: number): string => String(value).padStart(2, '0');

const month = (date: Date): string => MONTHS[date.getUTCMonth()] ?? '';

/** `24 November 2026`. */
export const longDate = (ms: number): string => {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${month(date)} ${date.getUTCFullYear()}`;
};

/** `05:21`. */
export const clock = (ms: number): string => {
  const date = new Date(ms);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
};

/** `24 Nov`. */
export const shortDay = (ms: number): string => {
  const date = new Date(ms);
  return `${date.getUTCDate()} ${month(date).slice(0, 3)}`;
};

/** `24 Nov 2026 05:21:34`; empty where there is no time. */
export const shortTime = (iso: string | null): string => {
  if (iso === null) return '';
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  const date = new Date(ms);
  return `${shortDay(ms)} ${date.getUTCFullYear()} ${clock(ms)}:${two(date.getUTCSeconds())}`;
};

const wholeDays = ({ from, to }: Period): boolean => from % DAY === 0 && to % DAY === 0;

/** The period as people say it, its last day included: `1 July – 30 September 2026`. */
export const periodTitle = (period: Period): string => {
  const { from, to } = period;
  const first = new Date(from);
  if (wholeDays(period)) {
    const last = new Date(to - DAY);
    if (to - from === DAY) return longDate(from);
    const sameYear = first.getUTCFullYear() === last.getUTCFullYear();
    const start = sameYear ? `${first.getUTCDate()} ${month(first)}` : longDate(from);
    return `${start} – ${longDate(to - DAY)}`;
  }
  if (longDate(from) === longDate(to - 1)) {
    return `${longDate(from)}, ${clock(from)} – ${to % DAY === 0 ? '24:00' : clock(to)}`;
  }
  return `${longDate(from)} ${clock(from)} – ${longDate(to)} ${clock(to)}`;
};

/** How long the period is: `92 days, UTC`. */
export const periodLength = (period: Period): string => {
  const length = period.to - period.from;
  if (wholeDays(period)) return `${plural(length / DAY, 'day')}, UTC`;
  return `${duration(length / 1000)}, UTC`;
};

/** `5 h 31 min`, `41 s`. */
export const duration = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 48) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return rest === 0 ? `${hours} h` : `${hours} h ${rest} min`;
};

/** `1,042,318`. */
export const figure = (value: number): string => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');

/** `1 call`, `2 calls`. */
export const plural = (count: number, noun: string, many = `${noun}s`): string =>
  `${figure(count)} ${count === 1 ? noun : many}`;

/** With a capital at the start: a sentence that came from elsewhere. */
export const sentence = (text: string): string => text.replace(/^./u, (first) => first.toUpperCase());

/** A hash in groups of four, for reading aloud. */
export const grouped = (hex: string): string => hex.replace(/(.{4})(?=.)/g, '$1 ');

/** Joins as a sentence does: `a, b and c`. */
export const listed = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1) ?? ''}`;

/** A result as people read it. */
export const RESULT_WORDS: Readonly<Record<ResultWord, string>> = {
  no_exceptions: 'No exceptions',
  exceptions: 'Exceptions',
  not_testable: 'Not testable',
  no_occurrence: 'No occurrence',
  error: 'Error',
};
