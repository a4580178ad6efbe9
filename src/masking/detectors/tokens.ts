/** Tokens that vendors mark with a prefix. */
import { ALNUM, charactersOf, DIGIT, DOTTED_TOKEN, is, isEscapeLetter, LOWER, runEnd, TOKEN, WORD } from '../chars.js';
import type { DetectorEntry } from '../detector.js';
import type { MaskName } from '../marks.js';
import { made } from './example.js';

interface TokenKind {
  readonly name: MaskName;
  readonly prefixes: readonly string[];
  /** The character of each prefix to hang on: its last occurrence is taken. */
  readonly anchor: string;
  readonly body: number;
  readonly min: number;
  /** Usual length of the body, for the examples. */
  readonly usual: number;
  /** What looks like one and is none. */
  readonly unlike?: readonly string[];
  /** What must not stand before it; prefixes that end ordinary words bear no hyphen either. */
  readonly edge?: number;
  /** A further condition on the body. */
  readonly accept?: (body: string) => boolean;
}

/** `sk-` also begins branch and file names: a key has capitals, or is one unbroken word with digits. */
const looksRandom = (body: string): boolean => /[A-Z]/.test(body) || /^(?=.*[0-9])[a-z0-9]+$/.test(body);

const KINDS: readonly TokenKind[] = [
  {
    name: 'github-token',
    prefixes: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    anchor: '_',
    body: WORD,
    min: 20,
    usual: 36,
    unlike: ['ghp_token', 'my_ghp_module_name'],
  },
  { name: 'github-token', prefixes: ['github_pat_'], anchor: '_', body: WORD, min: 20, usual: 82 },
  {
    name: 'gitlab-token',
    prefixes: ['glpat-', 'gldt-', 'glrt-', 'glptt-', 'glft-', 'glcbt-', 'glimt-', 'glsoat-', 'glagent-'],
    anchor: '-',
    body: DOTTED_TOKEN,
    min: 16,
    usual: 20,
  },
  {
    name: 'slack-token',
    prefixes: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxc-', 'xoxd-', 'xapp-'],
    anchor: '-',
    body: DOTTED_TOKEN,
    min: 10,
    usual: 40,
    unlike: ['xoxb-', 'foxo-app-b-service'],
  },
  {
    name: 'api-key',
    prefixes: ['sk-'],
    anchor: '-',
    body: TOKEN,
    min: 20,
    usual: 48,
    unlike: ['sk-learn-contrib-branch-name', 'task-1234567890abcdefghijklmn', 'sk-fix-the-parser-of-dates'],
    edge: TOKEN,
    accept: looksRandom,
  },
  { name: 'google-api-key', prefixes: ['AIza'], anchor: 'I', body: TOKEN, min: 30, usual: 35, unlike: ['AIzawl'] },
  { name: 'google-oauth-secret', prefixes: ['GOCSPX-'], anchor: '-', body: TOKEN, min: 20, usual: 28 },
  { name: 'google-oauth-secret', prefixes: ['ya29.'], anchor: '.', body: TOKEN, min: 30, usual: 60 },
  {
    name: 'stripe-key',
    prefixes: ['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_'],
    anchor: '_',
    body: ALNUM,
    min: 10,
    usual: 24,
    unlike: ['task_live_reload_server', 'sk_test_'],
  },
  { name: 'stripe-key', prefixes: ['whsec_'], anchor: '_', body: ALNUM, min: 20, usual: 32 },
  {
    name: 'npm-token',
    prefixes: ['npm_'],
    anchor: '_',
    body: ALNUM,
    min: 30,
    usual: 36,
    unlike: ['npm_config_registry', 'npm_lifecycle_event'],
  },
  { name: 'pypi-token', prefixes: ['pypi-AgEI'], anchor: '-', body: TOKEN, min: 40, usual: 60 },
  { name: 'docker-token', prefixes: ['dckr_pat_'], anchor: '_', body: TOKEN, min: 20, usual: 27 },
  {
    name: 'hugging-face-token',
    prefixes: ['hf_'],
    anchor: '_',
    body: ALNUM,
    min: 30,
    usual: 34,
    unlike: ['hf_hub_download'],
    edge: WORD,
  },
];

/** Whether a token may begin at `i`: base64 of anything has every prefix in it somewhere. */
const begins = (s: string, i: number, glue: number): boolean => !is(s, i - 1, glue) || isEscapeLetter(s, i - 1);

const detectorOf = ({
  name,
  prefixes,
  anchor,
  body,
  min,
  usual,
  unlike = [],
  edge = ALNUM,
  accept,
}: TokenKind): DetectorEntry => {
  const heads = prefixes.map((prefix) => ({ prefix, back: prefix.lastIndexOf(anchor) }));
  return {
    name,
    group: 'secrets',
    examples: {
      match: prefixes.map((prefix) => `it is ${made(prefix, usual)}.`),
      noMatch: [...prefixes.flatMap((prefix) => [made(prefix, min - 1), `x${made(prefix, usual)}`]), ...unlike],
    },
    anchors: anchor,
    before: heads.map(({ prefix, back }) => prefix.charAt(back - 1)).join(''),
    ...(heads.every(({ back }) => back > 1) && {
      twoBefore: heads.map(({ prefix, back }) => prefix.charAt(back - 2)).join(''),
    }),
    after: heads.map(({ prefix, back }) => prefix.charAt(back + 1) || charactersOf(body)).join(''),
    at({ s }, i, from) {
      for (const { prefix, back } of heads) {
        const start = i - back;
        if (start < from || !s.startsWith(prefix, start)) continue;
        // Before the body is read: a long run must not be read once for each prefix in it.
        if (!begins(s, start, edge)) return undefined;
        const bodyStart = start + prefix.length;
        const end = runEnd(s, bodyStart, body);
        if (end - bodyStart < min) return undefined;
        if (accept && !accept(s.slice(bodyStart, Math.min(end, bodyStart + 200)))) return undefined;
        return { start, end, detector: name };
      }
      return undefined;
    },
  };
};

export const tokenDetectors: readonly DetectorEntry[] = KINDS.map(detectorOf);

/**
 * AWS access key ids, long-term (AKIA) and temporary (ASIA): the prefix and 16 capitals or digits
 * (IAM user guide, "Unique identifiers"). Longer runs are masked whole: two ids may stand together.
 */
export const awsAccessKeyId: DetectorEntry = {
  name: 'aws-access-key-id',
  group: 'secrets',
  examples: {
    match: [`${made('AKIA', 0)}J7QX2M4NT5VWY3ZB`, `key=${made('ASIA', 0)}J7QX2M4NT5VWY3ZB;`],
    noMatch: ['AKIA', `${made('AKIA', 0)}J7QX2M4NT5VWY3Z`, `${made('AKIA', 0)}j7qx2m4nt5vwy3zb`, 'ASIAN MARKETS'],
  },
  anchors: 'KS',
  before: 'A',
  after: 'I',
  at({ s }, i, from) {
    const start = i - 1;
    if (start < from || !(s.startsWith('AKIA', start) || s.startsWith('ASIA', start))) return undefined;
    const end = runEnd(s, start, ALNUM & ~LOWER);
    return end - start < 20 ? undefined : { start, end, detector: 'aws-access-key-id' };
  },
};

/** JSON Web Tokens, signed (three parts) and encrypted (five), RFC 7515 §3.1, RFC 7516 §3.1. */
export const jwt: DetectorEntry = {
  name: 'jwt',
  group: 'secrets',
  examples: {
    match: [['eyJhbGciOiJSUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', made('', 43)].join('.')],
    noMatch: ['eyJhbGciOiJSUzI1NiJ9', 'keyJoin.apply.call', 'eyJa.eyJb'],
  },
  anchors: 'J',
  before: 'y',
  twoBefore: 'e',
  after: charactersOf(TOKEN),
  at({ s }, i, from) {
    const start = i - 2;
    if (start < from || !s.startsWith('eyJ', start) || !begins(s, start, TOKEN)) return undefined;
    const header = runEnd(s, start, TOKEN);
    const payload = s.charCodeAt(header) === 0x2e ? runEnd(s, header + 1, TOKEN) : header;
    if (header - start < 10 || payload - header < 9) return undefined;
    let end = payload;
    for (let parts = 2; parts < 5 && s.charCodeAt(end) === 0x2e && is(s, end + 1, TOKEN); parts++) {
      end = runEnd(s, end + 1, TOKEN);
    }
    return end > payload || s.startsWith('eyJ', header + 1) ? { start, end, detector: 'jwt' } : undefined;
  },
};

/** Client secrets of Microsoft Entra: three characters, a digit, `Q~` and 31 to 34 characters more. */
export const azureClientSecret: DetectorEntry = {
  name: 'azure-client-secret',
  group: 'secrets',
  examples: {
    match: [`${made('a1B8Q', 0)}~${made('', 34)}`],
    noMatch: [`a1B8Q~${made('', 20)}`, `a1BxQ~${made('', 34)}`, 'Q~'],
  },
  anchors: '~',
  before: 'Q',
  twoBefore: charactersOf(DIGIT),
  at({ s }, i, from) {
    const start = i - 5;
    if (start < from || !begins(s, start, DOTTED_TOKEN)) return undefined;
    const found = /^[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/.exec(s.slice(start, start + 48));
    return found ? { start, end: start + found[0].length, detector: 'azure-client-secret' } : undefined;
  },
};
