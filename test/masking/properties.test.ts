import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { createRules } from '../../src/masking/document.js';
import { createMasker, createTextMasker } from '../../src/masking/mask.js';
import { rescan } from '../../src/masking/rescan.js';
import { createScanner } from '../../src/masking/scan.js';
import { PIECES, PROFILE, SECRETS } from './samples.js';

const mask = createMasker(PROFILE);
const maskText = createTextMasker(PROFILE);
const RUNS = { numRuns: 400 };

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Words around a secret: none of them continues it. */
const edge = fc.constantFrom(' ', '\n', '"', "'", '(', '{"a":"', '\\n', ', ', ' see ', '\t', '<', '> ', 'é ');
const tail = fc.constantFrom(' ', '\n', '"', "'", ')', '"}', '\\n', ', ', ' there', '<', ' é');
const prose = fc.oneof(
  fc.constant(''),
  fc.lorem(),
  fc.string({ maxLength: 12, unit: 'binary' }).map((s) => `${s} `),
);

const escapeJson = (text: string): string =>
  Array.from(text, (c) => (c.length === 1 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('');
const ENCODINGS: readonly (readonly [string, (text: string) => string])[] = [
  ['clear', (text) => text],
  ['base64', (text) => Buffer.from(text).toString('base64')],
  ['base64url', (text) => Buffer.from(text).toString('base64url')],
  ['percent', (text) => encodeURIComponent(text)],
  ['json', (text) => JSON.stringify(text).slice(1, -1)],
  ['json escapes', escapeJson],
  ['json in json', (text) => JSON.stringify(JSON.stringify({ v: text })).slice(1, -1)],
];
const planted = fc.record({
  secret: fc.constantFrom(...SECRETS),
  encoding: fc.constantFrom(...ENCODINGS),
  before: fc.oneof(fc.constant(['']), fc.tuple(prose, edge)),
  after: fc.oneof(fc.constant(['']), fc.tuple(tail, prose)),
});

/** Well-formed: a lone surrogate is refused, which is another test. */
const word = fc.string({ maxLength: 12, unit: 'binary' }).map((s) => s.toWellFormed());
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    word,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
  ),
}));

/** Puts `text` in place of one string, number or literal of a value, or around it. */
const plant = (value: Json, text: string, seed: number): Json => {
  if (Array.isArray(value) && value.length > 0) {
    const at = seed % value.length;
    return value.map((item, i) => (i === at ? plant(item, text, seed >> 2) : item));
  }
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0 || seed % 5 === 0) return { ...value, [text]: 1, x: text };
    const at = seed % entries.length;
    return Object.fromEntries(entries.map(([k, v], i) => [k, i === at ? plant(v, text, seed >> 2) : v]));
  }
  return text;
};

const shape = (value: Json): unknown => {
  if (Array.isArray(value)) return value.map(shape);
  if (value !== null && typeof value === 'object') return Object.values(value).map(shape);
  return value === null ? 'null' : typeof value;
};

const forms = (secret: string): string[] => {
  const inner = JSON.stringify(secret).slice(1, -1);
  const whole = Buffer.from(secret);
  // base64 at each alignment, without the characters that depend on what stands beside the secret.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), whole])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [secret, inner, JSON.stringify(inner).slice(1, -1), encodeURIComponent(secret), escapeJson(secret), ...base64];
};

test('no planted secret survives, the output is JSON of the same shape, and masking again changes nothing', () => {
  fc.assert(
    fc.property(tree, planted, fc.nat(), (value, { secret, encoding, before, after }, seed) => {
      const text = `${before.join('')}${encoding[1](secret[1])}${after.join('')}`.toWellFormed();
      const document = plant(value, text, seed);
      const { bytes, redactions } = mask(Buffer.from(JSON.stringify(document)));
      const out = bytes.toString();
      expect(redactions.length).toBeGreaterThan(0);
      for (const form of forms(secret[1])) expect(out.includes(form), form).toBe(false);
      const parsed: Json = JSON.parse(out);
      expect(shape(parsed)).toEqual(shape(document));
      expect(mask(bytes).bytes).toBe(bytes);
      expect(rescan(out)).toEqual([]);
    }),
    RUNS,
  );
});

test('masked text does not change when masked again, and no planted secret survives', () => {
  fc.assert(
    fc.property(planted, ({ secret, encoding, before, after }) => {
      const { text } = maskText(`${before.join('')}${encoding[1](secret[1])}${after.join('')}`);
      for (const form of forms(secret[1])) expect(text.includes(form), form).toBe(false);
      expect(maskText(text)).toEqual({ text, redactions: [] });
    }),
    RUNS,
  );
});

test('any text: masking is idempotent and cuts nothing but what it says', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 14 }), (parts) => {
      const once = maskText(parts.join(''));
      expect(maskText(once.text).text).toBe(once.text);
      const json = Buffer.from(JSON.stringify({ a: parts.join(''), b: [parts.join('')] }));
      const { bytes } = mask(json);
      JSON.parse(bytes.toString());
      expect(mask(bytes).bytes).toBe(bytes);
    }),
    { numRuns: 3000 },
  );
});

test('the raw stage never overlooks what the exact stage finds', () => {
  const rules = createRules(createScanner(PROFILE));
  const exact = (json: Buffer): number => rules.tree(json, parseJson(json), 0).edits.length;
  const space = fc.constantFrom('', ' ', '\n\t', '          ');
  const text = fc.oneof(
    fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((parts) => parts.join('')),
    planted.map(({ secret, encoding, before, after }) =>
      `${before.join('')}${encoding[1](secret[1])}${after.join('')}`.toWellFormed(),
    ),
    fc.lorem(),
    fc.constantFrom(
      'DB_PASSWORD',
      'name',
      'value',
      'token',
      'hunter2',
      'text',
      'YUBiLmV4YW1wbGUgbWFpbA==',
      'YUBi',
      'cGluPTEy',
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, space), { minLength: 1, maxLength: 3 }), fc.nat(2), (pairs, form) => {
      const members = pairs.map(([a, b, s], i) => `${JSON.stringify(`${i}${a}`)}${s}:${s}${JSON.stringify(b)}`);
      const fields = pairs.map(([a, b, s]) => `{"name"${s}:${s}${JSON.stringify(a)},"value":${s}${JSON.stringify(b)}}`);
      const items = pairs.map(([a, b, s]) => `{"type":"text","text"${s}:${s}${JSON.stringify(a + b)}}`);
      const source = [`{${members.join()}}`, `[${fields.join()}]`, `{"content":[${items.join()}]}`][form] ?? '';
      const json = Buffer.from(source);
      const { bytes } = mask(json);
      expect(bytes === json).toBe(exact(json) === 0);
    }),
    { numRuns: 2000 },
  );
});

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: length, maxLength: length });
const instant = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });

describe('identifiers are left alone', () => {
  test.each<[string, fc.Arbitrary<string>]>([
    ['SHA-1', hex(40)],
    ['short SHA', hex(7)],
    ['SHA-256', hex(64)],
    ['SHA-256 with prefix', hex(64).map((digest) => `sha256:${digest}`)],
    ['trace context', fc.tuple(hex(32), hex(16)).map(([trace, span]) => `00-${trace}-${span}-01`)],
    ['UUID', fc.uuid()],
    ['ULID', fc.ulid()],
    ['ISO date', instant.map((date) => date.toISOString())],
    ['epoch', fc.integer({ min: 0, max: 2 ** 31 }).map(String)],
    ['epoch in ms', fc.nat({ max: 4e12 }).map(String)],
    ['16 digits', fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 16, maxLength: 16 })],
    ['19 digits', fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 19, maxLength: 19 })],
    ['fraction', fc.double({ noNaN: true }).map(String)],
    ['IPv4', fc.ipV4()],
    ['IPv6', fc.ipV6()],
    ['version', fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)).map((parts) => parts.join('.'))],
    ['package', fc.tuple(fc.nat(99), fc.nat(99)).map(([a, b]) => `name@${a}.${b}.0-rc.1`)],
    [
      'integrity',
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((b) => `sha512-${Buffer.from(b).toString('base64')}`),
    ],
    ['ETag', hex(32).map((digest) => `W/"${digest}"`)],
    [
      'binary data',
      fc
        .uint8Array({ minLength: 100, maxLength: 400 })
        .map((b) => Buffer.from(b.map((x) => x | 0x80)).toString('base64')),
    ],
    ['web address', fc.webUrl()],
    ['prose', fc.lorem({ mode: 'sentences', maxCount: 4 })],
  ])('%s', (_, samples) => {
    fc.assert(
      fc.property(samples, (sample) => {
        const json = Buffer.from(JSON.stringify({ id: sample, text: `see ${sample}, and key: ${sample}` }));
        expect(mask(json).redactions).toEqual([]);
        expect(mask(json).bytes).toBe(json);
      }),
      { numRuns: 300 },
    );
  });
});
