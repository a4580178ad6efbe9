/** The masks themselves: what stands in place of a secret, and how one is told from the rest of a text. */

/** Every name a mask can bear. A text that only looks like a mask is none. */
const MASK_NAMES = [
  'api-key',
  'aws-access-key-id',
  'aws-secret-access-key',
  'aws-session-token',
  'basic-credentials',
  'bearer-token',
  'card-number',
  'docker-token',
  'email',
  'github-token',
  'gitlab-token',
  'google-api-key',
  'hugging-face-token',
  'iban',
  'jwt',
  'key',
  'nested-encoding',
  'npm-token',
  'private-key',
  'pypi-token',
  'slack-token',
  'stripe-key',
  'url-credentials',
] as const;
export type MaskName = (typeof MASK_NAMES)[number];

const PATTERN = String.raw`\[masked:(?:${MASK_NAMES.join('|')})\]`;
/** Two members whose masked names were equal are told apart by a number. */
const WHOLE_MASK = new RegExp(`^${PATTERN}(?:#[0-9]{1,6})?$`);
const LONGEST = 60;

export const maskOf = (name: MaskName): string => `[masked:${name}]`;

/** Whether a text is one mask and nothing else. */
export const isMask = (text: string): boolean => text.length < LONGEST && WHOLE_MASK.test(text);

/** Every mask in a text, for `matchAll` and `replaceAll`. */
export const MASKS = new RegExp(PATTERN, 'g');

/** End of the mask at `i`; `i` where there is none. */
export const maskEnd = (s: string, i: number): number => {
  if (s.charCodeAt(i) !== 0x5b) return i;
  const close = s.slice(i, i + LONGEST).indexOf(']') + 1;
  return close > 0 && isMask(s.slice(i, i + close)) ? i + close : i;
};
