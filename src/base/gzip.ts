import { crc32, inflateRawSync } from 'node:zlib';

/** Why bytes are not one whole gzip member. */
export class GzipError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'GzipError';
  }
}

/** ID1, ID2 and the deflate method. */
const MAGIC = Buffer.from([0x1f, 0x8b, 8]);
const FLAG = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 } as const;

/** Offset of the deflate stream (RFC 1952 §2.3). */
const headerEnd = (bytes: Buffer): number => {
  const flags = bytes[3] ?? 0;
  if (bytes.length < 18 || !bytes.subarray(0, 3).equals(MAGIC)) throw new GzipError('not a gzip file');
  if (flags & FLAG.reserved) throw new GzipError('reserved gzip flags are set');
  let at = 10;
  if (flags & FLAG.extra) {
    if (at + 2 > bytes.length) throw new GzipError('the gzip header is cut off');
    at += 2 + bytes.readUInt16LE(at);
  }
  for (const flag of [FLAG.name, FLAG.comment]) {
    if (!(flags & flag)) continue;
    const zero = bytes.indexOf(0, at);
    if (zero < 0) throw new GzipError('the gzip header is cut off');
    at = zero + 1;
  }
  return flags & FLAG.headerCrc ? at + 2 : at;
};

/** What is unpacked lies in pieces of the size that the trailer tells, within these bounds: mostly one, which is not copied. */
const PIECE = { least: 1024, most: 4 * 1024 ** 2 } as const;

const pieceOf = (bytes: Buffer): number =>
  Math.min(PIECE.most, Math.max(PIECE.least, bytes.readUInt32LE(bytes.length - 4) + 1));

/** `inflateRawSync` with `info` also tells how many bytes of input it used; the type declarations omit it. */
const hasEngine = (value: unknown): value is { buffer: Buffer; engine: { bytesWritten: number } } =>
  typeof value === 'object' && value !== null && 'buffer' in value && 'engine' in value;

const inflate = (bytes: Buffer, maxBytes: number): { data: Buffer; used: number } => {
  let result: unknown;
  try {
    result = inflateRawSync(bytes, { maxOutputLength: maxBytes, chunkSize: pieceOf(bytes), info: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if (code === 'ERR_BUFFER_TOO_LARGE') throw new GzipError(`more than ${maxBytes} bytes when unpacked`);
    throw new GzipError('the gzip data is cut off or damaged');
  }
  if (!hasEngine(result)) throw new GzipError('the gzip data could not be measured');
  return { data: result.buffer, used: result.engine.bytesWritten };
};

/**
 * Unpacks exactly one gzip member (RFC 1952) and checks its CRC-32 and length.
 * A second member or trailing bytes are refused: readers that accept them see records which
 * the hash of a CloudTrail digest does not cover.
 * @param maxBytes bound on the unpacked size
 * @throws GzipError
 */
export const gunzipSingle = (bytes: Uint8Array, maxBytes: number): Buffer => {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = headerEnd(input);
  const { data, used } = inflate(input.subarray(start), maxBytes);
  const trailer = start + used;
  if (trailer + 8 > input.length) throw new GzipError('the gzip trailer is cut off');
  if (input.readUInt32LE(trailer) !== crc32(data)) throw new GzipError('the gzip checksum does not match');
  if (input.readUInt32LE(trailer + 4) !== data.length % 2 ** 32) throw new GzipError('the gzip length does not match');
  if (trailer + 8 !== input.length) throw new GzipError('bytes follow the first gzip member');
  return data;
};
