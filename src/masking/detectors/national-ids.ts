/**
 * Numbers that a state gives to a person. Each has a form and, where the state gave it one, a check; what other
 * numbers look like as well counts only where a word nearby says what it is.
 */
import { is, isEscapeLetter, WORD } from '../chars.js';
import { codeAt } from '../codes.js';
import { BEFORE_WORD, type DetectorEntry, type Examples, type ScanText } from '../detector.js';
import { isCodiceFiscale, isCpf, isDni, isNir, isSsn } from '../id-checks.js';

interface IdKind {
  readonly name: string;
  /** A rare character of the form, what stands before it, and how far behind the start it stands. */
  readonly anchor: string;
  readonly before: string;
  /** See `Detector`. */
  readonly twoBefore?: string;
  readonly after?: string;
  readonly back: number;
  /** A further sign of the form, and how far from the anchor it stands: told before the form is tried. */
  readonly sign?: { readonly at: number; readonly code: number };
  /** Sticky; its quantifiers are bounded. */
  readonly form: RegExp;
  readonly valid: (value: string) => boolean;
  readonly examples: Examples;
  /** A word that must stand in the 40 characters before, or in the name of the member; absent: the check is enough. */
  readonly context?: RegExp;
}

const DIGITS = '0123456789';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const CONTEXT_REACH = 40;

const KINDS: readonly IdKind[] = [
  {
    name: 'us-ssn',
    anchor: '-',
    before: DIGITS,
    twoBefore: DIGITS,
    after: DIGITS,
    back: 3,
    sign: { at: 3, code: 0x2d },
    form: /[0-9]{3}-[0-9]{2}-[0-9]{4}/y,
    valid: isSsn,
    examples: {
      match: ['SSN: 123-45-6789 on file', 'social security number 123-45-6789'],
      noMatch: ['123-45-6789', 'SSN 000-45-6789', 'SSN 123-45-67890', 'SSN 666-45-6789'],
    },
    context: /ssn|social.{0,3}sec|tax.{0,3}(?:payer|id)|itin\b/i,
  },
  {
    name: 'br-cpf',
    anchor: '-',
    before: DIGITS,
    twoBefore: DIGITS,
    after: DIGITS,
    back: 11,
    sign: { at: -4, code: 0x2e },
    form: /[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}/y,
    valid: isCpf,
    examples: {
      match: ['529.982.247-25', 'CPF 529.982.247-25.'],
      noMatch: ['529.982.247-24', '52998224725', 'x529.982.247-25', '111.111.111-11'],
    },
  },
  {
    name: 'it-codice-fiscale',
    anchor: DIGITS,
    before: CAPITALS,
    twoBefore: CAPITALS,
    after: DIGITS,
    back: 6,
    form: /[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-7][0-9][A-Z][0-9]{3}[A-Z]/y,
    valid: isCodiceFiscale,
    examples: { match: ['RSSMRA85T10A562S'], noMatch: ['RSSMRA85T10A562T', 'RSSMRA85T10A562', 'ARSSMRA85T10A562S'] },
  },
  {
    name: 'es-dni',
    anchor: 'ABCDEFGHJKLMNPQRSTVWXYZ',
    before: DIGITS,
    twoBefore: DIGITS,
    back: 8,
    form: /[0-9]{8}[A-Z]/y,
    valid: isDni,
    examples: {
      match: ['con DNI 12345678Z de Madrid', 'NIF: 12345678Z'],
      noMatch: ['12345678Z', 'DNI 12345678A', 'DNI 112345678Z'],
    },
    context: /\bdni\b|\bnif\b|documento/i,
  },
  {
    name: 'fr-nir',
    anchor: '12',
    before: BEFORE_WORD,
    after: ' ',
    back: 0,
    form: /[12] [0-9]{2} (?:0[1-9]|1[0-2]|[2-9][0-9]) (?:[0-9]{2}|2[AB]) [0-9]{3} [0-9]{3} [0-9]{2}/y,
    valid: isNir,
    examples: {
      match: ['1 84 12 76 451 089 46'],
      noMatch: ['1 84 12 76 451 089 47', '3 84 12 76 451 089 46', '1 84 13 76 451 089 46'],
    },
  },
];

const hasContext = ({ s, name, raw }: ScanText, start: number, context: RegExp | undefined): boolean =>
  raw ||
  context === undefined ||
  context.test(name) ||
  context.test(s.slice(Math.max(0, start - CONTEXT_REACH), start));

const bearsSign = ({ codes }: ScanText, i: number, sign: IdKind['sign']): boolean =>
  sign === undefined || codeAt(codes, i + sign.at) === sign.code;

const detectorOf = ({
  name,
  examples,
  anchor,
  before,
  twoBefore,
  after,
  back,
  sign,
  form,
  valid,
  context,
}: IdKind): DetectorEntry => ({
  name,
  group: 'personal',
  examples,
  anchors: anchor,
  before,
  ...(twoBefore !== undefined && { twoBefore }),
  ...(after !== undefined && { after }),
  at(text, i, from) {
    const { s } = text;
    const start = i - back;
    if (!bearsSign(text, i, sign) || start < from) return undefined;
    if (is(s, start - 1, WORD) && !isEscapeLetter(s, start - 1)) return undefined;
    form.lastIndex = start;
    const value = form.exec(s)?.[0];
    if (value === undefined || !valid(value) || !hasContext(text, start, context)) return undefined;
    const end = start + value.length;
    const goes = is(s, end, WORD) || (s.charCodeAt(end) === 0x2d && is(s, end + 1, WORD));
    return goes ? undefined : { start, end, detector: name };
  },
});

export const nationalIds: readonly DetectorEntry[] = KINDS.map(detectorOf);
