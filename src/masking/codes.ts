/** Texts as bytes: what is scanned is looked at one byte for each character, which is faster than a string is. */

/** From this length on a text is looked at before it is copied: most are ASCII, which is copied at once. */
const LONG = 48;

/** What stands for every character beyond ASCII. */
export const BEYOND_ASCII = 255;

/** The UTF-16 units of a text: of a long one they are read faster so. */
const unitsOf = (s: string): Uint16Array => {
  const bytes = Buffer.from(s, 'utf16le');
  return new Uint16Array(bytes.buffer, bytes.byteOffset, s.length);
};

/** Up to this length buffers are kept and used again: a new one takes longer than what is done with it. */
const MOST_KEPT = 256;
const free: Buffer[][] = Array.from({ length: MOST_KEPT + 1 }, () => []);

const bufferOf = (length: number): Buffer => free[length]?.pop() ?? Buffer.allocUnsafe(length);

/** Gives back what `codesOf` gave, which nobody may read any more. */
export const release = (codes: Buffer): void => {
  free[codes.length]?.push(codes);
};

/** One byte for each UTF-16 unit of a text: ASCII as it is, 255 for everything else. */
export const codesOf = (s: string): Buffer => {
  const codes = bufferOf(s.length);
  if (s.length >= LONG && Buffer.byteLength(s, 'utf8') === s.length) {
    codes.write(s, 0, 'latin1');
    return codes;
  }
  const units = s.length >= LONG ? unitsOf(s) : undefined;
  for (let i = 0; i < s.length; i++) {
    const code = units ? (units[i] ?? 0) : s.charCodeAt(i);
    codes[i] = code < 128 ? code : BEYOND_ASCII;
  }
  return codes;
};

/**
 * The byte at `i`; 0 outside the text. The bounds are tested, since a read outside of them, above all at -1, makes every
 * later read slower.
 */
export const codeAt = (codes: Uint8Array, i: number): number => (i >= 0 && i < codes.length ? (codes[i] ?? 0) : 0);

/** The byte at `i`, which is inside the text. */
export const innerAt = (codes: Uint8Array, i: number): number => codes[i] ?? 0;

/** An entry of a table, inside its bounds. Apart from `codeAt`, so that the engine keeps the two kinds of array apart. */
export const entryAt = (table: Uint8Array, i: number): number => table[i] ?? 0;
