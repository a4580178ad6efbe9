/** A whole log in one pass: plain records by the quick scan, the others by the strict parser; what both say is the same. */
import { isUtf8 } from 'node:buffer';
import { checkTrailRecord, MAX_RECORD_BYTES, type TrailRecord, trailRecordEnd, walkTrailLog } from '../trail-log.js';
import { fieldNumber } from './fields.js';
import { KIND, NOT_PLAIN, type RecordScan } from './scan.js';

const ID = fieldNumber('eventID');
const SOURCE = fieldNumber('eventSource');
const NAME = fieldNumber('eventName');
const TIME = fieldNumber('eventTime');
const ACCOUNT = fieldNumber('recipientAccountId');
const CATEGORY = fieldNumber('eventCategory');
const APART: readonly Buffer[] = [Buffer.from('Insight'), Buffer.from('NetworkActivity')];
const MAX_WORD = 256;
/** `YYYY-MM-DDTHH:MM:SSZ`. */
const TIME_BYTES = 20;

export interface LogVisitor {
  /**
   * A plain event, whose fields stand in the scan.
   * @param time milliseconds since 1970
   * @param apart whether it is no event of one caller
   */
  plain(index: number, time: number, apart: boolean, start: number, end: number): void;
  /** Any other record, checked. */
  other(index: number, record: TrailRecord, bytes: Buffer): void;
}

const two = (bytes: Uint8Array, at: number): number => {
  const [high, low] = [(bytes[at] ?? 0) - 0x30, (bytes[at + 1] ?? 0) - 0x30];
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN;
};

/** Days of a month, 1 to 12. */
const daysOf = (year: number, month: number): number => {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
};

/** The day whose time was asked for last: events of a log are of one day, most often. */
const lastDay = { text: -1, ms: 0 };

/** Midnight of a date, milliseconds since 1970; NaN where the eight digits name no day of our time. */
const dayOf = (century: number, rest: number, month: number, day: number): number => {
  const year = century * 100 + rest;
  const text = (year * 100 + month) * 100 + day;
  if (text === lastDay.text) return lastDay.ms;
  if (!(year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  lastDay.text = text;
  lastDay.ms = Date.UTC(year, month - 1, day);
  return lastDay.ms;
};

/** A time of whole seconds in UTC; NaN for any other form, and for times that are none. */
const timeAt = (bytes: Uint8Array, at: number, length: number): number => {
  const form =
    length === TIME_BYTES &&
    bytes[at + 4] === 0x2d &&
    bytes[at + 7] === 0x2d &&
    bytes[at + 10] === 0x54 &&
    bytes[at + 13] === 0x3a &&
    bytes[at + 16] === 0x3a &&
    bytes[at + 19] === 0x5a;
  if (!form) return Number.NaN;
  const day = dayOf(two(bytes, at), two(bytes, at + 2), two(bytes, at + 5), two(bytes, at + 8));
  const [hours, minutes, seconds] = [two(bytes, at + 11), two(bytes, at + 14), two(bytes, at + 17)];
  if (!(hours < 24 && minutes < 60 && seconds < 60)) return Number.NaN;
  return day + ((hours * 60 + minutes) * 60 + seconds) * 1000;
};

const isWord = ({ kinds, starts, ends }: RecordScan, field: number): boolean => {
  const length = (ends[field] ?? 0) - (starts[field] ?? 0);
  return kinds[field] === KIND.text && length > 0 && length <= MAX_WORD;
};

/** The time of a scanned record that has what every event has; NaN where that does not show at once. */
const eventTime = (scan: RecordScan): number => {
  if (!(isWord(scan, ID) && isWord(scan, SOURCE) && isWord(scan, NAME))) return Number.NaN;
  const account = scan.kinds[ACCOUNT];
  if (account !== KIND.text && account !== KIND.absent && account !== KIND.nothing) return Number.NaN;
  const start = scan.starts[TIME] ?? 0;
  return scan.kinds[TIME] === KIND.text ? timeAt(scan.bytes, start, (scan.ends[TIME] ?? 0) - start) : Number.NaN;
};

const isApart = (scan: RecordScan): boolean => APART.some((word) => scan.is(CATEGORY, word));

/**
 * Visits the records of an unpacked log in their order.
 * @param scan is used up by the call: its fields are those of the record under visit
 * @throws TrailLogError where the frame is not that of a log, which may show after records were visited
 */
export const scanTrailLog = (bytes: Buffer, scan: RecordScan, visitor: LogVisitor): void => {
  const quick = isUtf8(bytes);
  if (quick) scan.load(bytes);
  let index = 0;
  walkTrailLog(bytes, (start) => {
    const scanned = quick ? scan.record(start) : NOT_PLAIN;
    const time = scanned === NOT_PLAIN || scanned - start > MAX_RECORD_BYTES ? Number.NaN : eventTime(scan);
    if (!Number.isNaN(time)) {
      visitor.plain(index++, time, isApart(scan), start, scanned);
      return scanned;
    }
    const end = trailRecordEnd(bytes, start);
    const record = bytes.subarray(start, end);
    visitor.other(index++, checkTrailRecord(record), record);
    return end;
  });
};
