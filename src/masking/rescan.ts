/**
 * A second opinion on delivered answers, made of plain patterns and sharing nothing with the detectors:
 * what masking overlooked should show here. Every quantifier is bounded.
 */

const PATTERNS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['aws-access-key-id', /(?:AKIA|ASIA)[A-Z0-9]{16}/],
  ['aws-secret-access-key', /secret.?access.?key["'\\\s:=]{1,12}[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/i],
  ['github-token', /(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40}/],
  ['gitlab-token', /glpat-[A-Za-z0-9_-]{20}/],
  ['slack-token', /xox[abceprsd]-[A-Za-z0-9-]{10}/],
  ['google-api-key', /(?<![A-Za-z0-9])AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/],
  ['stripe-key', /(?<![A-Za-z0-9])[sr]k_live_[A-Za-z0-9]{16}/],
  ['npm-token', /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/],
  ['api-key', /(?<![A-Za-z0-9_])sk-(?:ant|proj)-[A-Za-z0-9_-]{20}|(?<![A-Za-z0-9_])sk-[A-Za-z0-9]{48}/],
  ['jwt', /eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8}/],
  ['private-key', /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/],
  ['bearer-token', /(?<![A-Za-z0-9_])Bearer [A-Za-z0-9._~+/-]{32}/],
  ['url-credentials', /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/?#"'`<>\\@:[\]]{1,64}:[^\s/?#"'`<>\\@[\]]{1,128}@[A-Za-z0-9]/],
  [
    'email',
    /(?<![A-Za-z0-9_%+.-])(?!git@)[A-Za-z0-9_%+-][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z][A-Za-z0-9-]{0,62}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])/,
  ],
];

const MASK = /\[(?:redacted:[a-z0-9-]{1,40}(?::[A-Za-z0-9]{4})?|token:[a-z0-9-]{1,40}:[0-9a-f]{16}|dropped)\]/g;

/**
 * Kinds of secret that a recorded answer still shows, each once; empty where there is none. Masks are not counted.
 * `text` may be JSON as recorded: its escapes for line breaks and quotes are read as blanks.
 */
export const rescan = (text: string): string[] => {
  const bare = text
    .replace(MASK, '[]')
    .replace(/\\{1,32}["nrt]/g, ' ')
    .replaceAll('\\/', '/');
  return PATTERNS.filter(([, pattern]) => pattern.test(bare)).map(([kind]) => kind);
};
