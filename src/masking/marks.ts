/** The masks themselves: what stands in place of a secret, and how one is told from the rest of a text. */

/** The ids of the built-in detectors. A text that only looks like a mask is none. */
export const DETECTOR_IDS: readonly string[] = [
  'api-key',
  'aws-access-key-id',
  'aws-secret-access-key',
  'aws-session-token',
  'azure-client-secret',
  'basic-credentials',
  'bearer-token',
  'br-cpf',
  'card-number',
  'docker-token',
  'email',
  'es-dni',
  'fr-nir',
  'github-token',
  'gitlab-token',
  'google-api-key',
  'google-oauth-secret',
  'hugging-face-token',
  'iban',
  'ip-address',
  'it-codice-fiscale',
  'jwt',
  'key',
  'nested-encoding',
  'npm-token',
  'phone',
  'pointer',
  'private-key',
  'pypi-token',
  'slack-token',
  'stripe-key',
  'us-ssn',
  'url-credentials',
];

/** What a mask bears: the id of a built-in detector, or one of the configuration, which begins with `x-`. */
export type MaskName = string;

const NAME = String.raw`(?:${DETECTOR_IDS.join('|')}|x-[a-z0-9-]{1,40})`;
const PATTERN = String.raw`\[(?:redacted:${NAME}(?::[A-Za-z0-9]{4})?|token:${NAME}:[0-9a-f]{16}|dropped)\]`;
/** Two members whose masked names were equal are told apart by a number. */
const WHOLE_MASK = new RegExp(`^${PATTERN}(?:#[0-9]{1,6})?$`);
const LONGEST = 90;

const USUAL: ReadonlyMap<MaskName, string> = new Map(DETECTOR_IDS.map((id) => [id, `[redacted:${id}]`]));
const IS_USUAL: ReadonlySet<string> = new Set(USUAL.values());

/** What stands for a value of which nothing shows but what it was. */
export const maskOf = (name: MaskName): string => USUAL.get(name) ?? `[redacted:${name}]`;

/** What stands for a dropped value inside a text. */
export const DROPPED = '[dropped]';

/** Shortest value of which four characters may show: the rest is then at least twice as much. */
const SHORTEST_PARTIAL = 12;

/** The mask that shows the last four letters and digits; where the value is short, none. */
export const partialMaskOf = (name: MaskName, value: string): string => {
  const last = value
    .slice(-64)
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(-4);
  return value.length < SHORTEST_PARTIAL || last.length < 4 ? maskOf(name) : `[redacted:${name}:${last}]`;
};

/** The mask that is the same for the same value. @param hex at least 16 digits of a keyed digest of the value */
export const tokenMaskOf = (name: MaskName, hex: string): string => `[token:${name}:${hex.slice(0, 16)}]`;

/** Whether a text is one mask and nothing else. */
export const isMask = (text: string): boolean =>
  text.charCodeAt(0) === 0x5b && text.length < LONGEST && (IS_USUAL.has(text) || WHOLE_MASK.test(text));

/** Every mask in a text, for `matchAll` and `replaceAll`. */
export const MASKS = new RegExp(PATTERN, 'g');

/** Whether a text may hold a mask; a no is final. */
export const mayHoldMask = (s: string): boolean =>
  s.includes('[redacted:') || s.includes('[token:') || s.includes(DROPPED);

/** End of the mask at `i`; `i` where there is none. */
export const maskEnd = (s: string, i: number): number => {
  if (s.charCodeAt(i) !== 0x5b) return i;
  const close = s.slice(i, i + LONGEST).indexOf(']') + 1;
  return close > 0 && isMask(s.slice(i, i + close)) ? i + close : i;
};
