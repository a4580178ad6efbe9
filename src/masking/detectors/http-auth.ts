/** Credentials of HTTP authentication where they stand alone: `Bearer …` (RFC 6750) and `Basic …` (RFC 7617). */
import { BASE64, DOTTED_TOKEN, is, leftEdge, runEnd } from '../chars.js';
import { BEFORE_WORD, type Detector, type Finding } from '../detector.js';

const BEARER_MIN = 16;
/** Without a digit it may be prose: bearer authentication_required. */
const BEARER_SURE = 32;

const TOKEN68 = DOTTED_TOKEN | BASE64;

/** A credential of RFC 9110 §11.2 (token68). */
const credential = (s: string, start: number): number => {
  let end = start;
  while (is(s, end, TOKEN68) || s.charCodeAt(end) === 0x7e) end++;
  while (end > start && s.charCodeAt(end) === 0x3d) end++;
  return end;
};

const padding = (s: string, i: number): number => {
  let end = i;
  while (s.charCodeAt(end) === 0x3d) end++;
  return end;
};

const bearer = (s: string, start: number): Finding | undefined => {
  const end = padding(s, credential(s, start));
  const length = end - start;
  if (length < BEARER_MIN) return undefined;
  if (length < BEARER_SURE && !/[0-9]/.test(s.slice(start, end))) return undefined;
  return { start, end, detector: 'bearer-token' };
};

const basic = (s: string, start: number): Finding | undefined => {
  const run = runEnd(s, start, BASE64);
  const end = padding(s, run);
  if (end - start < 4 || end - start > 4096) return undefined;
  const decoded = Buffer.from(s.slice(start, run), 'base64').toString('latin1');
  // eslint-disable-next-line no-control-regex -- control characters are what tells noise from text here
  const text = /^[^\u0000-\u001f\u007f]+$/.test(decoded);
  return decoded.includes(':') && text ? { start, end, detector: 'basic-credentials' } : undefined;
};

export const httpAuth: Detector = {
  name: 'bearer-token',
  group: 'secrets',
  anchors: 'Bb',
  before: BEFORE_WORD,
  after: 'eEaA',
  at({ s }, i) {
    const next = s.charCodeAt(i + 1) | 0x20;
    if ((next !== 0x65 && next !== 0x61) || !leftEdge(s, i)) return undefined;
    const word = s.slice(i, i + 7).toLowerCase();
    let start: number;
    if (word === 'bearer ') start = i + 7;
    else if (word.startsWith('basic ')) start = i + 6;
    else return undefined;
    return word === 'bearer ' ? bearer(s, start) : basic(s, start);
  },
};
