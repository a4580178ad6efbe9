/**
 * Writes Parquet files row group by row group: flat columns, no compression of its own. DuckDB and every other reader of
 * Parquet read them. Source: apache/parquet-format, README.md and parquet.thrift.
 */
import { type Column, ENCODING, type Page, PHYSICAL } from './column.js';
import { binary, i32, i64, list, struct, type ThriftValue } from './thrift.js';

const MAGIC = Buffer.from('PAR1');
const OPTIONAL = 1;
const REQUIRED = 0;
/** Annotations of a schema element. */
const CONVERTED = { utf8: 0, timestampMicros: 10, json: 19 } as const;
const PAGE = { data: 0, dictionary: 2 } as const;
const UNCOMPRESSED = 0;

interface Chunk {
  readonly start: number;
  readonly bytes: number;
  readonly values: number;
  readonly dictionary: number | null;
  readonly data: number;
  readonly encodings: readonly number[];
}

const headerOf = ({ kind, values, encoding }: Page, bytes: number): Buffer => {
  const dictionary = kind === 'dictionary';
  const header = struct({
    1: i32(dictionary ? PAGE.dictionary : PAGE.data),
    2: i32(bytes),
    3: i32(bytes),
    5: dictionary
      ? undefined
      : struct({ 1: i32(values), 2: i32(encoding), 3: i32(ENCODING.rle), 4: i32(ENCODING.rle) }),
    7: dictionary ? struct({ 1: i32(values), 2: i32(ENCODING.plain) }) : undefined,
  });
  return Buffer.from(header.bytes);
};

const convertedOf = ({ physical, json }: Column): ThriftValue | undefined => {
  if (physical === PHYSICAL.text) return i32(json === true ? CONVERTED.json : CONVERTED.utf8);
  return physical === PHYSICAL.int64 ? i32(CONVERTED.timestampMicros) : undefined;
};

const elementOf = (column: Column): ThriftValue =>
  struct({
    1: i32(column.physical),
    2: column.width === null ? undefined : i32(column.width),
    3: i32(column.optional ? OPTIONAL : REQUIRED),
    4: binary(column.name),
    6: convertedOf(column),
  });

const chunkOf = ({ name, physical }: Column, chunk: Chunk): ThriftValue =>
  struct({
    2: i64(chunk.start),
    3: struct({
      1: i32(physical),
      2: list(chunk.encodings.map(i32)),
      3: list([binary(name)]),
      4: i32(UNCOMPRESSED),
      5: i64(chunk.values),
      6: i64(chunk.bytes),
      7: i64(chunk.bytes),
      9: i64(chunk.data),
      11: chunk.dictionary === null ? undefined : i64(chunk.dictionary),
    }),
  });

/** Puts a file together; `write` takes its bytes in order, and must not keep them. */
export class ParquetFile {
  private readonly columns: readonly Column[];
  private readonly write: (bytes: Buffer) => void;
  private readonly groups: ThriftValue[] = [];
  private at = 0;
  private total = 0;

  constructor(columns: readonly Column[], write: (bytes: Buffer) => void) {
    this.columns = columns;
    this.write = write;
    this.put(MAGIC);
  }

  get rows(): number {
    return this.total;
  }

  private put(bytes: Buffer): void {
    this.write(bytes);
    this.at += bytes.length;
  }

  /** Writes what the columns were filled with, which must be so many rows in each. */
  group(rows: number): void {
    if (rows === 0) return;
    const from = this.at;
    const chunks = this.columns.map((column) => chunkOf(column, this.chunk(column.take())));
    this.groups.push(struct({ 1: list(chunks), 2: i64(this.at - from), 3: i64(rows) }));
    this.total += rows;
  }

  private chunk(pages: readonly Page[]): Chunk {
    const start = this.at;
    let [dictionary, data, values]: [number | null, number | null, number] = [null, null, 0];
    for (const page of pages) {
      if (page.kind === 'dictionary') dictionary = this.at;
      else {
        data ??= this.at;
        values += page.values;
      }
      this.put(
        headerOf(
          page,
          page.parts.reduce((sum, { length }) => sum + length, 0),
        ),
      );
      for (const part of page.parts) this.put(part);
    }
    const encodings = [...new Set([ENCODING.rle, ...pages.map(({ encoding }) => encoding)])];
    return { start, bytes: this.at - start, values, dictionary, data: data ?? start, encodings };
  }

  /** Writes the metadata. Nothing may follow. */
  end(): void {
    const root = struct({ 4: binary('schema'), 5: i32(this.columns.length) });
    const metadata = struct({
      1: i32(1),
      2: list([root, ...this.columns.map(elementOf)]),
      3: i64(this.total),
      4: list(this.groups),
      6: binary('countersign'),
    });
    const bytes = Buffer.from(metadata.bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    this.put(bytes);
    this.put(length);
    this.put(MAGIC);
  }
}
