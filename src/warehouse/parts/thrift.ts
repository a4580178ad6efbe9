/** Thrift's compact protocol, as far as the metadata of Parquet need it. Source: apache/thrift, thrift-compact-protocol.md. */
import { varint } from './encode.js';

const TYPE = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

/** Integers in metadata are never negative; zigzag doubles them. */
const zigzag = (value: number): number[] => varint(value * 2);

/** A value with its type. */
export interface ThriftValue {
  readonly type: number;
  readonly bytes: readonly number[];
}

export const i32 = (value: number): ThriftValue => ({ type: TYPE.i32, bytes: zigzag(value) });
/** Up to 2^52. */
export const i64 = (value: number): ThriftValue => ({ type: TYPE.i64, bytes: zigzag(value) });

export const binary = (text: string): ThriftValue => {
  const bytes = Buffer.from(text);
  return { type: TYPE.binary, bytes: [...varint(bytes.length), ...bytes] };
};

export const list = (items: readonly ThriftValue[]): ThriftValue => {
  const type = items[0]?.type ?? TYPE.struct;
  const head = items.length < 15 ? [(items.length << 4) | type] : [0xf0 | type, ...varint(items.length)];
  return { type: TYPE.list, bytes: [...head, ...items.flatMap(({ bytes }) => bytes)] };
};

/** A structure of fields by their number, in ascending order; those that are undefined are left out. */
export const struct = (fields: Readonly<Record<number, ThriftValue | undefined>>): ThriftValue => {
  const bytes: number[] = [];
  let last = 0;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const id = Number(name);
    bytes.push(((id - last) << 4) | value.type, ...value.bytes);
    last = id;
  }
  bytes.push(0);
  return { type: TYPE.struct, bytes };
};
