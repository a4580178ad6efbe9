/** AWS secrets without a literal of their own: they are told by form and by the words around them. */
import { BASE64_STANDARD, is, LOWER, runEnd, UPPER } from '../chars.js';
import type { RunDetector, ScanText } from '../detector.js';

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

/** The start of the 40 characters: after the `-` or `_` that ends a word before them. */
const isMixed = (value: string): boolean => /[a-z]/.test(value) && /[A-Z]/.test(value) && /[0-9+/]/.test(value);

export const awsSecretAccessKey: RunDetector = {
  name: 'aws-secret-access-key',
  group: 'secrets',
  run(text, start, end) {
    for (let at = start; end - at >= SECRET_LENGTH; ) {
      const stop = Math.min(end, runEnd(text.s, at, BASE64_STANDARD));
      if (stop - at === SECRET_LENGTH && isMixed(text.s.slice(at, stop)) && hasContext(text, at, stop)) {
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
  run({ s }, start, end) {
    if (end - start < SESSION_LENGTH || !is(s, start, UPPER | LOWER)) return undefined;
    return SESSION_HEADS.some((head) => s.startsWith(head, start))
      ? { start, end, detector: 'aws-session-token' }
      : undefined;
  },
};
