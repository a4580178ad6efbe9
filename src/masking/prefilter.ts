/**
 * The pass over the bytes of a text that decides where detectors look. It runs as WebAssembly (`prefilter.wat`), sixteen
 * bytes at a time, and calls nobody: what it finds is read out of its memory.
 */
import { PLACES, SEXTET, TRAILING } from './base64.js';
import { type Box, GROUPS } from './boxes.js';
import { ALNUM, BASE64, is, LOWER, UPPER, WORD } from './chars.js';
import type { LastLetters } from './endings.js';
import { PREFILTER } from './prefilter-wasm.js';

/** What of WebAssembly is used here; the types of Node have none. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly runs: { readonly value: number };
  scan(length: number, byAfter: number, byTwoBefore: number, pairs: number): number;
}

/** Bytes that are looked at in one go. */
export const CHUNK = 16_368;
/** Bytes before them that are there to be looked back at. */
const LEAD = 16;

/** Where in its memory what stands: see `prefilter.wat`. */
const AT = {
  classes: 0,
  base64: 512,
  words: 768,
  endings: 1024,
  named: 5120,
  left: 6144,
  places: 6400,
  sextets: 6656,
  trailing: 6912,
  pairs: 8192,
} as const;
const AT_TEXT = 73_744;
const AT_FOUND = 92_224;
const AT_RUNS = 157_696;
const AT_TABLES = 163_840;
const PAGE = 65_536;
const MOST_LISTS = 1_024;

const compiled = new WebAssembly.Module(Buffer.from(PREFILTER, 'base64'));

/** What the pass is to find: pairs of bytes lead to lists of detectors, and their neighbours to shorter ones. */
export interface PrefilterTables {
  /** `before * 256 + byte` to a list; 0 where no detector is to look. */
  readonly pairs: Uint8Array;
  /** Groups of pairs that hold all of them; at most `GROUPS`. */
  readonly boxes: readonly Box[];
  /** `list * 256 + the byte behind` to a list. */
  readonly byAfter: Uint16Array;
  /** The same with the byte two before. */
  readonly byTwoBefore: Uint16Array;
  /** 1 for lists of detectors that all hang on the end of a name. */
  readonly named: Uint8Array;
  /** How such a name may end. */
  readonly endings: LastLetters;
}

/** Digits and the underscore 1, letters 3. */
const WORDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return is(character, 0, UPPER | LOWER) ? 3 : is(character, 0, WORD) ? 1 : 0;
});

/** Which bytes are of the alphabets of base64: a bit for each high half, by the low half; then the bit of each half. */
const halves = (): Uint8Array => {
  const table = new Uint8Array(32);
  for (let byte = 0; byte < 128; byte++) {
    if (is(String.fromCharCode(byte), 0, BASE64 | ALNUM))
      table[byte & 15] = (table[byte & 15] ?? 0) | (1 << (byte >> 4));
  }
  for (let high = 0; high < 8; high++) table[16 + high] = 1 << high;
  return table;
};

/** A bit for each group: by byte where it may stand before an anchor; then by low half and by high half where it is one. */
const classesOf = (boxes: readonly Box[]): Uint8Array => {
  const classes = new Uint8Array(288);
  const mark = (at: number, group: number): void => {
    classes[at] = (classes[at] ?? 0) | (1 << group);
  };
  for (const [group, { before, anchors }] of boxes.entries()) {
    for (let byte = 0; byte < 256; byte++) {
      if (before[byte] === 1) mark(byte, group);
      if (anchors[byte] !== 1) continue;
      mark(256 + (byte & 15), group);
      mark(272 + (byte >> 4), group);
    }
  }
  return classes;
};

/** A class, so that those of all profiles have one shape. What it tells holds until it looks again. */
export class Prefilter {
  /** Places found: `offset * 65536 + list`, offsets counted from the start of what was looked at. */
  readonly found: Uint32Array;
  /**
   * Runs of base64: `start * 65536 + end`, and 32768 where it may be text; of 12 bytes that may be, of any 40, or up to the
   * end of what was looked at.
   */
  readonly runs: Uint32Array;
  private readonly exports: Exports;
  private readonly text: Uint8Array;
  private readonly byTwoBefore: number;
  private readonly pairs: number;

  /** @throws RangeError where there are too many groups or lists */
  constructor({ pairs, boxes, byAfter, byTwoBefore, named, endings }: PrefilterTables) {
    if (boxes.length > GROUPS || named.length > MOST_LISTS) throw new RangeError('too many fingerprints');
    this.exports = new WebAssembly.Instance(compiled).exports;
    this.byTwoBefore = AT_TABLES + byAfter.byteLength;
    this.pairs = this.byTwoBefore + byTwoBefore.byteLength;
    const { memory } = this.exports;
    const size = this.pairs + endings.pairs.byteLength;
    memory.grow(Math.max(0, Math.ceil((size - memory.buffer.byteLength) / PAGE)));
    const all = new Uint8Array(memory.buffer);
    all.set(classesOf(boxes), AT.classes);
    all.set(halves(), AT.base64);
    all.set(WORDS, AT.words);
    all.set(endings.triples, AT.endings);
    all.set(endings.left, AT.left);
    all.set(named, AT.named);
    all.set(PLACES, AT.places);
    all.set(SEXTET, AT.sextets);
    all.set(TRAILING, AT.trailing);
    all.set(pairs, AT.pairs);
    all.set(endings.pairs, this.pairs);
    new Uint16Array(memory.buffer, AT_TABLES).set(byAfter);
    new Uint16Array(memory.buffer, this.byTwoBefore).set(byTwoBefore);
    this.text = new Uint8Array(memory.buffer, AT_TEXT - LEAD, LEAD + CHUNK + 32);
    this.found = new Uint32Array(memory.buffer, AT_FOUND, CHUNK);
    this.runs = new Uint32Array(memory.buffer, AT_RUNS, 1_536);
  }

  /** Looks at the bytes from `start` on, `CHUNK` at most, and says how many places it found. */
  look(codes: Uint8Array, start: number): number {
    const { text } = this;
    const end = Math.min(codes.length, start + CHUNK);
    const length = end - start;
    if (start > 0) {
      text.set(codes.subarray(start - LEAD, end + 1), 0);
    } else {
      for (let i = 0; i < LEAD; i++) text[i] = 0;
      text.set(end === codes.length ? codes : codes.subarray(0, end + 1), LEAD);
    }
    // Behind the text lies its edge.
    if (end === codes.length) for (let i = LEAD + length; i < LEAD + length + 16; i++) text[i] = 0;
    return this.exports.scan(length, AT_TABLES, this.byTwoBefore, this.pairs);
  }

  /** How many runs there were. */
  get runCount(): number {
    return this.exports.runs.value;
  }
}
