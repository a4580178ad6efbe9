/** Numbers of JSON (RFC 8259 §6), and whether a double stands for the same number as the text. */

interface ReadNumber {
  /** Byte offset after the number. */
  readonly end: number;
  readonly value: number;
  readonly exact: boolean;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LONGEST = 320;
/** Digits of an integer that is exact as a double, whatever they are. */
const EXACT_DIGITS = 15;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** `digits × 10^exponent` without leading or trailing zeros: the value of a decimal text. */
const decimal = (text: string): string => {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return `${sign}0`;
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length);
  return `${sign}${trimmed}e${power}`;
};

/** An integer of few digits before a comma or a bracket, as most numbers are; undefined for any other. */
const readInteger = (bytes: Buffer, start: number): ReadNumber | undefined => {
  let end = start;
  let value = 0;
  while (isDigit(bytes[end])) value = value * 10 + (bytes[end++] ?? 0) - 0x30;
  const next = bytes[end];
  const whole = next === 0x2c || next === 0x7d || next === 0x5d;
  const digits = end - start;
  if (!whole || digits === 0 || digits > EXACT_DIGITS || (bytes[start] === 0x30 && digits > 1)) return undefined;
  return { end, value, exact: true };
};

/** The number at `start`, or in words why there is none. */
export const readNumber = (bytes: Buffer, start: number): ReadNumber | string => {
  const integer = readInteger(bytes, start);
  if (integer) return integer;
  NUMBER.lastIndex = 0;
  const text = NUMBER.exec(bytes.toString('latin1', start, Math.min(start + 400, bytes.length)))?.[0];
  if (text === undefined) return 'a JSON value is expected';
  if (text.length > LONGEST) return 'a number is too long';
  const value = Number(text);
  if (!Number.isFinite(value)) return 'a number is out of range';
  const exact =
    Number.isSafeInteger(value) && /^-?[0-9]+$/.test(text) ? true : decimal(text) === decimal(String(value));
  return { end: start + text.length, value, exact };
};
