/**
 * Addresses of the Internet Protocol, version 4 (RFC 791) and 6 (RFC 4291). Off unless a profile names the group
 * `network`: logs are full of them, and versions look alike. Those that name no one are left: loopback, unspecified
 * and broadcast addresses, and masks.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { charactersOf, DIGIT, is, isEscapeLetter, WORD } from '../chars.js';
import { BEFORE_WORD, type DetectorEntry, type ScanText } from '../detector.js';

const DOT = 0x2e;
const COLON = 0x3a;
/** Longest texts of an address. */
const LONGEST_V4 = 15;
const LONGEST_V6 = 45;

const NO_ONE_V4 = /^(?:0\.|127\.|255\.255\.)/;
/** The versions of programs have four parts as well: `Chrome/120.0.0.0`, `v1.2.3.4`, `version 1.2.3.4`, `pkg@1.2.3.4`. */
const VERSION_BEFORE = /(?:[A-Za-z0-9]\/|@|[=~^<>] ?|\bv|\b(?:version|release|build|ver\.?|rev\.?)[:= ]{1,3})$/i;
const CONTEXT_REACH = 16;

const isVersion = ({ s, name, raw }: ScanText, start: number): boolean =>
  !raw && (/version/i.test(name) || VERSION_BEFORE.test(s.slice(Math.max(0, start - CONTEXT_REACH), start)));

/** Digits and dots from `start`, without a dot at the end that closes a sentence. */
const dottedEnd = (s: string, start: number): number => {
  let end = start;
  while (end - start <= LONGEST_V4 && (is(s, end, DIGIT) || s.charCodeAt(end) === DOT)) end++;
  return s.charCodeAt(end - 1) === DOT ? end - 1 : end;
};

const version4: DetectorEntry = {
  name: 'ip-address',
  group: 'network',
  examples: {
    match: ['from 203.0.113.7 port 22', 'http://10.1.2.3:8080/x', 'at 198.51.100.200.', '10.20.0.0/16', '[192.0.2.1]'],
    noMatch: [
      '127.0.0.1',
      '0.0.0.0',
      'netmask 255.255.255.0',
      'Chrome/120.0.0.0',
      'v1.2.3.4',
      'version: 10.0.1.2',
      'pkg@1.2.3.4',
      '1.2.3',
      '1.2.3.4.5',
      '300.1.2.3',
      '2026.11.24.1230',
      '1.3.6.1.4.1.311',
      '10.1.2.3a',
    ],
  },
  anchors: charactersOf(DIGIT),
  before: BEFORE_WORD,
  at(text, i) {
    const { s } = text;
    if (is(s, i - 1, WORD) && !isEscapeLetter(s, i - 1)) return undefined;
    if (s.charCodeAt(i - 1) === DOT && is(s, i - 2, WORD)) return undefined;
    const end = dottedEnd(s, i);
    const value = s.slice(i, end);
    if (!isIPv4(value) || NO_ONE_V4.test(value) || is(s, end, WORD)) return undefined;
    return isVersion(text, i) ? undefined : { start: i, end, detector: 'ip-address' };
  },
};

const isV6 = (s: string, i: number): boolean => {
  const code = s.charCodeAt(i) | 0x20;
  return is(s, i, DIGIT) || s.charCodeAt(i) === COLON || s.charCodeAt(i) === DOT || (code >= 0x61 && code <= 0x66);
};

/** The start of the first group of digits, whose colon stands at `i`. */
const groupStart = (s: string, i: number, from: number): number => {
  let start = i;
  while (start > from && i - start <= 4 && is(s, start - 1, WORD) && isV6(s, start - 1)) start--;
  return start;
};

/** The end of the groups from the first colon on, without the dot or colon of a sentence. */
const groupsEnd = (s: string, first: number): number => {
  let end = first;
  while (end - first <= LONGEST_V6 && isV6(s, end)) end++;
  while (end > first && s.charCodeAt(end - 1) === DOT) end--;
  return s.charCodeAt(end - 1) === COLON && s.charCodeAt(end - 2) !== COLON ? end - 1 : end;
};

/** Names of scopes in programs, `dead::beef`, and fingerprints of keys, `ab:cd:…`, have the form as well. */
const isSixOfSomeone = (value: string): boolean => {
  if (!isIPv6(value) || /^(?:::1?$|0{0,4}(?::0{0,4})+$)/.test(value)) return false;
  if (/^(?:[0-9a-f]{2}:){7}[0-9a-f]{2}$/i.test(value)) return false;
  return /[0-9]/.test(value) && value.split(':').length > 3;
};

const version6: DetectorEntry = {
  name: 'ip-address',
  group: 'network',
  examples: {
    match: [
      'from 2001:db8::8a2e:370:7334 to',
      '[2001:db8:0:0:1:0:0:1]:443',
      'fe80::1ff:fe23:4567:890a%eth0',
      '::ffff:192.0.2.128',
    ],
    noMatch: [
      '::1',
      '::',
      '12:34:56',
      'std::vec::Vec',
      'dead::beef',
      'aa:bb:cc:dd:ee:ff',
      'ab:cd:ef:01:23:45:67:89',
      'a:b:c',
    ],
  },
  anchors: ':',
  at({ s }, i, from) {
    const start = groupStart(s, i, from);
    if (is(s, start - 1, WORD) ? !isEscapeLetter(s, start - 1) : s.charCodeAt(start - 1) === COLON) return undefined;
    const end = groupsEnd(s, i);
    if (is(s, end, WORD) || !isSixOfSomeone(s.slice(start, end))) return undefined;
    return { start, end, detector: 'ip-address' };
  },
};

export const ipAddress: readonly DetectorEntry[] = [version4, version6];
