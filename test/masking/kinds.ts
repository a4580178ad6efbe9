/** Kinds of value that must not come out of the gateway: what to send, and what must show nowhere. */
import { IN_CONTEXT, SECRETS } from './samples.js';

export interface Kind {
  readonly name: string;
  /** The text that a server or client sends. */
  readonly text: string;
  /** What must not be found again. */
  readonly clear: readonly string[];
}

const escaped = (text: string): string =>
  Array.from(text, (c) => (c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('');

const CYRILLIC: Readonly<Record<string, string>> = {
  a: '\u0430',
  e: '\u0435',
  o: '\u043e',
  p: '\u0440',
  c: '\u0441',
  x: '\u0445',
  A: '\u0410',
  E: '\u0415',
  O: '\u041e',
  P: '\u0420',
  C: '\u0421',
  X: '\u0425',
};

/** Ways to write a secret that a client, a person or a later program reads as the same. */
const WRITINGS: readonly (readonly [string, (secret: string) => string])[] = [
  ['in base64', (secret) => Buffer.from(`it is ${secret} .`).toString('base64')],
  ['percent-encoded', encodeURIComponent],
  ['with JSON escapes', escaped],
  ['in JSON in JSON', (secret) => JSON.stringify(JSON.stringify({ v: secret }))],
  ['with a letter of another script', (secret) => secret.replace(/[aeopcxAEOPCX]/, (c) => CYRILLIC[c] ?? c)],
  ['with a zero-width space', (secret) => `${secret.slice(0, 3)}\u200b${secret.slice(3)}`],
];

const forms = (secret: string): readonly string[] => {
  const once = JSON.stringify(secret).slice(1, -1);
  return [...new Set([secret, once, JSON.stringify(once).slice(1, -1)])];
};

const single = SECRETS.map(
  ([detector, secret], i): Kind => ({
    name: `${detector} ${i}`,
    text: `it is ${secret} .`,
    clear: forms(secret),
  }),
);

const written = SECRETS.filter(([detector]) => ['github-token', 'email', 'aws-access-key-id', 'jwt'].includes(detector))
  .slice(0, 5)
  .flatMap(([detector, secret], i) =>
    WRITINGS.map(([writing, write]): Kind => {
      const text = write(secret);
      return { name: `${detector} ${i} ${writing}`, text, clear: [...forms(text), secret] };
    }),
  );

const inContext = IN_CONTEXT.map(
  ([detector, secret, text], i): Kind => ({
    name: `${detector} in context ${i}`,
    text,
    clear: forms(secret),
  }),
);

export const KINDS: readonly Kind[] = [...single, ...written, ...inContext];
