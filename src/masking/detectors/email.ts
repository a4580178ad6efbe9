/** Mail addresses (RFC 5322 §3.4.1, RFC 1035 limits), also with letters beyond ASCII (RFC 6532). */
import { charactersOf, DIGIT, is, isEscapeLetter, LABEL, LOCAL, LOWER, UPPER } from '../chars.js';
import { type DetectorEntry, EDGE } from '../detector.js';

const LONGEST_LOCAL = 64;
const LONGEST_DOMAIN = 255;

const isForeignLetter = (s: string, i: number, raw: boolean): boolean => {
  const code = s.charCodeAt(i);
  return code > 0x7f && (raw || /[\p{L}\p{N}\p{M}]/u.test(s.charAt(i)));
};

const localStart = (s: string, at: number, from: number, raw: boolean): number => {
  const lowest = Math.max(from, at - LONGEST_LOCAL);
  let start = at;
  while (start > lowest && (is(s, start - 1, LOCAL) || isForeignLetter(s, start - 1, raw))) {
    // The letter of an escape such as \n belongs to the escape.
    if (isEscapeLetter(s, start - 1)) break;
    start--;
  }
  while (start < at && (s.charCodeAt(start) === 0x2e || s.charCodeAt(start) === 0x27)) start++;
  return start;
};

/** End of the domain: after the last label that begins with a letter and has two characters or more. */
const domainEnd = (s: string, start: number, raw: boolean): number => {
  const highest = Math.min(s.length, start + LONGEST_DOMAIN);
  let end = -1;
  let label = start;
  for (let i = start; i <= highest; i++) {
    if (i < highest && (is(s, i, LABEL) || isForeignLetter(s, i, raw))) continue;
    if (i === label) break;
    const named = is(s, label, UPPER | LOWER) || isForeignLetter(s, label, raw);
    if (label > start && i - label >= 2 && named) end = i;
    if (s.charCodeAt(i) !== 0x2e) break;
    label = i + 1;
  }
  return end;
};

/** Instances of units, systemd.unit(5). */
const UNIT = /\.(?:service|socket|timer|target|mount|slice|scope|device|swap)$/;

/** What has the form of an address and is none: `icon@2x.png`, `pkg@1.2.3-rc.x`, `git@host:path`, `getty@tty1.service`. */
const isOther = (s: string, start: number, at: number, end: number): boolean => {
  if (is(s, at + 1, DIGIT) && /^(?:[0-9]x\.|[0-9]+\.[0-9])/.test(s.slice(at + 1, at + 12))) return true;
  // `%s@%s`: places that printf fills in.
  if (s.charCodeAt(start) === 0x25 && at - start === 2) return true;
  if (UNIT.test(s.slice(Math.max(at, end - 12), end))) return true;
  return at - start === 3 && s.startsWith('git@', start) && s.charCodeAt(end) === 0x3a;
};

export const email: DetectorEntry = {
  name: 'email',
  group: 'personal',
  examples: {
    match: ['write to alice.smith+tag@mail.example.com now', 'jürgen@müller.example', '"bob@example.org"'],
    noMatch: [
      'icon@2x.png',
      'left-pad@1.3.0',
      'git@github.com:org/repo.git',
      '@scope/name',
      'a@b',
      '@media print',
      'getty@tty1.service',
    ],
  },
  anchors: '@',
  before: `${EDGE}${charactersOf(LOCAL)}`,
  after: `${EDGE}${charactersOf(LABEL)}`,
  at({ s, raw }, at, from) {
    const start = localStart(s, at, from, raw);
    if (start === at) return undefined;
    const end = domainEnd(s, at + 1, raw);
    if (end < 0 || isOther(s, start, at, end)) return undefined;
    return { start, end, detector: 'email' };
  },
};
