/** AWS secrets without a literal of their own: they are told by form and by the words around them. */
import { BASE64_STANDARD, is, LOWER, runEnd, UPPER } from '../chars.js';
import { innerAt } from '../codes.js';
import type { RunDetector, ScanText } from '../detector.js';
import { made } from './example.js';

const SECRET_LENGTH = 40;
const REACH = 120;
const CONTEXT = /secret|aws|credential|access.?key|AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}/i;
/** How session tokens of STS begin: base64 of their fixed header. */
const SESSION_HEADS = ['IQoJ', 'FwoG', 'FQoG', 'FwoD', 'FQoD'];
const SESSION_LENGTH = 100;

const hasContext = ({ s, name, raw }: ScanText, start: number, end: number): boolean =>
  raw ||
  CONTEXT.test(name) ||
  CONTEXT.test(s.slice(Math.max(0, start - REACH), start)) ||
  /AKIA[A-Z0-9]{16}|ASIA[A-Z0-9]{16}/.test(s.slice(end, end + REACH));

/** Letters in runs of one case, from which on 40 characters are words, such as a path: of random ones, 1 in 2,700. */
const WORDED = 25;
/** The same below the host of an address. */
const WORDED_IN_URL = 20;

const worded = (value: string): number => {
  let letters = 0;
  for (const [run] of value.matchAll(/[a-z]{4,}|[A-Z]{4,}/g)) letters += run.length;
  return letters;
};

/** Letters of both cases, and something else. */
const isMixed = ({ codes }: ScanText, start: number, end: number): boolean => {
  let seen = 0;
  for (let i = start; i < end; i++) {
    const code = innerAt(codes, i);
    seen |= code >= 0x61 ? 1 : code >= 0x41 ? 2 : 4;
  }
  return seen === 7;
};

/** Whether the characters are the end of a host and the path behind it, or go on from a name in a path. */
const isInUrl = (s: string, start: number): boolean =>
  (s.charCodeAt(start - 1) === 0x2e || s.charCodeAt(start - 1) === 0x2d) &&
  /:\/\/[\w.~/-]{1,118}$/.test(s.slice(Math.max(0, start - REACH), start));

const isRandom = (text: ScanText, start: number, end: number): boolean => {
  const { s } = text;
  return isMixed(text, start, end) && worded(s.slice(start, end)) < (isInUrl(s, start) ? WORDED_IN_URL : WORDED);
};

export const awsSecretAccessKey: RunDetector = {
  name: 'aws-secret-access-key',
  group: 'secrets',
  examples: {
    match: [`the aws secret is ${made('', 40)}`, `${made('AKIA', 0)}J7QX2M4NT5VWY3ZB ${made('', 40)}`],
    noMatch: [
      `checksum ${made('', 40)}`,
      `aws ${made('', 39)}`,
      `aws ${made('', 41)}`,
      'aws commit 3f786850e387550fdab836ed7e6dc881de23001b',
      'see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectDELETE.html',
    ],
  },
  run(text, start, end) {
    for (let at = start; end - at >= SECRET_LENGTH; ) {
      const stop = Math.min(end, runEnd(text.s, at, BASE64_STANDARD));
      if (stop - at === SECRET_LENGTH && isRandom(text, at, stop) && hasContext(text, at, stop)) {
        return { start: at, end: stop, detector: 'aws-secret-access-key' };
      }
      at = stop + 1;
    }
    return undefined;
  },
};

export const awsSessionToken: RunDetector = {
  name: 'aws-session-token',
  group: 'secrets',
  examples: {
    match: [made('IQoJb3JpZ2luX2Vj', 200), `token ${made('FwoGZXIvYXdzE', 120)} .`],
    noMatch: [made('IQoJb3JpZ2luX2Vj', 40), made('xIQoJb3JpZ2luX2Vj', 200)],
  },
  run({ s }, start, end) {
    if (end - start < SESSION_LENGTH || !is(s, start, UPPER | LOWER)) return undefined;
    return SESSION_HEADS.some((head) => s.startsWith(head, start))
      ? { start, end, detector: 'aws-session-token' }
      : undefined;
  },
};
