import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { createMaskers } from '../../src/masking/mask.js';
import type { MaskingProfile, MaskMode, MaskRule } from '../../src/model/masking-settings.js';
import { MASK_MODES } from '../../src/model/masking-settings.js';
import type { MaskAbout, MaskedBytes } from '../../src/model/redaction.js';
import { PROFILE, SECRETS } from './samples.js';

const tokenOf = (value: string): string => createHmac('sha256', 'key').update(value).digest('hex');
const ABOUT: MaskAbout = { direction: 'to_client', tool: 'get_person', groups: ['support'], base: '' };

const rule = (over: Partial<MaskRule> & { mode: MaskMode }): MaskRule => ({
  id: 'r',
  direction: null,
  servers: [],
  tools: [],
  groups: [],
  pointers: [],
  keys: [],
  detectors: [],
  ...over,
});

const maskersOf = (profile: Partial<MaskingProfile>) => createMaskers({ ...PROFILE, ...profile }, { tokenOf });

const masked = (
  value: unknown,
  profile: Partial<MaskingProfile> | ReturnType<typeof maskersOf>,
  about: Partial<MaskAbout> = {},
  server = 'crm',
): MaskedBytes => {
  const maskers = typeof profile === 'function' ? profile : maskersOf(profile);
  const mask = maskers(server, { ...ABOUT, ...about });
  const found = mask(Buffer.from(JSON.stringify(value)));
  if (found instanceof Promise) throw new Error('no analyzer is configured');
  return found;
};
const out = (...args: Parameters<typeof masked>): unknown => JSON.parse(masked(...args).bytes.toString());
const blockedBy = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof CountersignError && error.code === 'MASKING_BLOCKED' ? error.details : error;
  }
};

const card = '4111 1111 1111 1234';
const cardValid = '4242 4242 4242 4242';

describe('modes', () => {
  const find = (mode: MaskMode) => ({ rules: [rule({ mode, detectors: ['card-number'] })] });
  test.each([
    ['redact', '[redacted:card-number]'],
    ['partial', '[redacted:card-number:4242]'],
    ['token', `[token:card-number:${tokenOf(cardValid).slice(0, 16)}]`],
    ['drop', '[dropped]'],
  ] as const)('%s', (mode, mask) => {
    expect(out({ a: `x ${cardValid} y` }, find(mode))).toEqual({ a: `x ${mask} y` });
    expect(masked({ a: cardValid }, find(mode)).redactions).toEqual([
      { detector: 'card-number', pointer: '/a', length: 19, rule: 'r', mode },
    ]);
  });
  test('block refuses the whole document and names rule and detector', () => {
    expect(blockedBy(() => out({ a: cardValid }, find('block')))).toEqual({ rule: 'r', detector: 'card-number' });
    expect(out({ a: card }, find('block'))).toEqual({ a: card });
  });
  test('partial shows nothing of a short value', () => {
    const short = { rules: [rule({ mode: 'partial', keys: ['pin'] })] };
    expect(out({ pin: '12345678901' }, short)).toEqual({ pin: '[redacted:key]' });
    expect(out({ pin: '123456789012' }, short)).toEqual({ pin: '[redacted:key:9012]' });
  });
  test('a number becomes 0 and true becomes false in every mode but block', () => {
    for (const mode of MASK_MODES.filter((one) => one !== 'block')) {
      expect(out({ pin: 1234, ok: { pin: true } }, { rules: [rule({ mode, keys: ['pin'] })] })).toEqual({
        pin: 0,
        ok: { pin: false },
      });
    }
  });
  test('drop leaves a whole value empty', () => {
    expect(out({ salary: '100' }, { rules: [rule({ mode: 'drop', keys: ['salary'] })] })).toEqual({ salary: '' });
  });
});

describe('which values a rule covers', () => {
  const partial = rule({ mode: 'partial', detectors: ['card-number'] });
  const shown = { a: '[redacted:card-number:4242]' };
  const plain = { a: '[redacted:card-number]' };
  const doc = { a: cardValid };
  test('the first that covers it', () => {
    expect(out(doc, { rules: [partial, rule({ id: 'b', mode: 'drop' })] })).toEqual(shown);
    expect(out(doc, { rules: [rule({ id: 'b', mode: 'drop' }), partial] })).toEqual({ a: '[dropped]' });
  });
  test.each<[string, Partial<MaskRule>, Partial<MaskAbout>, string, boolean]>([
    ['server', { servers: ['cr*'] }, {}, 'crm', true],
    ['another server', { servers: ['cr*'] }, {}, 'billing', false],
    ['tool', { tools: ['get_*'] }, {}, 'crm', true],
    ['another tool', { tools: ['get_*'] }, { tool: 'list' }, 'crm', false],
    ['no tool', { tools: ['get_*'] }, { tool: null }, 'crm', false],
    ['group', { groups: ['support', 'x'] }, {}, 'crm', true],
    ['another group', { groups: ['finance'] }, {}, 'crm', false],
    ['direction', { direction: 'to_client' }, {}, 'crm', true],
    ['another direction', { direction: 'to_server' }, {}, 'crm', false],
    ['group of detectors', { detectors: ['personal'] }, {}, 'crm', true],
    ['another group of detectors', { detectors: ['secrets'] }, {}, 'crm', false],
    ['key', { keys: ['A'] }, {}, 'crm', true],
    ['another key', { keys: ['b'] }, {}, 'crm', false],
    ['place', { pointers: ['/a'] }, {}, 'crm', true],
    ['another place', { pointers: ['/b'] }, {}, 'crm', false],
    ['place in the message', { pointers: ['/params/arguments'] }, { base: '/params/arguments' }, 'crm', true],
  ])('%s', (_, over, about, server, covered) => {
    expect(out(doc, { rules: [{ ...partial, ...over }] }, about, server)).toEqual(covered ? shown : plain);
  });
  test('a place makes whatever stands there and below it secret', () => {
    const rules = [rule({ mode: 'redact', pointers: ['/people/*/pay'] })];
    const value = { people: [{ name: 'A', pay: 'much' }, { pay: { base: 'more', bonus: 5 } }], pay: 'public' };
    expect(out(value, { rules })).toEqual({
      people: [{ name: 'A', pay: '[redacted:pointer]' }, { pay: { base: '[redacted:pointer]', bonus: 0 } }],
      pay: 'public',
    });
    expect(masked(value, { rules }).redactions[0]).toMatchObject({ detector: 'pointer', pointer: '/people/0/pay' });
  });
  test('a place reaches into JSON inside a text', () => {
    const rules = [rule({ mode: 'drop', pointers: ['/text/pay'] })];
    expect(out({ text: '{ "pay": "much", "x": 1 }' }, { rules })).toEqual({ text: '{ "pay": "", "x": 1 }' });
  });
  test('a name also holds inside texts, and only for the server of the rule', () => {
    const rules = [rule({ mode: 'partial', keys: ['employee_no'], servers: ['crm'] })];
    const value = { text: 'employeeNo=AB-1234567890 and more', employeeNo: 'AB-1234567890' };
    expect(out(value, { rules })).toEqual({
      text: 'employeeNo=[redacted:key:7890] and more',
      employeeNo: '[redacted:key:7890]',
    });
    expect(out(value, { rules }, {}, 'hr')).toEqual(value);
  });
  test('JSON objects inside broken JSON keep their quotes', () => {
    const rules = [rule({ mode: 'partial', keys: ['vault'] })];
    expect(out({ text: 'see {"vault": {"a": "hidden-value-1234"}, "b": 1} there' }, { rules })).toEqual({
      text: 'see {"vault": "[redacted:key:1234]", "b": 1} there',
    });
  });
  test('what a call carries is blocked only by a rule that says so', () => {
    const to = { direction: 'to_server', base: '/params/arguments' } as const;
    const block = rule({ mode: 'block', detectors: ['card-number'] });
    expect(out(doc, { rules: [block] }, to)).toEqual(plain);
    const both = [{ ...block, direction: 'to_server' as const }];
    expect(blockedBy(() => out(doc, { rules: both }, to))).toEqual({ rule: 'r', detector: 'card-number' });
    expect(out(doc, { rules: both })).toEqual(plain);
  });
  test('an allowed value passes', () => {
    const id = ['AK', 'IAIOSFODNN7EXAMPLE'].join('');
    expect(out({ a: `use ${id} here` }, { allow: [id] })).toEqual({ a: `use ${id} here` });
    expect(out({ a: `use ${id.replace('I', 'J')} here` }, { allow: [] })).not.toEqual({ a: `use ${id} here` });
    expect(out({ password: 'changeme' }, { allow: ['changeme'] })).toEqual({ password: 'changeme' });
  });
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
const word = fc.oneof(
  fc.constantFrom('a', 'password', 'text', 'note'),
  fc.string({ maxLength: 8, unit: 'binary' }).map((s) => s.toWellFormed()),
);
const leaf = fc.oneof(
  fc.constantFrom(...SECRETS).map(([, secret]) => `see ${secret} there`),
  word,
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
  ),
}));

const MASK = /\[(?:redacted:[a-z0-9-]+(?::[A-Za-z0-9]{4})?|token:[a-z0-9-]+:[0-9a-f]{16}|dropped)\](?:#[0-9]+)?/;

/** Whether the parts of `text` beside its masks stand, in order, in `clear`. */
const keeps = (clear: string, text: string): boolean => {
  let at = 0;
  return text.split(MASK).every((part) => {
    const found = clear.indexOf(part, at);
    at = found + part.length;
    return found >= 0;
  });
};

/** Whether two documents differ in masks alone. */
const sameBesideMasks = (clear: Json, text: Json): boolean => {
  if (typeof clear === 'string') return typeof text === 'string' && keeps(clear, text);
  if (clear === null || typeof clear !== 'object') return text === clear || text === 0 || text === false;
  if (text === null || typeof text !== 'object' || Array.isArray(clear) !== Array.isArray(text)) return false;
  const [left, right] = [Object.entries(clear), Object.entries(text)];
  return (
    left.length === right.length &&
    left.every(([name, value], i) => keeps(name, right[i]?.[0] ?? '') && sameBesideMasks(value, right[i]?.[1] ?? null))
  );
};

/** What may show of a secret: its last four letters and digits, and no nine characters in a row of it. */
const SHOWN = 9;
const showsMore = (secret: string, text: string): boolean =>
  Array.from({ length: Math.max(0, secret.length - SHOWN + 1) }, (_, i) => secret.slice(i, i + SHOWN)).some((part) =>
    text.split(MASK).some((clear) => clear.includes(part)),
  );

test.each(MASK_MODES.filter((one) => one !== 'block'))(
  '%s: the output is JSON, masking again changes nothing, what is not masked is unchanged, and no more shows',
  (mode) => {
    const profile = maskersOf({ rules: [rule({ mode })] });
    fc.assert(
      fc.property(fc.record({ r: tree, s: tree }), (value) => {
        const text = masked(value, profile).bytes.toString();
        const parsed: Json = JSON.parse(text);
        expect(sameBesideMasks(value, parsed), text).toBe(true);
        expect(masked(parsed, profile).redactions).toEqual([]);
        for (const secret of SECRETS.map(([, one]) => JSON.stringify(one).slice(1, -1))) {
          expect(JSON.stringify(value).includes(secret) && showsMore(secret, text), text).toBe(false);
        }
      }),
      { numRuns: 200 },
    );
  },
);

test('the id of an answer stays for the client that chose it; in the copy of an answer to a server it is masked', () => {
  const answer = { jsonrpc: '2.0', id: 'a@b.example', result: {} };
  for (const profile of [{}, { rules: [rule({ mode: 'partial', detectors: ['iban'] })] }]) {
    const maskers = maskersOf(profile);
    expect(out(answer, maskers)).toEqual(answer);
    expect(out(answer, maskers, { direction: 'to_server' })).toEqual({ ...answer, id: '[redacted:email]' });
    expect(out(answer, maskers)).toEqual(answer);
  }
});
