/** Columns of a Parquet row group, filled value by value and turned into pages. */
import { hybrid } from './encode.js';
import { GrowingBytes } from './growing.js';

/** Numbers of Parquet's enumerations. Source: apache/parquet-format, parquet.thrift. */
export const ENCODING = { plain: 0, rle: 3, dictionary: 8 } as const;
export const PHYSICAL = { int32: 1, int64: 2, text: 6, fixed: 7 } as const;

/** The bytes of a page without its header. */
export interface Page {
  readonly kind: 'dictionary' | 'data';
  /** Values, those that are NULL among them. */
  readonly values: number;
  readonly encoding: number;
  readonly parts: readonly Buffer[];
}

export interface Column {
  readonly name: string;
  readonly physical: number;
  /** Whether it may be NULL. */
  readonly optional: boolean;
  /** Bytes of each value, where that is fixed. */
  readonly width: number | null;
  /** Whether its texts are JSON. */
  readonly json?: boolean;
  /** Pages of what was filled in since the last call; they are valid until the next value. */
  take(): readonly Page[];
}

/** Rows of a row group at most. */
export const MAX_ROWS = 122_880;

/** Which of so many values are there: their definition levels, with their length before them. */
export const levelsOf = (there: Uint8Array, count: number): readonly Buffer[] => {
  const levels = hybrid(there, 0, count, 1);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(levels.length);
  return [length, levels];
};

/** Numbers of a fixed width; never NULL. */
export class NumberColumn implements Column {
  readonly optional = false;
  readonly width = null;
  readonly name: string;
  readonly physical: number;
  private readonly size: number;
  private readonly bytes: Buffer;
  private count = 0;

  constructor(name: string, physical: typeof PHYSICAL.int32 | typeof PHYSICAL.int64) {
    this.name = name;
    this.physical = physical;
    this.size = physical === PHYSICAL.int32 ? 4 : 8;
    this.bytes = Buffer.alloc(MAX_ROWS * this.size);
  }

  put(value: number): void {
    const at = this.count++ * this.size;
    this.bytes.writeInt32LE(value | 0, at);
    if (this.size === 8) this.bytes.writeInt32LE(Math.floor(value / 2 ** 32), at + 4);
  }

  take(): readonly Page[] {
    const values = this.count;
    this.count = 0;
    return [{ kind: 'data', values, encoding: ENCODING.plain, parts: [this.bytes.subarray(0, values * this.size)] }];
  }
}

/** Values of a fixed number of bytes; never NULL. */
export class FixedColumn implements Column {
  readonly physical = PHYSICAL.fixed;
  readonly optional = false;
  readonly name: string;
  readonly width: number;
  private readonly bytes: Buffer;
  private count = 0;

  constructor(name: string, width: number) {
    this.name = name;
    this.width = width;
    this.bytes = Buffer.alloc(MAX_ROWS * width);
  }

  put(value: Uint8Array): void {
    this.bytes.set(value, this.count++ * this.width);
  }

  take(): readonly Page[] {
    const values = this.count;
    this.count = 0;
    return [{ kind: 'data', values, encoding: ENCODING.plain, parts: [this.bytes.subarray(0, values * this.width)] }];
  }
}

/** Texts, or NULL, each written out: for values that seldom come twice. */
export class PlainColumn implements Column {
  readonly physical = PHYSICAL.text;
  readonly optional = true;
  readonly width = null;
  readonly name: string;
  readonly json: boolean;
  private readonly there = new Uint8Array(MAX_ROWS);
  private readonly values = new GrowingBytes();
  private count = 0;

  constructor(name: string, json = false) {
    this.name = name;
    this.json = json;
  }

  put(from: Uint8Array, start: number, end: number): void {
    this.values.putPrefixed(from, start, end);
    this.there[this.count++] = 1;
  }

  putNull(): void {
    this.there[this.count++] = 0;
  }

  /** Bytes held. */
  get held(): number {
    return this.values.length;
  }

  take(): readonly Page[] {
    const { count } = this;
    const parts = [...levelsOf(this.there, count), this.values.view()];
    this.count = 0;
    this.values.clear();
    return [{ kind: 'data', values: count, encoding: ENCODING.plain, parts }];
  }
}
