/** Secrets that prose gives away: `the password is hunter2`. */
import type { DetectorEntry } from '../detector.js';
import type { KeyNames } from '../keys.js';
import { isMask } from '../marks.js';
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

/** The rule on names, where a blank, `is` and a blank stand between name and value. */
export const createPhraseDetector = (names: KeyNames): DetectorEntry => ({
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
  at({ s, codes, raw }, i, from) {
    const end = i - 2;
    if (end <= from || !names.mayEndAt(codes, end - 1)) return undefined;
    const key = names.before(s, end, Math.max(from, end - NAME_REACH));
    if (!key) return undefined;
    if (raw) return { start: i, end: i + 1, detector: key.label };
    const start = i + 2;
    const quote = quoteAt(s, start);
    const found = quote
      ? { start: quote.end, end: quotedEnd(s, quote), detector: key.label }
      : { start, end: valueEnd(s, start), detector: key.label };
    return found.end > found.start && !isMask(s.slice(found.start, found.end)) ? found : undefined;
  },
});
