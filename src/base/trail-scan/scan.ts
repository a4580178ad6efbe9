/**
 * One pass over the bytes of a record that both checks and takes out: what it accepts is strict JSON (`parseJson` accepts
 * it too), and what it does not accept is not judged here but by `checkTrailRecord`. It knows the plain forms that CloudTrail
 * writes; escapes other than the short ones, other numbers than plain decimals and deep or wide values are left to the other.
 */
import { FIELDS, FieldTree, HASH_PRIME, HASH_START, NONE } from './fields.js';

/** What a field holds. */
export const KIND = { absent: 0, text: 1, escaped: 2, literal: 3, number: 4, container: 5, nothing: 6 } as const;

/** The record is not of the plain forms. */
export const NOT_PLAIN = -1;

/** Half of what `parseJson` allows. */
const MAX_DEPTH = 32;
/** Members of one object, and of all open ones: names are compared pair by pair. */
const MAX_MEMBERS = 128;
const MAX_OPEN = MAX_MEMBERS * (MAX_DEPTH + 1);
/** Digits whose value a double holds and prints as they stand. */
const MAX_DIGITS = 15;

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const END_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Bytes at which a string is looked at: its end, an escape, what may not stand in it. */
const STOP = Uint8Array.from({ length: 256 }, (_, byte) => Number(byte < 0x20 || byte === QUOTE || byte === BACKSLASH));
/** Escapes that are written no other way: `\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`. */
const SHORT = Uint8Array.from({ length: 256 }, (_, byte) => Number('"\\bfnrt'.includes(String.fromCharCode(byte))));
const SPACE = Uint8Array.from({ length: 256 }, (_, byte) => Number([0x20, 0x0a, 0x0d, 0x09].includes(byte)));

/** `true`, `false` and `null` by their first byte. */
const WORDS: ReadonlyMap<number, Buffer> = new Map(
  ['true', 'false', 'null'].map((word) => [word.charCodeAt(0), Buffer.from(word)]),
);
const NULL = 0x6e;

const TREE = new FieldTree();

/** Room beyond the bytes for a zero, at which every loop ends. */
const ROOM = 1;
/** Bytes that every document finds room in. */
const SMALLEST = 1024 ** 2;

export class RecordScan {
  /** The text under scan: `length` bytes and a zero. */
  bytes: Uint8Array = new Uint8Array(0);
  private view: Buffer = Buffer.alloc(0);
  length = 0;
  /** Where the fields of the last record stand; of a text, what is between its quotes. */
  readonly starts = new Int32Array(FIELDS.length);
  readonly ends = new Int32Array(FIELDS.length);
  /** One of `KIND` each. */
  readonly kinds = new Uint8Array(FIELDS.length);
  /** Whether white space stands between the tokens of the last record. */
  spaced = false;
  private readonly names = new Int32Array(MAX_OPEN);
  private top = 0;
  private hash = 0;
  private kind: number = KIND.absent;

  /** Takes the bytes of a whole log, which must be valid UTF-8. */
  load(text: Uint8Array): void {
    if (this.bytes.length < text.length + ROOM) {
      this.bytes = new Uint8Array(Math.max(SMALLEST, text.length + ROOM));
      this.view = Buffer.from(this.bytes.buffer);
    }
    this.bytes.set(text);
    this.bytes[text.length] = 0;
    this.length = text.length;
  }

  /** Scans the record that starts at `from`. @returns its end, or NOT_PLAIN */
  record(from: number): number {
    if (this.bytes[from] !== OPEN) return NOT_PLAIN;
    this.kinds.fill(KIND.absent);
    this.spaced = false;
    this.top = 0;
    return this.object(from, 0, 0);
  }

  /** The text of a field as it stands, escapes and all; for a few bytes. */
  text(field: number): string {
    return this.view.toString('utf8', this.starts[field], this.ends[field]);
  }

  /** Whether a field holds this very text. */
  is(field: number, word: Uint8Array): boolean {
    const start = this.starts[field] ?? 0;
    if (this.kinds[field] !== KIND.text || (this.ends[field] ?? 0) - start !== word.length) return false;
    for (let i = 0; i < word.length; i++) if (this.bytes[start + i] !== word[i]) return false;
    return true;
  }

  private space(from: number): number {
    let at = from;
    while (SPACE[this.bytes[at] ?? 0] === 1) at++;
    if (at !== from) this.spaced = true;
    return at;
  }

  private object(from: number, depth: number, node: number): number {
    const { bytes } = this;
    if (depth >= MAX_DEPTH) return NOT_PLAIN;
    const base = this.top;
    let at = this.space(from + 1);
    if (bytes[at] === CLOSE) return at + 1;
    for (;;) {
      const start = at + 1;
      const end = this.name(at, base);
      if (end === NOT_PLAIN) return NOT_PLAIN;
      const below = node === NONE || TREE.inner[node] === 0 ? NONE : TREE.find(node, this.hash, bytes, start, end);
      at = this.member(end + 1, depth, below);
      if (at === NOT_PLAIN) return NOT_PLAIN;
      const byte = bytes[at++];
      if (byte === CLOSE) break;
      if (byte !== COMMA) return NOT_PLAIN;
      at = this.space(at);
    }
    this.top = base;
    return at;
  }

  /** A name, which must be none of those since `base`. @returns where its closing quote stands */
  private name(from: number, base: number): number {
    const { bytes, names } = this;
    if (bytes[from] !== QUOTE) return NOT_PLAIN;
    let at = from + 1;
    let hash = HASH_START;
    let byte = bytes[at] ?? 0;
    while (STOP[byte] === 0) {
      hash = Math.imul(hash ^ byte, HASH_PRIME);
      byte = bytes[++at] ?? 0;
    }
    if (byte !== QUOTE || this.top - base >= MAX_MEMBERS) return NOT_PLAIN;
    // Two names of one hash may be one name: the strict parser tells.
    for (let i = base; i < this.top; i++) if (names[i] === hash) return NOT_PLAIN;
    names[this.top++] = hash;
    this.hash = hash;
    return at;
  }

  /** What follows a name. @returns where the comma or brace after it must stand */
  private member(from: number, depth: number, node: number): number {
    const colon = this.space(from);
    if (this.bytes[colon] !== COLON) return NOT_PLAIN;
    const end = this.value(colon + 1, depth + 1, node);
    return end === NOT_PLAIN ? NOT_PLAIN : this.space(end);
  }

  private list(from: number, depth: number, node: number): number {
    const { bytes } = this;
    if (depth >= MAX_DEPTH) return NOT_PLAIN;
    let at = this.space(from + 1);
    if (bytes[at] === END_LIST) return at + 1;
    let below = node === NONE ? NONE : (TREE.first[node] ?? NONE);
    for (;;) {
      at = this.value(at, depth + 1, below);
      if (at === NOT_PLAIN) return NOT_PLAIN;
      below = NONE;
      at = this.space(at);
      const byte = bytes[at++];
      if (byte === END_LIST) return at;
      if (byte !== COMMA) return NOT_PLAIN;
    }
  }

  private value(from: number, depth: number, node: number): number {
    let start = from;
    let byte = this.bytes[start] ?? 0;
    if (SPACE[byte] === 1) {
      start = this.space(start);
      byte = this.bytes[start] ?? 0;
    }
    let end: number;
    if (byte === QUOTE) end = this.string(start);
    else if (byte === OPEN) {
      end = this.object(start, depth, node);
      this.kind = KIND.container;
    } else if (byte === OPEN_LIST) {
      end = this.list(start, depth, node);
      this.kind = KIND.container;
    } else if (byte === MINUS || (byte >= ZERO && byte <= NINE)) end = this.number(start);
    else end = this.literal(start, byte);
    if (node !== NONE) this.note(node, start, end);
    return end;
  }

  private note(node: number, start: number, end: number): void {
    const field = TREE.field[node] ?? NONE;
    if (field === NONE) return;
    const quoted = this.kind === KIND.text || this.kind === KIND.escaped ? 1 : 0;
    this.starts[field] = start + quoted;
    this.ends[field] = end - quoted;
    this.kinds[field] = this.kind;
  }

  private string(from: number): number {
    const { bytes } = this;
    let at = from + 1;
    this.kind = KIND.text;
    for (;;) {
      while (STOP[bytes[at] ?? 0] === 0) at++;
      const byte = bytes[at] ?? 0;
      if (byte === QUOTE) return at + 1;
      if (byte !== BACKSLASH || SHORT[bytes[at + 1] ?? 0] === 0) return NOT_PLAIN;
      this.kind = KIND.escaped;
      at += 2;
    }
  }

  private digits(from: number): number {
    let at = from;
    for (let byte = this.bytes[at] ?? 0; byte >= ZERO && byte <= NINE; byte = this.bytes[at] ?? 0) at++;
    return at;
  }

  /** Integers, and decimals that are printed as they stand: no exponent, no zero before, and none at the end but in `.0`. */
  private number(from: number): number {
    const { bytes } = this;
    this.kind = KIND.number;
    const start = bytes[from] === MINUS ? from + 1 : from;
    const whole = this.digits(start);
    const digits = whole - start;
    if (digits === 0 || digits > MAX_DIGITS) return NOT_PLAIN;
    if (bytes[start] === ZERO) return digits > 1 || start !== from || bytes[whole] === DOT ? NOT_PLAIN : whole;
    return bytes[whole] === DOT ? this.fraction(whole + 1, MAX_DIGITS - digits) : whole;
  }

  private fraction(from: number, room: number): number {
    const end = this.digits(from);
    const places = end - from;
    if (places === 0 || places > room) return NOT_PLAIN;
    return this.bytes[end - 1] === ZERO && places > 1 ? NOT_PLAIN : end;
  }

  private literal(from: number, byte: number): number {
    const word = WORDS.get(byte);
    if (word === undefined) return NOT_PLAIN;
    for (let i = 1; i < word.length; i++) if (this.bytes[from + i] !== word[i]) return NOT_PLAIN;
    this.kind = byte === NULL ? KIND.nothing : KIND.literal;
    return from + word.length;
  }
}
