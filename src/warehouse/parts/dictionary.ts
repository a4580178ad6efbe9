/** Columns of texts that come again and again: each is written once, and its number where it stands. */
import { type Column, ENCODING, levelsOf, MAX_ROWS, type Page, PHYSICAL, PlainColumn } from './column.js';
import { bitsFor, hybrid } from './encode.js';
import { GrowingBytes } from './growing.js';

/** From so many different values on, further ones are written out. */
const MAX_ENTRIES = 16_384;
const SLOTS = MAX_ENTRIES * 2;
/** FNV-1a of 32 bits; values are compared byte by byte after it. */
const HASH_START = -2128831035;
const HASH_PRIME = 16777619;
/** Bytes of the length before an entry. */
const PREFIX = 4;

const isSame = (a: Uint8Array, at: number, b: Uint8Array, from: number, length: number): boolean => {
  for (let i = 0; i < length; i++) if (a[at + i] !== b[from + i]) return false;
  return true;
};

export class DictionaryColumn implements Column {
  readonly physical = PHYSICAL.text;
  readonly optional = true;
  readonly width = null;
  readonly name: string;
  private readonly there = new Uint8Array(MAX_ROWS);
  private count = 0;
  /** Number of each value that is there, one after the other. */
  private readonly numbers = new Int32Array(MAX_ROWS);
  private numbered = 0;
  private readonly entries = new GrowingBytes();
  private readonly starts = new Int32Array(MAX_ENTRIES);
  private readonly lengths = new Int32Array(MAX_ENTRIES);
  private readonly hashes = new Int32Array(MAX_ENTRIES);
  private size = 0;
  /** Number of the entry in each slot, plus one. */
  private readonly slots = new Int32Array(SLOTS);
  private last = 0;
  /** What follows once there are too many different values. */
  private readonly rest: PlainColumn;
  private full = false;

  constructor(name: string) {
    this.name = name;
    this.rest = new PlainColumn(name);
  }

  put(from: Uint8Array, start: number, end: number): void {
    if (this.full) return this.rest.put(from, start, end);
    const number = this.isLast(from, start, end) ? this.last : this.find(from, start, end);
    if (this.full) return this.rest.put(from, start, end);
    this.there[this.count++] = 1;
    this.numbers[this.numbered++] = number;
    this.last = number;
  }

  putNull(): void {
    if (this.full) this.rest.putNull();
    else this.there[this.count++] = 0;
  }

  /** Bytes held. */
  get held(): number {
    return this.entries.length + this.rest.held;
  }

  private isLast(from: Uint8Array, start: number, end: number): boolean {
    const { last } = this;
    if (this.size === 0 || this.lengths[last] !== end - start) return false;
    return isSame(this.entries.bytes, this.starts[last] ?? 0, from, start, end - start);
  }

  private find(from: Uint8Array, start: number, end: number): number {
    let hash = HASH_START;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (from[at] ?? 0), HASH_PRIME);
    const { bytes } = this.entries;
    for (let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1); ; slot = (slot + 1) & (SLOTS - 1)) {
      const number = (this.slots[slot] ?? 0) - 1;
      if (number < 0) return this.enter(from, start, end, hash, slot);
      const same = this.hashes[number] === hash && this.lengths[number] === end - start;
      if (same && isSame(bytes, this.starts[number] ?? 0, from, start, end - start)) return number;
    }
  }

  private enter(from: Uint8Array, start: number, end: number, hash: number, slot: number): number {
    if (this.size === MAX_ENTRIES) {
      this.full = true;
      return 0;
    }
    const number = this.size++;
    this.starts[number] = this.entries.length + PREFIX;
    this.lengths[number] = end - start;
    this.hashes[number] = hash;
    this.slots[slot] = number + 1;
    this.entries.putPrefixed(from, start, end);
    return number;
  }

  take(): readonly Page[] {
    const { count, size } = this;
    const bits = bitsFor(size - 1);
    const numbers = size === 0 ? [] : [Buffer.from([bits]), hybrid(this.numbers, 0, this.numbered, bits)];
    const encoding = size === 0 ? ENCODING.plain : ENCODING.dictionary;
    const pages: Page[] = [
      { kind: 'data', values: count, encoding, parts: [...levelsOf(this.there, count), ...numbers] },
    ];
    if (size > 0) {
      const parts = [this.entries.view()];
      pages.unshift({ kind: 'dictionary', values: size, encoding: ENCODING.plain, parts });
    }
    if (this.full) pages.push(...this.rest.take());
    this.reset();
    return pages;
  }

  private reset(): void {
    this.count = 0;
    this.numbered = 0;
    this.size = 0;
    this.last = 0;
    this.full = false;
    this.slots.fill(0);
    this.entries.clear();
  }
}
