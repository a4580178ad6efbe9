/** Periods as people write them. Always half-open and in UTC; the label is safe as the name of a folder. */
import { CountersignError } from '../../base/errors.js';
import type { Period } from '../../model/evidence.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A bit more than two years: what is longer is a typing mistake. */
const MAX_LENGTH = 800 * DAY;
const FIRST_YEAR = 2015;
const LAST_YEAR = 2200;

const refuse = (text: string, problem: string): never => {
  throw new CountersignError('PERIOD_INVALID', { text: JSON.stringify(text.slice(0, 80)), problem });
};

interface Parts {
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
}

const utc = ({ year, month, day, hour }: Parts): number => Date.UTC(year, month, day, hour);

const numbers = (found: RegExpExecArray): readonly number[] => found.slice(1).map(Number);

/** Whether a date exists: `Date.UTC` turns 31 February into March. */
const exists = (parts: Parts): boolean => {
  const date = new Date(utc(parts));
  return date.getUTCMonth() === parts.month && date.getUTCDate() === parts.day && date.getUTCHours() === parts.hour;
};

type Form = readonly [pattern: RegExp, ends: (n: readonly number[]) => readonly [Parts, Parts]];

const at = (year: number, month = 0, day = 1, hour = 0): Parts => ({ year, month, day, hour });

const FORMS: readonly Form[] = [
  [/^(\d{4})$/, ([y = 0]) => [at(y), at(y + 1)]],
  [/^(\d{4})-Q([1-4])$/, ([y = 0, q = 1]) => [at(y, (q - 1) * 3), at(y, q * 3)]],
  [/^(\d{4})-(\d\d)$/, ([y = 0, m = 1]) => [at(y, m - 1), at(y, m)]],
  [/^(\d{4})-(\d\d)-(\d\d)$/, ([y = 0, m = 1, d = 1]) => [at(y, m - 1, d), at(y, m - 1, d + 1)]],
  [/^(\d{4})-(\d\d)-(\d\d)T(\d\d)$/, ([y = 0, m = 1, d = 1, h = 0]) => [at(y, m - 1, d, h), at(y, m - 1, d, h + 1)]],
];

const shifted = (year: number, month: number): Parts => at(year + Math.floor(month / 12), month % 12);

/** A fiscal year bears the number of the calendar year in which it ends. */
const fiscalPeriod = (text: string, start: number): Period | null => {
  const found = /^FY(\d{4})(?:-Q([1-4]))?$/.exec(text);
  if (!found) return null;
  const year = Number(found[1]) - (start > 1 ? 1 : 0);
  const quarter = found[2] === undefined ? null : Number(found[2]);
  const month = start - 1 + (quarter === null ? 0 : (quarter - 1) * 3);
  return bounded(text, shifted(year, month), shifted(year, month + (quarter === null ? 12 : 3)), text);
};

const bounded = (text: string, first: Parts, last: Parts, label: string): Period => {
  if (first.year < FIRST_YEAR || first.year > LAST_YEAR) return refuse(text, 'the year is out of range');
  return { from: utc(first), to: utc(last), label };
};

/**
 * `2026`, `2026-Q3`, `2026-11`, `2026-11-24` or `2026-11-24T05` (an hour), in UTC; `FY2026` and
 * `FY2026-Q3` of the fiscal calendar.
 * @param fiscalYearStart month from 1 in which the fiscal year begins
 * @throws CountersignError PERIOD_INVALID
 */
export const parsePeriod = (text: string, fiscalYearStart = 1): Period => {
  const fiscal = fiscalPeriod(text, fiscalYearStart);
  if (fiscal) return fiscal;
  for (const [pattern, ends] of FORMS) {
    const found = pattern.exec(text);
    if (!found) continue;
    const [first, last] = ends(numbers(found));
    if (!exists(first)) return refuse(text, 'there is no such date');
    return bounded(text, first, last, text.includes('T') ? `${text}Z` : text);
  }
  return refuse(text, 'it has none of the known forms');
};

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,3})?(?:Z|[+-]\d\d:\d\d)$/;

const instant = (text: string): number => {
  const found = RFC3339.exec(text);
  if (!found) return refuse(text, 'a time is written like 2026-11-24T05:00:00Z');
  const [year = 0, month = 1, day = 1, hour = 0] = numbers(found);
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || !exists(at(year, month - 1, day, hour))) return refuse(text, 'there is no such time');
  if (year < FIRST_YEAR || year > LAST_YEAR) return refuse(text, 'the year is out of range');
  return ms;
};

/** `2026-11-24`, `2026-11-24T05Z`, `2026-11-24T0530Z`, `2026-11-24T053010.123Z`: no colons, as short as it is exact. */
const stamp = (ms: number): string => {
  const iso = new Date(ms).toISOString();
  const [date = '', time = ''] = iso.slice(0, -1).split('T');
  if (ms % DAY === 0) return date;
  if (ms % HOUR === 0) return `${date}T${time.slice(0, 2)}Z`;
  const short = ms % 60_000 === 0 ? time.slice(0, 5) : ms % 1000 === 0 ? time.slice(0, 8) : time;
  return `${date}T${short.replaceAll(':', '')}Z`;
};

/**
 * From one time to another, the second not included. RFC 3339.
 * @throws CountersignError PERIOD_INVALID
 */
export const periodBetween = (fromText: string, toText: string): Period => {
  const from = instant(fromText);
  const to = instant(toText);
  if (to <= from) return refuse(`${fromText} to ${toText}`, 'its end is not after its start');
  if (to - from > MAX_LENGTH) return refuse(`${fromText} to ${toText}`, 'it is longer than 800 days');
  return { from, to, label: `${stamp(from)}_${stamp(to)}` };
};

/**
 * Refuses a period that has not begun: there is nothing to report of it.
 * @param now milliseconds since 1970
 * @throws CountersignError PERIOD_INVALID
 */
export const assertBegun = ({ from, label }: Period, now: number): void => {
  if (from >= now) refuse(label, `it lies in the future: it begins on ${stamp(from)}`);
};
