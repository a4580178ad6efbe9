/**
 * The numbering plans of libphonenumber as one pattern for each calling code (ITU-T E.164 §6). Its own parser compiles
 * patterns anew for each number, which takes too long where a text is full of numbers.
 */
import metadata from 'libphonenumber-js/metadata.max';

/** Places in libphonenumber's entry of a country. */
const PATTERN = 2;
const NATIONAL_PREFIX = 5;
const PREFIX_FOR_PARSING = 7;
const TRANSFORM_RULE = 8;
const TYPES = 11;

type Entry = readonly unknown[];
const entryOf = (entry: unknown): Entry => (Array.isArray(entry) ? entry : []);
const textAt = (entry: Entry, place: number): string | undefined => {
  const text = entry[place];
  return typeof text === 'string' && text !== '' ? text : undefined;
};

/** The patterns of a country's kinds of number, or that of all its numbers where kinds are not told apart. */
const patternsOf = (entry: Entry): readonly string[] => {
  const types = entryOf(entry[TYPES]).flatMap((type) => textAt(entryOf(type), 0) ?? []);
  return types.length > 0 ? types : [textAt(entry, PATTERN) ?? '(?!)'];
};

interface Plan {
  /** A national number of any country with the code. */
  readonly national: RegExp;
  /** What may stand before it within the country. */
  readonly prefix: RegExp | undefined;
  /** What is to be written for prefix and number, where they cannot simply be cut apart. */
  readonly rule: string | undefined;
}

const nonGeographic: Readonly<Record<string, unknown>> = metadata.nonGeographic;
const countries: Readonly<Record<string, unknown>> = metadata.countries;
const codes: Readonly<Record<string, readonly string[]>> = metadata.country_calling_codes;

const planOf = (code: string): Plan | undefined => {
  const entries = [...(codes[code] ?? []).map((name) => countries[name]), nonGeographic[code]]
    .map(entryOf)
    .filter(({ length }) => length > 0);
  const [main] = entries;
  if (main === undefined) return undefined;
  const patterns = entries.flatMap(patternsOf);
  const prefix = textAt(main, PREFIX_FOR_PARSING) ?? textAt(main, NATIONAL_PREFIX);
  return {
    national: new RegExp(`^(?:${patterns.join('|')})$`),
    prefix: prefix === undefined ? undefined : new RegExp(`^(?:${prefix})`),
    rule: textAt(main, TRANSFORM_RULE),
  };
};

const plans = new Map<string, Plan | undefined>();
const planFor = (code: string): Plan | undefined => {
  if (!plans.has(code)) plans.set(code, planOf(code));
  return plans.get(code);
};

const withoutPrefix = ({ prefix, rule }: Plan, number: string): string => {
  const match = prefix?.exec(number);
  if (!prefix || !match) return number;
  const group = match.at(-1);
  return rule !== undefined && match.length > 1 && group !== undefined && group !== ''
    ? number.replace(prefix, rule)
    : number.slice(match[0].length);
};

/**
 * Whether the digits of a text, the calling code first, are a number of its plan, with or without the prefix that is
 * dialled at home.
 */
export const isPlannedNumber = (text: string): boolean => {
  const digits = text.replace(/[^0-9]/g, '');
  for (let length = 1; length <= 3; length++) {
    const plan = planFor(digits.slice(0, length));
    if (!plan) continue;
    const number = digits.slice(length);
    return plan.national.test(number) || plan.national.test(withoutPrefix(plan, number));
  }
  return false;
};
