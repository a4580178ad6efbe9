/**
 * Looks whether bytes are strict JSON without making a value of them: about a third of the time that parsing and
 * printing takes. It reads the plain form alone. What it does not accept may be valid all the same, and goes to the
 * strict parser; what it accepts, the strict parser accepts too.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** One below what the strict parser allows for a whole record, counted from its root. */
const MAX_DEPTH = 60;
/** Decimals of so many digits are safe integers, whatever they are. */
const MAX_DIGITS = 15;
/** Names in all open objects at once; more go to the strict parser. */
const MAX_NAMES = 256;

/** 1 for what a string's text may hold as it is: all but quote, backslash and what is below 0x20. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** 1 for what may follow a backslash, `u` aside. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
const isHexDigit = (byte: number): boolean => isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/** Which numbers are let through: those of records (whole, of at most 15 digits, not `-0`), or all of JSON. */
export type Numbers = 'whole' | 'any';

/**
 * Every method takes the index of a first byte and gives the one behind what it read, or -1.
 * The bytes MUST be UTF-8 and MUST have a byte below 0x20 behind what is looked at, where every loop ends.
 */
export class JsonScan {
  bytes: Uint8Array = new Uint8Array(0);
  private readonly numbers: Numbers;
  /** Begin and length of each name of each open object. */
  private readonly begins = new Int32Array(MAX_NAMES);
  private readonly lengths = new Int32Array(MAX_NAMES);
  private names = 0;

  constructor(numbers: Numbers) {
    this.numbers = numbers;
  }

  /** Nothing read before counts any more. */
  reset(): void {
    this.names = 0;
  }

  value(at: number, depth: number): number {
    switch (this.bytes[at]) {
      case QUOTE:
        return this.string(at);
      case OPEN_BRACE:
        return this.object(at, depth);
      case OPEN_BRACKET:
        return this.array(at, depth);
      case 0x74:
        return this.word(at, 'true');
      case 0x66:
        return this.word(at, 'false');
      case 0x6e:
        return this.word(at, 'null');
      default:
        return this.number(at);
    }
  }

  string(at: number): number {
    const { bytes } = this;
    for (let i = at + 1; ; i++) {
      i = this.plain(i);
      const byte = bytes[i];
      if (byte === QUOTE) return i + 1;
      if (byte !== BACKSLASH) return -1;
      i = this.escape(i + 1);
      if (i < 0) return -1;
    }
  }

  /** The first byte from `at` on that a string's text does not hold as it is; four at a time, which is faster. */
  private plain(at: number): number {
    const { bytes } = this;
    let i = at;
    while (
      PLAIN[bytes[i] ?? 0] === 1 &&
      PLAIN[bytes[i + 1] ?? 0] === 1 &&
      PLAIN[bytes[i + 2] ?? 0] === 1 &&
      PLAIN[bytes[i + 3] ?? 0] === 1
    ) {
      i += 4;
    }
    while (PLAIN[bytes[i] ?? 0] === 1) i++;
    return i;
  }

  /** The index of the last byte of an escape, whose first byte after the backslash is at `at`. */
  private escape(at: number): number {
    const byte = this.bytes[at] ?? 0;
    if (ESCAPED[byte] === 1) return at;
    if (byte !== 0x75) return -1;
    for (let i = 1; i <= 4; i++) if (!isHexDigit(this.bytes[at + i] ?? 0)) return -1;
    // D800 to DFFF: whether surrogates come in pairs is for the strict parser to see.
    const isSurrogate = ((this.bytes[at + 1] ?? 0) | 0x20) === 0x64 && (this.bytes[at + 2] ?? 0) >= 0x38;
    return isSurrogate ? -1 : at + 4;
  }

  private word(at: number, text: string): number {
    for (let i = 0; i < text.length; i++) if (this.bytes[at + i] !== text.charCodeAt(i)) return -1;
    return at + text.length;
  }

  private digits(at: number): number {
    let i = at;
    while (isDigit(this.bytes[i] ?? 0)) i++;
    return i;
  }

  number(at: number): number {
    const { bytes } = this;
    const first = bytes[at] === MINUS ? at + 1 : at;
    const end = this.digits(first);
    if (!this.isDecimal(first, end)) return -1;
    const next = bytes[end] ?? 0;
    const goesOn = next === 0x2e || (next | 0x20) === 0x65;
    if (this.numbers === 'any') return goesOn ? this.fraction(end) : end;
    const isMinusZero = first > at && bytes[first] === 0x30;
    return goesOn || isMinusZero || end - first > MAX_DIGITS ? -1 : end;
  }

  /** At least one digit, and no zero before others. */
  private isDecimal(at: number, end: number): boolean {
    return end > at && (this.bytes[at] !== 0x30 || end === at + 1);
  }

  private fraction(at: number): number {
    let end = at;
    if (this.bytes[end] === 0x2e) {
      const from = end + 1;
      end = this.digits(from);
      if (end === from) return -1;
    }
    if (((this.bytes[end] ?? 0) | 0x20) !== 0x65) return end;
    const sign = this.bytes[end + 1];
    const from = sign === 0x2b || sign === MINUS ? end + 2 : end + 1;
    end = this.digits(from);
    return end === from ? -1 : end;
  }

  private space(at: number): number {
    let i = at;
    while (this.bytes[i] === 0x20) i++;
    return i;
  }

  private array(at: number, depth: number): number {
    if (depth >= MAX_DEPTH) return -1;
    let i = this.space(at + 1);
    if (this.bytes[i] === CLOSE_BRACKET) return i + 1;
    for (;;) {
      i = this.value(i, depth + 1);
      if (i < 0) return -1;
      i = this.space(i);
      const next = this.bytes[i];
      if (next === CLOSE_BRACKET) return i + 1;
      if (next !== COMMA) return -1;
      i = this.space(i + 1);
    }
  }

  private object(at: number, depth: number): number {
    if (depth >= MAX_DEPTH) return -1;
    const outer = this.names;
    let i = this.space(at + 1);
    if (this.bytes[i] === CLOSE_BRACE) return i + 1;
    for (;;) {
      i = this.name(i, outer);
      if (i < 0) return -1;
      i = this.value(i, depth + 1);
      if (i < 0) return -1;
      i = this.space(i);
      const next = this.bytes[i];
      if (next === CLOSE_BRACE) break;
      if (next !== COMMA) return -1;
      i = this.space(i + 1);
    }
    this.names = outer;
    return i + 1;
  }

  /** Where names of an object begin that is now opened. */
  open(): number {
    return this.names;
  }

  /** Closes the object that `open` gave. */
  close(outer: number): void {
    this.names = outer;
  }

  /**
   * A member's name and colon; the index of its value. One with escapes, or that the object had before, is not plain.
   * @param outer from `open`
   */
  name(at: number, outer: number): number {
    const { bytes } = this;
    if (bytes[at] !== QUOTE) return -1;
    let end = at + 1;
    while (PLAIN[bytes[end] ?? 0] === 1) end++;
    if (bytes[end] !== QUOTE || this.names >= MAX_NAMES) return -1;
    const length = end - at;
    for (let k = outer; k < this.names; k++) {
      if (this.lengths[k] === length && this.isSame(this.begins[k] ?? 0, at, length)) return -1;
    }
    this.begins[this.names] = at;
    this.lengths[this.names++] = length;
    const colon = this.space(end + 1);
    return bytes[colon] === COLON ? this.space(colon + 1) : -1;
  }

  private isSame(a: number, b: number, length: number): boolean {
    for (let i = 1; i < length; i++) if (this.bytes[a + i] !== this.bytes[b + i]) return false;
    return true;
  }
}
