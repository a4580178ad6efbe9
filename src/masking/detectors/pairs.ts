/**
 * Members that name what another one holds: `"name": "DB_PASSWORD", "value": …`. The raw stage only asks whether such a
 * name is there; the document tells the rest.
 */
import { codeAt, entryAt, innerAt } from '../codes.js';
import type { ScanText } from '../detector.js';
import { lastLettersOf } from '../endings.js';
import type { KeyNames } from '../keys.js';
import { quoteAt, quotedEnd } from './quoting.js';

/** White space of JSON. */
const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);

/** Names beside which another member may name what a value is. */
const PAIR_NAMES = ['name', 'key', 'variable', 'parameter', 'header', 'id'];
/** Their last letters, whatever their case. */
const PAIR_ENDS = Uint8Array.from({ length: 256 }, (_, code) =>
  PAIR_NAMES.some((name) => name.endsWith(String.fromCharCode(code).toLowerCase())) ? 1 : 0,
);
/** How those end. */
export const PAIR_LETTERS = lastLettersOf(PAIR_NAMES);
const endsWith = (codes: Uint8Array, last: number, name: string): boolean => {
  const start = last + 1 - name.length;
  for (let k = name.length - 1; k >= 0; k--) if ((codeAt(codes, start + k) | 0x20) !== name.charCodeAt(k)) return false;
  return true;
};
export const endsPair = (codes: Uint8Array, last: number): boolean => {
  if (entryAt(PAIR_ENDS, codeAt(codes, last)) !== 1) return false;
  for (const name of PAIR_NAMES) if (endsWith(codes, last, name)) return true;
  return false;
};

/** Whether the string at `start` is short, has no escapes, and ends in no secret name. */
export const isOrdinaryText = (names: KeyNames, codes: Uint8Array, start: number): boolean => {
  if (codeAt(codes, start) !== 0x22) return false;
  const last = Math.min(codes.length, start + 128);
  for (let i = start + 1; i < last; i++) {
    const code = innerAt(codes, i);
    if (code === 0x22) return i > start + 1 && !names.mayEndAt(codes, i - 1);
    if (code === 0x5c) return false;
  }
  return false;
};

/** `"name": "DB_PASSWORD", "value": …`: the raw stage only asks whether such a name is there. */
export const namesSecret = (names: KeyNames, { s, codes }: ScanText, i: number): boolean => {
  let start = i + 1;
  while (isSpace(s.charCodeAt(start))) start++;
  if (isOrdinaryText(names, codes, start)) return false;
  const window = s.slice(start, start + 200);
  const quote = quoteAt(window, 0);
  if (!quote) return false;
  const value = window.slice(quote.end, quotedEnd(window, quote));
  // What an escape in the name stands for is the exact stage's to say.
  return value.includes('\\') || names.before(value, value.length, 0) !== undefined;
};
