const LF = 0x0a;
const CR = 0x0d;

/**
 * Splits a byte stream into lines, bounded; empty ones are left out, and a CR before the LF goes with it.
 * @param onLine one line, without its end; its bytes may be part of a chunk
 * @returns takes a chunk; false where a line is over `maxBytes`
 */
export const lineSplitter = (maxBytes: number, onLine: (line: Buffer) => void): ((chunk: Buffer) => boolean) => {
  let pieces: Buffer[] = [];
  let size = 0;
  return (chunk) => {
    let start = 0;
    for (let lf = chunk.indexOf(LF); lf >= 0; lf = chunk.indexOf(LF, start)) {
      if (size + lf - start > maxBytes) return false;
      const tail = chunk.subarray(start, lf);
      const line = pieces.length === 0 ? tail : Buffer.concat([...pieces, tail]);
      pieces = [];
      size = 0;
      start = lf + 1;
      const end = line.at(-1) === CR ? line.length - 1 : line.length;
      if (end > 0) onLine(line.subarray(0, end));
    }
    if (start < chunk.length) {
      size += chunk.length - start;
      pieces.push(Buffer.from(chunk.subarray(start)));
    }
    return size <= maxBytes;
  };
};
