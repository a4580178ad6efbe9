/** Credentials in the authority of a URL (RFC 3986 §3.2.1). */
import { ALNUM, charactersOf, is } from '../chars.js';
import { entryAt, innerAt } from '../codes.js';
import type { DetectorEntry, ScanText } from '../detector.js';
import { isMask } from '../marks.js';
import { made } from './example.js';

/** Longest user information looked at. */
const LONGEST = 512;
/** A user name this long without a password is a token. */
const TOKEN_LENGTH = 20;
/** The characters at which an authority ends, 1 each; none is beyond ASCII. */
const ENDS = Uint8Array.from({ length: 256 }, (_, code) =>
  code < 128 && /[\s/?#"'`<>\\]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** What is to be filled in: `${DB_PASSWORD}`, `{password}`, `%s`, `***`. */
const PLACE = /^(?:\$\{?\w{1,64}\}?|\$\([^()]{1,64}\)|\{{1,2}[\w. -]{1,64}\}{1,2}|%[a-z]|\*{1,64}|x{3,64})$/;

/** The user information: up to the last `@` before the authority ends; -1 where there is none. */
const userInfoEnd = ({ codes }: ScanText, start: number): number => {
  const last = Math.min(codes.length, start + LONGEST);
  let at = -1;
  for (let i = start; i < last; i++) {
    const code = innerAt(codes, i);
    if (code === 0x40) at = i;
    else if (entryAt(ENDS, code) === 1) break;
  }
  return at > start ? at : -1;
};

export const urlCredentials: DetectorEntry = {
  name: 'url-credentials',
  group: 'secrets',
  examples: {
    match: [
      'postgres://alice:hunter2@db.example.com:5432/app',
      'https://x:p@ss@example.com/x.git',
      `https://${made('', 24)}@example.com`,
    ],
    noMatch: [
      'https://example.com/a@b',
      'ssh://git@example.com/x',
      'https://example.com:443/x?y=a@b',
      'mailto:a@b.example',
      'postgres://app:${DB_PASSWORD}@db.example.com/app',
    ],
  },
  anchors: ':',
  before: charactersOf(ALNUM),
  after: '/',
  at(text, i) {
    const { s } = text;
    if (s.charCodeAt(i + 1) !== 0x2f || s.charCodeAt(i + 2) !== 0x2f || !is(s, i - 1, ALNUM)) return undefined;
    const start = i + 3;
    const end = userInfoEnd(text, start);
    if (end < 0) return undefined;
    const info = s.slice(start, end);
    const colon = info.indexOf(':');
    const secret = colon < 0 ? info : info.slice(colon + 1);
    if (secret === '' || isMask(info) || isMask(secret) || PLACE.test(secret)) return undefined;
    if (colon < 0 && info.length < TOKEN_LENGTH) return undefined;
    return { start, end, detector: 'url-credentials' };
  },
};
