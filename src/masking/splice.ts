/** Replacing parts of texts and bytes, everything else left as it is. */
import type { StringNode } from '../base/json.js';
import { codeAt } from './codes.js';
import { isMask } from './marks.js';

/** Replaces `[start, end)`: UTF-16 offsets in a text, byte offsets in a buffer. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** Applies sorted, disjoint edits to a text. */
export const spliceText = (text: string, edits: readonly Edit[]): string => {
  let at = 0;
  let out = '';
  for (const { start, end, replacement } of edits) {
    out += text.slice(at, start) + replacement;
    at = end;
  }
  return out + text.slice(at);
};

/** Up to this length bytes are written one by one, which is faster than a call. */
const SHORT = 32;

const copyBytes = (out: Buffer, at: number, bytes: Buffer, start: number, end: number): void => {
  if (end - start > SHORT) bytes.copy(out, at, start, end);
  else for (let i = start; i < end; i++) out[at + i - start] = codeAt(bytes, i);
};

const writeAscii = (out: Buffer, at: number, text: string): void => {
  if (text.length > SHORT) out.write(text, at, 'latin1');
  else for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
};

/** Applies sorted, disjoint edits to bytes. Replacements are ASCII. */
export const spliceBytes = (bytes: Buffer, edits: readonly Edit[]): Buffer => {
  let length = bytes.length;
  for (const { start, end, replacement } of edits) length += replacement.length - (end - start);
  const out = Buffer.allocUnsafe(length);
  let from = 0;
  let at = 0;
  for (const { start, end, replacement } of edits) {
    copyBytes(out, at, bytes, from, start);
    at += start - from;
    writeAscii(out, at, replacement);
    at += replacement.length;
    from = end;
  }
  copyBytes(out, at, bytes, from, bytes.length);
  return out;
};

const BACKSLASH = 0x5c;

/** Bytes of the character or escape at `i` of a JSON string token. */
const bytesAt = (bytes: Buffer, i: number): number => {
  const byte = codeAt(bytes, i);
  if (byte === BACKSLASH) return bytes[i + 1] === 0x75 ? 6 : 2;
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
};

/** A replacement as it is written inside a JSON string. */
const written = (replacement: string): string =>
  // eslint-disable-next-line no-control-regex -- what JSON escapes
  isMask(replacement) || !/["\\\u0000-\u001f]/.test(replacement)
    ? replacement
    : JSON.stringify(replacement).slice(1, -1);

/** The same for replacements of which most are as the one before. */
const writer = (): ((replacement: string) => string) => {
  let [last, out] = ['', ''];
  return (replacement) => {
    if (replacement !== last) [last, out] = [replacement, written(replacement)];
    return out;
  };
};

/**
 * Edits of a decoded string as edits of its token, written as JSON. An offset inside a surrogate pair is moved
 * out of the edit's way, so that the pair is replaced whole.
 */
export const tokenEdits = (bytes: Buffer, node: StringNode, edits: readonly Edit[]): readonly Edit[] => {
  const first = node.start + 1;
  const write = writer();
  // No escape and nothing beyond ASCII: offsets are the same.
  if (node.end - node.start - 2 === node.value.length) {
    return edits.map(({ start, end, replacement }) => ({
      start: first + start,
      end: first + end,
      replacement: write(replacement),
    }));
  }
  let i = first;
  let units = 0;
  const seek = (target: number, over: boolean): number => {
    while (units < target && i < node.end - 1) {
      const length = bytesAt(bytes, i);
      // What takes four bytes is a pair of units.
      const width = length === 4 ? 2 : 1;
      if (!over && units + width > target) break;
      i += length;
      units += width;
    }
    return i;
  };
  return edits.map(({ start, end, replacement }) => ({
    start: seek(start, false),
    end: seek(end, true),
    replacement: write(replacement),
  }));
};

/** UTF-16 offsets of sorted byte offsets in the UTF-8 form of a text. */
export const unitOffsets = (text: string, offsets: readonly number[]): readonly number[] => {
  let unit = 0;
  let byte = 0;
  return offsets.map((offset) => {
    while (byte < offset && unit < text.length) {
      const point = text.codePointAt(unit) ?? 0;
      byte += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
      unit += point > 0xffff ? 2 : 1;
    }
    return unit;
  });
};
