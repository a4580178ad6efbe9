/** Telephone numbers without a country: those of North America, where a word nearby says what they are. */
import { charactersOf, DIGIT, is, isEscapeLetter, WORD } from '../chars.js';
import { codeAt } from '../codes.js';
import type { DetectorEntry, ScanText } from '../detector.js';
import { isPlannedNumber } from './phone-plans.js';

const CONTEXT = /(?:phone|tel(?:efon)?|mobile|cell|fax|call|dial|contact)\b[\w .:#(]{0,24}$/i;
const CONTEXT_REACH = 40;
/** Area and exchange as they are written there, `(202) 555`, up to the last sign. */
const HEAD = /(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[2-9][0-9]{2}$/;
const LONGEST_HEAD = 10;
const LINE_DIGITS = 4;

const isExplained = ({ s, name }: ScanText, start: number): boolean =>
  CONTEXT.test(name) || CONTEXT.test(s.slice(Math.max(0, start - CONTEXT_REACH), start));

/** The end of the four digits at `start`, where neither more digits nor a word follow. */
const lineEnd = (s: string, start: number): number | undefined => {
  const end = start + LINE_DIGITS;
  for (let i = start; i < end; i++) if (!is(s, i, DIGIT)) return undefined;
  return is(s, end, WORD) || s.charCodeAt(end) === 0x2d ? undefined : end;
};

export const nationalPhone: DetectorEntry = {
  name: 'phone',
  group: 'personal',
  examples: {
    match: ['phone: (202) 555-0123', 'call me at 415-555-0123, please', 'Tel. 202.555.0123'],
    noMatch: ['202-555-0123', 'order 415-555-0123', 'phone: 123-555-0123', 'call 202-555-01234'],
  },
  anchors: '-.',
  before: charactersOf(DIGIT),
  twoBefore: charactersOf(DIGIT),
  after: charactersOf(DIGIT),
  at(text, i, from) {
    const { s, codes, raw } = text;
    // Area and exchange, three digits each, are parted as exchange and line are.
    const sign = codeAt(codes, i - 4);
    if (sign !== 0x2d && sign !== 0x2e && sign !== 0x20 && sign !== 0x29) return undefined;
    const end = lineEnd(s, i + 1);
    if (end === undefined) return undefined;
    const low = Math.max(from, i - LONGEST_HEAD);
    const head = HEAD.exec(s.slice(low, i));
    if (!head) return undefined;
    const start = low + head.index;
    if (is(s, start - 1, WORD) && !isEscapeLetter(s, start - 1)) return undefined;
    const found = { start, end, detector: 'phone' };
    if (raw) return found;
    return isExplained(text, start) && isPlannedNumber(`1${s.slice(start, end).replace(/[^0-9]/g, '')}`)
      ? found
      : undefined;
  },
};
