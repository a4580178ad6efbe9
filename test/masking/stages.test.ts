/** Where the raw stage points, the exact stage must find all that it finds when it looks everywhere. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from '../../src/base/json.js';
import { createRules } from '../../src/masking/document.js';
import { createScanner } from '../../src/masking/scan.js';
import { IN_CONTEXT, PIECES, PROFILE, SECRETS } from './samples.js';

const scanner = createScanner(PROFILE);
const rules = createRules(scanner);

/** Edits and redactions of a document, looked at everywhere or where the raw stage points. */
const everywhere = (json: Buffer) => rules.tree(json, parseJson(json), 0);
const pointed = (json: Buffer) => {
  const hits = scanner.look(json);
  return hits ? rules.tree(json, parseJson(json), 0, undefined, { hits }) : { edits: [], masked: [] };
};

const evasions: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text,
  (text) => `${text.slice(0, 4)}\u200b${text.slice(4)}`,
  (text) => text.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  (text) => encodeURIComponent(text),
  (text) => Array.from(text, (c) => `&#${c.codePointAt(0)};`).join(''),
  (text) => Buffer.from(text).toString('base64'),
  (text) => JSON.stringify(JSON.stringify({ v: text })),
  (text) => JSON.stringify({ password: text, list: [text] }),
];
/** Ways to write a JSON string: as usual, with every character escaped, with some. */
const writings: readonly ((text: string) => string)[] = [
  (text) => JSON.stringify(text),
  (text) => JSON.stringify(text),
  (text) => `"${text.replace(/[^]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`,
  (text) => JSON.stringify(text).replace(/[@:=/_-]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
];

const value = fc.oneof(
  fc.constantFrom(...SECRETS).map(([, secret]) => secret),
  fc.constantFrom(...IN_CONTEXT).map(([, , text]) => text),
);
const hidden = fc.tuple(value, fc.constantFrom(...evasions)).map(([text, evade]) => evade(text));
const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((parts) => parts.join(''));
const plain = fc.oneof(fc.lorem(), fc.uuid(), fc.string({ maxLength: 12, unit: 'grapheme' }));
const text = fc
  .oneof(
    { arbitrary: hidden, weight: 2 },
    { arbitrary: pieces, weight: 2 },
    { arbitrary: plain, weight: 3 },
    fc.tuple(plain, hidden, plain).map((parts) => parts.join(' ')),
  )
  .map((one) => one.toWellFormed());
const written = fc.tuple(text, fc.constantFrom(...writings)).map(([one, write]) => write(one));

const NAMES = [
  'name',
  'value',
  'text',
  'password',
  'Header',
  'val',
  'content',
  'data',
  'blob',
  'schema',
  'properties',
  'x',
];
/** The name of what is read as one with its neighbours, in several writings. */
const textName = fc.constantFrom('"text"', '"text"', '"te\\u0078t"', '"\\u0074ext"', '"tex\\u0074"');
/** A text, or two that make one. */
const parts = fc.oneof(
  written.map((one) => [one]),
  fc
    .tuple(value, fc.nat({ max: 20 }))
    .map(([one, at]) => [one.slice(0, at), one.slice(at)].map((part) => JSON.stringify(part))),
);
const blank = fc.constantFrom('', '', '', ' ', '\n  ');
const name = fc.oneof(
  { arbitrary: fc.constantFrom(...NAMES).map((one) => JSON.stringify(one)), weight: 3 },
  { arbitrary: written, weight: 1 },
);
/** JSON texts, as a string each. A name may come twice: then there is no document, and nothing to compare. */
const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    written,
    fc.constantFrom('1', '0', 'true', 'null', '4111111111111111', '-1.5e3'),
    fc.array(tie('document'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    fc
      .array(fc.tuple(name, blank, tie('document')), { maxLength: 4 })
      .map((members) => `{${members.map(([key, space, one]) => `${key}${space}:${space}${one}`).join(',')}}`),
    fc
      .array(fc.tuple(parts, textName, textName), { minLength: 1, maxLength: 3 })
      .map((texts) =>
        texts.flatMap(([some, first, second]) =>
          some.map((one, i) => `{"type":"text",${i === 0 ? first : second}:${one}}`),
        ),
      )
      .map((items) => `{"content":[${items.join(', ')}]}`),
    fc.tuple(written, written).map(([first, second]) => `{"name":${first},"value":${second}}`),
  ),
}));

const parses = (json: Buffer): boolean => {
  try {
    parseJson(json);
    return true;
  } catch {
    return false;
  }
};

test('the exact stage finds the same where the raw stage points as everywhere', () => {
  fc.assert(
    fc.property(document, (source) => {
      const json = Buffer.from(source);
      fc.pre(parses(json));
      expect(pointed(json)).toEqual(everywhere(json));
    }),
    { numRuns: 1000 },
  );
});

test('and so it does after any change to one character', () => {
  fc.assert(
    fc.property(
      document,
      fc.nat(),
      fc.constantFrom(...'"\\:=-@_ {}[],.0aZ%&é\u200b'.split('')),
      (source, at, other) => {
        const place = at % source.length;
        const json = Buffer.from((source.slice(0, place) + other + source.slice(place + 1)).toWellFormed());
        fc.pre(parses(json));
        expect(pointed(json)).toEqual(everywhere(json));
      },
    ),
    { numRuns: 1000 },
  );
});
