/** Parquet's hybrid of runs and packed bits. Source: apache/parquet-format, Encodings.md, "RLE/Bit-Packing Hybrid". */

/** An unsigned number of up to 53 bits, seven of them a byte, the lowest first. */
export const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
};

/** Bits that hold every number up to `max`; at least one. */
export const bitsFor = (max: number): number => Math.max(1, 32 - Math.clz32(max));

const isConstant = (values: Int32Array | Uint8Array, from: number, to: number): boolean => {
  const first = values[from];
  for (let i = from + 1; i < to; i++) if (values[i] !== first) return false;
  return true;
};

const packed = (values: Int32Array | Uint8Array, from: number, to: number, bits: number): Buffer => {
  const groups = Math.ceil((to - from) / 8);
  const head = varint(groups * 2 + 1);
  const out = Buffer.alloc(head.length + groups * bits);
  out.set(head);
  let at = head.length;
  let held = 0;
  let count = 0;
  for (let i = from; i < to; i++) {
    // At most 7 bits are left over, so up to 24 bits fit beside them.
    held |= (values[i] ?? 0) << count;
    for (count += bits; count >= 8; count -= 8) {
      out[at++] = held;
      held >>>= 8;
    }
  }
  if (count > 0) out[at] = held;
  return out;
};

/**
 * The numbers from `from` up to `to`, each of so many bits (at most 24): one run where they are all the same, else packed.
 */
export const hybrid = (values: Int32Array | Uint8Array, from: number, to: number, bits: number): Buffer => {
  if (!isConstant(values, from, to)) return packed(values, from, to, bits);
  const value = values[from] ?? 0;
  const bytes = Array.from({ length: Math.ceil(bits / 8) }, (_, i) => (value >>> (8 * i)) & 0xff);
  return Buffer.from([...varint((to - from) * 2), ...bytes]);
};
