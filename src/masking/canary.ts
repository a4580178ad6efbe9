/**
 * The canary: made-up values of every detector go through the rules of a server as its answers would, and what comes
 * out is searched for them. It shows every day that masking still does what its configuration says.
 */
import { createHash } from 'node:crypto';
import { CountersignError, reason } from '../base/errors.js';
import type { MaskMessage } from '../model/redaction.js';
import type { DetectorGroup } from './detector.js';
import { isCodiceFiscale, isCpf, isDni, isNir } from './id-checks.js';
import { isLuhn } from './luhn.js';

/** A value that nobody uses, and a text in which masking must find it. */
interface Bait {
  readonly detector: string;
  readonly group: DetectorGroup;
  readonly value: string;
  readonly text: string;
}

const ALNUM = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const DIGITS = '0123456789';

type Draw = (alphabet: string, length: number) => string;

/** The same seed draws the same values. */
const drawing = (seed: string): Draw => {
  let block = 0;
  let bytes = Buffer.alloc(0);
  return (alphabet, length) => {
    let text = '';
    while (text.length < length) {
      if (bytes.length === 0) bytes = createHash('sha256').update(`${seed}:${block++}`).digest();
      text += alphabet.charAt((bytes[0] ?? 0) % alphabet.length);
      bytes = bytes.subarray(1);
    }
    return text;
  };
};

const card = (draw: Draw): string => {
  const head = `4${draw(DIGITS, 14)}`;
  const digits =
    Array.from(DIGITS)
      .map((digit) => head + digit)
      .find(isLuhn) ?? head;
  return digits.replace(/(....)(?=.)/g, '$1 ');
};

/** The value that begins with `head` and whose check holds. */
const checked = (head: string, tails: readonly string[], valid: (value: string) => boolean): string =>
  tails.map((tail) => head + tail).find(valid) ?? head;

const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'));

const codiceFiscale = (draw: Draw): string =>
  checked(`${draw('BCDFGLMNPRSTV', 6)}${draw('56789', 2)}T10A${draw(DIGITS, 3)}`, LETTERS, isCodiceFiscale);
const cpf = (draw: Draw): string =>
  checked(`${draw(DIGITS, 3)}.${draw(DIGITS, 3)}.${draw(DIGITS, 3)}-`, TWO_DIGITS, isCpf);
const nir = (draw: Draw): string =>
  checked(`1 ${draw('56789', 2)} 12 76 ${draw(DIGITS, 3)} ${draw(DIGITS, 3)} `, TWO_DIGITS, isNir);

/** IBAN of a made-up German account (ISO 13616): check digits so that the number is 1 modulo 97. */
const iban = (draw: Draw): string => {
  const account = draw(DIGITS, 18);
  const check = 98n - (BigInt(`${account}131400`) % 97n);
  return `DE${String(check).padStart(2, '0')}${account}`;
};

const base64url = (text: string): string => Buffer.from(text).toString('base64url');

type Make = (draw: Draw) => { readonly value: string; readonly text?: string };

const token =
  (prefix: string, length: number, alphabet = ALNUM): Make =>
  (draw) => ({ value: prefix + draw(alphabet, length) });

const SECRETS: Readonly<Record<string, Make>> = {
  'api-key': token('sk-', 48),
  'aws-access-key-id': token('AKIA', 16, CAPITALS),
  'aws-secret-access-key': (draw) => {
    const value = draw(ALNUM, 40);
    return { value, text: `aws_secret_access_key = ${value}` };
  },
  'aws-session-token': token('IQoJb3JpZ2luX2VjE', 200),
  'azure-client-secret': (draw) => ({ value: `${draw(ALNUM, 3)}8Q~${draw(ALNUM, 34)}` }),
  'basic-credentials': (draw) => {
    const value = Buffer.from(`canary:${draw(ALNUM, 16)}`).toString('base64');
    return { value, text: `Authorization: Basic ${value}` };
  },
  'bearer-token': (draw) => {
    const value = draw(ALNUM, 40);
    return { value, text: `the header is Bearer ${value} here` };
  },
  'docker-token': token('dckr_pat_', 27),
  'github-token': token('ghp_', 36),
  'gitlab-token': token('glpat-', 20),
  'google-api-key': token('AIza', 35),
  'google-oauth-secret': token('GOCSPX-', 28),
  'hugging-face-token': token('hf_', 34),
  jwt: (draw) => ({
    value: [base64url('{"alg":"RS256"}'), base64url(`{"sub":"${draw(ALNUM, 12)}"}`), draw(ALNUM, 43)].join('.'),
  }),
  key: (draw) => {
    const value = draw(ALNUM, 14);
    return { value, text: `password=${value}` };
  },
  'npm-token': token('npm_', 36),
  'private-key': (draw) => {
    const value = draw(ALNUM, 64);
    return { value, text: `-----BEGIN PRIVATE KEY-----\n${value}\n-----END PRIVATE KEY-----` };
  },
  'pypi-token': token('pypi-AgEI', 60),
  'slack-token': token('xoxb-', 40),
  'stripe-key': token('sk_live_', 24),
  'url-credentials': (draw) => {
    const value = draw(ALNUM, 14);
    return { value, text: `postgres://canary:${value}@db.example.com/app` };
  },
};

const PERSONAL: Readonly<Record<string, Make>> = {
  'br-cpf': (draw) => ({ value: cpf(draw) }),
  'card-number': (draw) => ({ value: card(draw) }),
  email: (draw) => ({ value: `${draw('abcdefghijklmnopqrstuvwxyz', 10)}@canary.example.com` }),
  'es-dni': (draw) => {
    const value = checked(draw(DIGITS, 8), LETTERS, isDni);
    return { value, text: `DNI: ${value}` };
  },
  'fr-nir': (draw) => ({ value: nir(draw) }),
  iban: (draw) => ({ value: iban(draw) }),
  'it-codice-fiscale': (draw) => ({ value: codiceFiscale(draw) }),
  // Numbers that are kept free for fiction (47 CFR 52.15(f)).
  phone: (draw) => ({ value: `+1 202-555-01${draw(DIGITS, 2)}` }),
  'us-ssn': (draw) => {
    const value = `123-45-1${draw(DIGITS, 3)}`;
    return { value, text: `SSN ${value}` };
  },
};

/** An address that is kept free for documents (RFC 5737). */
const NETWORK: Readonly<Record<string, Make>> = {
  'ip-address': (draw) => ({ value: `203.0.113.1${draw(DIGITS, 2)}` }),
};

const baitsOf = (group: DetectorGroup, makes: Readonly<Record<string, Make>>, draw: Draw): readonly Bait[] =>
  Object.entries(makes).map(([detector, make]) => {
    const { value, text = `canary: ${value} .` } = make(draw);
    return { detector, group, value, text };
  });

/** One value of each detector. */
export const baits = (seed: string): readonly Bait[] => {
  const draw = drawing(seed);
  return [
    ...baitsOf('secrets', SECRETS, draw),
    ...baitsOf('personal', PERSONAL, draw),
    ...baitsOf('network', NETWORK, draw),
  ];
};

export interface CanaryResult {
  /** Values sent through. */
  readonly values: number;
  /** Detectors whose values came out in clear. */
  readonly leaked: readonly string[];
  /** Why some values could not be tried, where so: masking failed on them, and blocked. */
  readonly problem: string | null;
}

const answerWith = (text: string): Buffer =>
  Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 0, result: { content: [{ type: 'text', text }] } }));

/** Sends a value through. A rule that blocks it lets nothing out. */
const comesOut = async (mask: MaskMessage, { text, value }: Bait): Promise<boolean> => {
  try {
    const { bytes } = await mask(answerWith(text));
    return bytes.includes(value);
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'MASKING_BLOCKED') return false;
    throw error;
  }
};

/**
 * Sends one value of each detector in the groups through a mask. Never throws: what fails is told.
 * @param seed chooses the values
 */
export const flyCanary = async (
  mask: MaskMessage,
  groups: readonly DetectorGroup[],
  seed: string,
): Promise<CanaryResult> => {
  const sent = baits(seed).filter(({ group }) => groups.includes(group));
  const leaked: string[] = [];
  try {
    for (const bait of sent) if (await comesOut(mask, bait)) leaked.push(bait.detector);
    return { values: sent.length, leaked, problem: null };
  } catch (error) {
    return { values: sent.length, leaked, problem: reason(error) };
  }
};
