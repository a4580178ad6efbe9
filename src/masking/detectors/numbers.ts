/** Account numbers that carry their own check: payment cards (ISO/IEC 7812) and IBAN (ISO 13616). */
import { ALNUM, charactersOf, DIGIT, is, isEscapeLetter, LOWER, UPPER, WORD } from '../chars.js';
import { codeAt } from '../codes.js';
import { BEFORE_WORD, type DetectorEntry, type ScanText } from '../detector.js';
import { isLuhn } from '../luhn.js';

const CARD_CONTEXT = /card|credit|debit|\bpan\b|\bcc|visa|master|amex|kredit|karte|payment|pay_/i;
const CONTEXT_REACH = 40;
const SHORTEST_CARD = 13;
const LONGEST_CARD = 19;
const GROUPINGS = new Set(['4-4-4-4', '4-6-5', '4-6-4', '4-4-4-4-3']);

/** Issuer ranges in use: Visa, Mastercard, American Express, Diners, Discover, JCB, Maestro. */
const issued = (digits: string): boolean =>
  /^(?:4|5[0-9]|2[2-7]|3[0-9]|6[0-9])/.test(digits) && !/^([0-9])\1+$/.test(digits);

interface Digits {
  readonly digits: string;
  readonly groups: string;
  readonly end: number;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;

/** How many digits stand at `i`, with single blanks or hyphens between them; 20 where there are more. */
const digitCount = (codes: Uint8Array, i: number): number => {
  let at = i;
  let digits = 0;
  for (; digits < 20; digits++) {
    const code = codeAt(codes, at);
    if (!isDigit(code)) {
      if ((code !== 0x20 && code !== 0x2d) || !isDigit(codeAt(codes, at + 1))) return digits;
      at++;
    }
    at++;
  }
  return digits;
};

/** Whether a card number may have as many digits. */
const hasCardLength = (digits: number): boolean => digits >= SHORTEST_CARD && digits <= LONGEST_CARD;

/** The digits at `i`, in groups with one blank or hyphen between them. */
const digitsAt = (s: string, i: number): Digits => {
  let end = i;
  let digits = '';
  const groups: number[] = [];
  for (;;) {
    const start = end;
    while (is(s, end, DIGIT) && end - start < 20) end++;
    digits += s.slice(start, end);
    groups.push(end - start);
    const blank = s.charCodeAt(end) === 0x20 || s.charCodeAt(end) === 0x2d;
    if (!blank || !is(s, end + 1, DIGIT) || digits.length >= 20) return { digits, groups: groups.join('-'), end };
    end++;
  }
};

const hasCardContext = ({ s, name, raw }: ScanText, i: number): boolean =>
  raw || CARD_CONTEXT.test(name) || CARD_CONTEXT.test(s.slice(Math.max(0, i - CONTEXT_REACH), i));

/** Whether a number may begin at `i`: not in a word, a UUID, a fraction or a longer number. */
const startsNumber = (s: string, i: number): boolean => {
  if (is(s, i - 1, WORD) && !isEscapeLetter(s, i - 1)) return false;
  return !((s.charCodeAt(i - 1) === 0x2d || s.charCodeAt(i - 1) === 0x2e) && is(s, i - 2, ALNUM));
};

const continues = (s: string, end: number): boolean =>
  is(s, end, WORD) || ((s.charCodeAt(end) === 0x2d || s.charCodeAt(end) === 0x2e) && is(s, end + 1, ALNUM));

/** A card number is grouped as on the card, or a word nearby says what it is: 1 in 10 numbers passes Luhn. */
export const cardNumber: DetectorEntry = {
  name: 'card-number',
  group: 'personal',
  examples: {
    match: ['4111 1111 1111 1111', '3782-822463-10005', 'paid with card 4111111111111111'],
    noMatch: [
      '4111111111111111',
      '4111 1111 1111 1112',
      'card 4111111111111112',
      '4-111-1111-11111111',
      'card 1.4111111111111111',
    ],
  },
  anchors: '23456',
  before: BEFORE_WORD,
  after: `${charactersOf(DIGIT)} -`,
  at(text, i) {
    const { s, codes } = text;
    // Every grouping begins with four digits.
    if (!isDigit(codeAt(codes, i + 3)) || !hasCardLength(digitCount(codes, i)) || !startsNumber(s, i)) return undefined;
    const { digits, groups, end } = digitsAt(s, i);
    if (!hasCardLength(digits.length) || continues(s, end) || !issued(digits) || !isLuhn(digits)) return undefined;
    const known = GROUPINGS.has(groups) || (!groups.includes('-') && hasCardContext(text, i));
    return known ? { start: i, end, detector: 'card-number' } : undefined;
  },
};

/** Country and length, IBAN registry (SWIFT). */
const IBAN_LENGTHS = new Map(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 ' +
    'FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 ' +
    'LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SD18 ' +
    'SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 7064, MOD 97-10, on the rearranged number. */
const mod97 = (iban: string): number => {
  let rest = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
};

/** Capitals and digits, in groups of four with blanks between them or in one. */
const ibanAt = (s: string, start: number, length: number): { readonly value: string; readonly end: number } => {
  let value = '';
  let end = start;
  while (value.length < length) {
    if (s.charCodeAt(end) === 0x20 && value.length % 4 === 0) end++;
    if (!is(s, end, ALNUM & ~LOWER)) break;
    value += s.charAt(end++);
  }
  return { value, end };
};

export const iban: DetectorEntry = {
  name: 'iban',
  group: 'personal',
  examples: {
    match: ['DE89370400440532013000', 'to GB29 NWBK 6016 1331 9268 19, please'],
    noMatch: ['DE88370400440532013000', 'DE8937040044053201300', 'XX89370400440532013000', 'ADE89370400440532013000'],
  },
  anchors: charactersOf(DIGIT),
  before: charactersOf(UPPER),
  twoBefore: charactersOf(UPPER),
  after: charactersOf(DIGIT),
  at({ s }, i, from) {
    const start = i - 2;
    if (start < from || !is(s, start, UPPER) || !is(s, start + 1, UPPER) || !is(s, i + 1, DIGIT)) return undefined;
    const length = IBAN_LENGTHS.get(s.slice(start, i));
    if (length === undefined || (is(s, start - 1, WORD) && !isEscapeLetter(s, start - 1))) return undefined;
    const { value, end } = ibanAt(s, start, length);
    return value.length === length && !is(s, end, WORD) && mod97(value) === 1
      ? { start, end, detector: 'iban' }
      : undefined;
  },
};
