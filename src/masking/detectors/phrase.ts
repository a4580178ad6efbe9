/** Secrets that prose and tables give away: `the password is hunter2`, `| password | hunter2 |`. */
import type { DetectorEntry, Finding, ScanText } from '../detector.js';
import type { KeyMatch, KeyNames } from '../keys.js';
import { isMask, type MaskName } from '../marks.js';
import { quoteAt, quotedEnd } from './quoting.js';

const NAME_REACH = 64;
const LONGEST = 200;
/** Prose goes on with words, `the token is expired`; a secret has letters and digits or stands in quotes. */
const SHORTEST = 6;
const MIXED = /^(?=[^\s]*[0-9])(?=[^\s]*[A-Za-z])[^\s"'`<>()[\]{}\\]{6,}/;
/** What a secret is said to be made by, and no secret. */
const KIND =
  /^(?:base(?:32|58|64)|sha-?[0-9]|md5|utf-?8|[rhep]s(?:256|384|512)|x\.?509|oauth|pkcs|aes|rsa|ed25519|argon2|pbkdf2|http|ipv[46]|[0-9]+(?:-|[a-z]{1,3}\b)|v[0-9])/i;
const CLOSING = /[.,;:!?]+$/;

/** End of the value at `start`; `start` where prose goes on. */
const valueEnd = (s: string, start: number): number => {
  const value = (MIXED.exec(s.slice(start, start + LONGEST))?.[0] ?? '').replace(CLOSING, '');
  return value.length < SHORTEST || KIND.test(value) ? start : start + value.length;
};

/** A finding at `start`, where a secret stands there. */
const secretAt = (s: string, start: number, label: MaskName): Finding | undefined => {
  const quote = quoteAt(s, start);
  const from = quote?.end ?? start;
  const end = quote ? quotedEnd(s, quote) : valueEnd(s, start);
  return end > from && !isMask(s.slice(from, end)) ? { start: from, end, detector: label } : undefined;
};

/** The secret name that ends at `end`. */
const nameAt = (names: KeyNames, { s, codes }: ScanText, end: number, from: number): KeyMatch | undefined =>
  end > from && names.mayEndAt(codes, end - 1) ? names.before(s, end, Math.max(from, end - NAME_REACH)) : undefined;

/** The rule on names, where ` is ` stands between name and value, or the border of a table's cell. */
export const createPhraseDetectors = (names: KeyNames): readonly DetectorEntry[] => [
  {
    name: 'key',
    group: 'keys',
    examples: {
      match: ['The password is hunter2, keep it.', 'your api key is "swordfish"'],
      noMatch: ['the password is required', 'the token is base64-encoded', 'its secret is 12-digit', 'that is hunter2'],
    },
    anchors: 's',
    before: 'i',
    twoBefore: ' ',
    after: ' ',
    at(text, i, from) {
      const key = nameAt(names, text, i - 2, from);
      if (!key) return undefined;
      return text.raw ? { start: i, end: i + 1, detector: key.label } : secretAt(text.s, i + 2, key.label);
    },
  },
  {
    name: 'key',
    group: 'keys',
    examples: {
      match: ['| password | hunter2 |', '| **API key**: | `a1b2c3d4e5` |'],
      noMatch: ['| password | string |', '| token | required |', 'token | wc -l', '| password | --- |'],
    },
    anchors: '|',
    before: ' ',
    after: ' ',
    at(text, i, from) {
      let end = i - 1;
      while (i - end < 8 && end > from && ' :*`'.includes(text.s.charAt(end - 1))) end--;
      const key = nameAt(names, text, end, from);
      if (!key) return undefined;
      return text.raw ? { start: i, end: i + 1, detector: key.label } : secretAt(text.s, i + 2, key.label);
    },
  },
];
