/** Telephone numbers in international form (ITU-T E.164), judged by the numbering plans of libphonenumber. */
import { charactersOf, DIGIT, is, isEscapeLetter, WORD } from '../chars.js';
import type { DetectorEntry } from '../detector.js';
import { isPlannedNumber } from './phone-plans.js';

/** Digits of a number with its country code, E.164 §6.2.1. */
const FEWEST = 8;
const MOST = 15;
/** Signs between two digits at most, such as `) `. */
const MOST_SIGNS = 2;
const SIGNS = ' -./()\u00a0';

/** Ends of the number after each of its digits, longest last. */
const digitEnds = (s: string, start: number): readonly number[] => {
  const ends: number[] = [];
  let signs = 0;
  for (let i = start; ends.length <= MOST; i++) {
    if (is(s, i, DIGIT)) {
      ends.push(i + 1);
      signs = 0;
    } else if (i >= s.length || ++signs > MOST_SIGNS || !SIGNS.includes(s.charAt(i))) break;
  }
  return ends;
};

export const phone: DetectorEntry = {
  name: 'phone',
  group: 'personal',
  examples: {
    match: ['call +1 202-555-0123 today', 'Tel. +49 30 901820', '+442079460958'],
    noMatch: ['2025550123', '+1', '1+202555012', 'UTC+0100', '+999 123 456 789', 'a += 12345678'],
  },
  anchors: '+',
  after: charactersOf(DIGIT),
  at({ s, raw }, i) {
    if (!is(s, i + 1, DIGIT)) return undefined;
    if (is(s, i - 1, WORD) && !isEscapeLetter(s, i - 1)) return undefined;
    const ends = digitEnds(s, i + 1);
    const last = ends.at(-1) ?? i;
    if (ends.length < FEWEST || ends.length > MOST || is(s, last, WORD)) return undefined;
    if (raw) return { start: i, end: last, detector: 'phone' };
    return isPlannedNumber(s.slice(i, last)) ? { start: i, end: last, detector: 'phone' } : undefined;
  },
};
