/** Credentials of HTTP authentication where they stand alone: `Bearer …` (RFC 6750) and `Basic …` (RFC 7617). */
import { BASE64, DOTTED_TOKEN, is, leftEdge, runEnd } from '../chars.js';
import { BEFORE_WORD, type DetectorEntry, type Finding } from '../detector.js';
import { made } from './example.js';

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
  // A word of prose may decode to text by chance.
  if (run === end && /^[a-z]*$/.test(s.slice(start, Math.min(end, start + 40)))) return undefined;
  const decoded = Buffer.from(s.slice(start, run), 'base64').toString('latin1');
  // eslint-disable-next-line no-control-regex -- control characters are what tells noise from text here
  const text = /^[^\u0000-\u001f\u007f]+$/.test(decoded);
  return decoded.includes(':') && text ? { start, end, detector: 'basic-credentials' } : undefined;
};

/** Whether the scheme and a blank stand at `i`, and begin a word. */
const isScheme = (s: string, i: number, scheme: string): boolean =>
  leftEdge(s, i) && s.slice(i, i + scheme.length).toLowerCase() === scheme;

export const bearerToken: DetectorEntry = {
  name: 'bearer-token',
  group: 'secrets',
  examples: {
    match: [`curl -H "X-Auth: Bearer ${made('', 40)}"`, `it is bearer ${made('', 20)}`],
    noMatch: [
      'bearer authentication_required',
      'Bearer <token>',
      'the bearer of this letter',
      `forbearer ${made('', 40)}`,
    ],
  },
  anchors: 'Bb',
  before: BEFORE_WORD,
  after: 'eE',
  at: ({ s }, i) => (isScheme(s, i, 'bearer ') ? bearer(s, i + 7) : undefined),
};

export const basicCredentials: DetectorEntry = {
  name: 'basic-credentials',
  group: 'secrets',
  examples: {
    match: ['Use Basic YWxpY2U6aHVudGVyMg== for it', 'basic YWxpY2U6aHVudGVyMg'],
    noMatch: [
      'Basic authentication',
      'basic type checks',
      'BASIC 10 PRINT',
      'Visual-basic YWxpY2U=',
      'Basic AAECAwQFBgc6CQ==',
    ],
  },
  anchors: 'Bb',
  before: BEFORE_WORD,
  after: 'aA',
  at: ({ s }, i) => (isScheme(s, i, 'basic ') ? basic(s, i + 6) : undefined),
};
