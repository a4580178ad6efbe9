/** Private keys in PEM armour (RFC 7468), whole or cut off at either end. */

import { BASE64_STANDARD, is } from '../chars.js';
import { codeAt } from '../codes.js';
import type { DetectorEntry, Finding } from '../detector.js';
import { made } from './example.js';

const BEGIN = '-----BEGIN ';
const END = '-----END ';
/** Longest label looked at, such as `OPENSSH PRIVATE KEY`. */
const LABEL = 48;

/** Of `BEGIN` or `END`. */
const isFirstLetter = (code: number): boolean => code === 0x42 || code === 0x45;

/** End of the armour line that starts at `i`, where it names a private key. */
const lineEnd = (s: string, i: number, opening: string): number | undefined => {
  if (!s.startsWith(opening, i)) return undefined;
  const label = s.slice(i + opening.length, i + opening.length + LABEL);
  const close = label.indexOf('-----');
  if (close < 0 || !label.slice(0, close).includes('PRIVATE KEY')) return undefined;
  return i + opening.length + close + 5;
};

/** The start of base64 lines that lead up to `end`, line breaks in clear or escaped. */
const bodyStart = (s: string, end: number, from: number): number => {
  let start = end;
  while (start > from && (is(s, start - 1, BASE64_STANDARD) || '=\n\r \t\\'.includes(s.charAt(start - 1)))) start--;
  return start;
};

export const privateKey: DetectorEntry = {
  name: 'private-key',
  group: 'secrets',
  examples: {
    match: [
      `-----BEGIN ${made('PRIVATE KEY', 0)}-----\n${made('', 64)}\n-----END ${made('PRIVATE KEY', 0)}-----`,
      `-----BEGIN RSA ${made('PRIVATE KEY', 0)}-----\\n${made('', 64)}`,
    ],
    noMatch: ['-----BEGIN PUBLIC KEY-----', '-----BEGIN CERTIFICATE-----', '----- a line -----', 'BEGIN PRIVATE KEY'],
  },
  anchors: '-',
  before: '-',
  after: '-',
  at({ s, codes, raw }, second, from): Finding | undefined {
    const i = second - 1;
    if (i < from || codeAt(codes, i + 4) !== 0x2d || !isFirstLetter(codeAt(codes, i + 5))) return undefined;
    const opened = lineEnd(s, i, BEGIN);
    if (opened !== undefined) {
      if (raw) return { start: i, end: opened, detector: 'private-key' };
      // Without an END the key was cut off: what follows belongs to it.
      const footer = s.indexOf(END, opened);
      const closed = footer < 0 ? -1 : s.indexOf('-----', footer + END.length);
      const end = closed < 0 ? s.length : closed + 5;
      return { start: i, end, detector: 'private-key' };
    }
    const closed = lineEnd(s, i, END);
    if (closed === undefined) return undefined;
    return { start: raw ? i : bodyStart(s, i, from), end: closed, detector: 'private-key' };
  },
};
