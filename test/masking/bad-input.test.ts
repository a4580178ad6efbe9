/** Hostile documents: none crashes, none leaks, none takes more than linear time. */
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { parseJson } from '../../src/base/json.js';
import { createRules } from '../../src/masking/document.js';
import { createMaskers } from '../../src/masking/mask.js';
import { PLAIN } from '../../src/masking/rules.js';
import { createScanner } from '../../src/masking/scan.js';
import type { MaskRule } from '../../src/model/masking-settings.js';
import { PROFILE, SECRETS } from './samples.js';

const secret = SECRETS.find(([detector]) => detector === 'github-token')?.[1] ?? '';
const rule: MaskRule = {
  id: 'r',
  mode: 'partial',
  direction: null,
  servers: [],
  tools: [],
  groups: [],
  pointers: ['/a/*/never'],
  keys: [],
  detectors: [],
};
const about = { direction: 'to_client', tool: null, groups: [], base: '' } as const;
/** Without rules, and with rules that have every document read in full. */
const MASKS = [{}, { rules: [rule, { ...rule, id: 's', pointers: [] }] }].map((over) =>
  createMaskers({ ...PROFILE, ...over }, { tokenOf: () => '0123456789abcdef' })('files', about),
);

/** Every mask either blocks the document, or what comes out is JSON without the secret. */
const holds = async (json: Buffer, clear = secret): Promise<readonly string[]> =>
  Promise.all(
    MASKS.map(async (mask) => {
      try {
        const { bytes } = await mask(json);
        expect(bytes.includes(clear)).toBe(false);
        JSON.parse(bytes.toString('utf8'));
        return 'masked';
      } catch (error) {
        if (error instanceof CountersignError && error.code === 'MASKING_FAILED') return 'blocked';
        throw error;
      }
    }),
  );

const text = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const nested = (depth: number): Buffer => Buffer.from(`${'['.repeat(depth)}"${secret}"${']'.repeat(depth)}`);

describe('is blocked', () => {
  test.each<[string, Buffer]>([
    ['invalid UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xc3, 0x28), Buffer.from(`${secret}"}`)])],
    ['a lone surrogate', Buffer.from(`{"a":"\\ud800 ${secret}"}`)],
    [
      'a surrogate in UTF-8',
      Buffer.concat([Buffer.from(`{"a":"${secret}`), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')]),
    ],
    ['10,000 levels', nested(10_000)],
    ['a duplicate name', Buffer.from(`{"a":"x","a":"${secret}"}`)],
    ['UTF-16', Buffer.from(`{"a":"${secret}"}`, 'utf16le')],
    ['a broken end', Buffer.from(`{"a":"${secret}`)],
  ])('%s', async (_, json) => {
    expect(await holds(json)).toEqual(['blocked', 'blocked']);
  });
});

describe('is masked', () => {
  const ends = [secret, `${secret} x`, `x ${secret}`, `\n${secret}\n`];
  test.each<[string, Buffer]>([
    ['nesting of 60', nested(60)],
    [
      '100,000 names',
      text(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i === 7 ? secret : i]))),
    ],
    [
      '2,000 names that hold it',
      text(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`${secret} ${i}`, i]))),
    ],
    ['10 MB without, then with', text({ a: 'lorem ipsum '.repeat(850_000) + secret })],
    ['10 MB of one letter', text({ a: `${'a'.repeat(10_000_000)} ${secret}` })],
    ['base64 that is none', text({ blob: `=====${secret}=====`, data: `${secret}!` })],
    [
      'what looks like a cycle',
      text({ $ref: '#', a: { $ref: '#/a', b: secret }, $defs: { a: { $ref: '#/$defs/a' } } }),
    ],
    ['zero-width characters in it', text({ a: `${secret.slice(0, 9)}\u200b\u2060${secret.slice(9)}` })],
    [
      'full-width letters',
      text({ a: Array.from(secret, (c) => String.fromCodePoint(0xfee0 + c.charCodeAt(0))).join('') }),
    ],
    ['URL encoding', text({ a: Array.from(secret, (c) => `%${c.charCodeAt(0).toString(16)}`).join('') })],
    ['HTML encoding', text({ a: Array.from(secret, (c) => `&#${c.charCodeAt(0)};`).join('') })],
    ...ends.map((value, i): [string, Buffer] => [`the end of a value ${i}`, text({ a: value, b: [value] })]),
  ])('%s', async (_, json) => {
    expect(await holds(json)).toEqual(['masked', 'masked']);
    const [mask] = MASKS;
    expect((await mask?.(json))?.redactions.length).toBeGreaterThan(0);
  });
});

describe('letters of another script that look the same', () => {
  const CYRILLIC = new Map(
    Array.from('аaеeоoрpсcхxАAВBЕEКKМMНHОOРPСCТTХXІI'.matchAll(/(.)(.)/gu), ([, foreign = '', latin = '']) => [
      latin,
      foreign,
    ]),
  );
  const disguised = Array.from(secret, (c) => CYRILLIC.get(c) ?? c).join('');

  test.each<[string, object]>([
    ['one of them', { a: `it is ${secret.replace('p', '\u0440')} .` }],
    ['all that have one', { a: `it is ${disguised} .` }],
    ['in JSON inside JSON', { a: JSON.stringify(JSON.stringify({ b: disguised })) }],
    ['written as escapes', { a: secret.replace('p', '\\u0440') }],
    ['in the name of a member', { [disguised]: 1 }],
    ['in a secret name', { 'p\u0430ssword': 'hunter2 hunter2' }],
    ['in a secret name inside a text', { a: 'p\u0430ssword=hunter2' }],
  ])('hide no secret: %s', async (_, value) => {
    const json = text(value);
    for (const clear of [secret, disguised, 'hunter2']) expect(await holds(json, clear)).toEqual(['masked', 'masked']);
    expect((await MASKS[0]?.(json))?.redactions.length).toBeGreaterThan(0);
  });

  test('are left in words of their own script', async () => {
    const json = text({ a: 'Пароль не нужен: сервер СУБД-3 отвечает. Ο κωδικός είναι σωστός.', пароль: 'нет' });
    expect((await MASKS[0]?.(json))?.bytes).toBe(json);
  });
});

test('takes linear time under rules that read every document', async () => {
  const [, mask] = MASKS;
  const cost = async (n: number): Promise<number> => {
    const json = text({
      a: Array.from({ length: n }, (_, i) => ({ id: i, note: `see ${secret} there`, b: { c: [i] } })),
    });
    const taken: number[] = [];
    for (let i = 0; i < 3; i++) {
      const before = process.cpuUsage();
      await mask?.(json);
      const { user, system } = process.cpuUsage(before);
      taken.push(user + system);
    }
    return Math.min(...taken);
  };
  await cost(2_000);
  expect(await cost(16_000)).toBeLessThan((await cost(4_000)) * 8 + 50_000);
});

test('a document that takes too long is given up', () => {
  let now = 0;
  const budget = { ms: 5, now: () => now++ };
  const rules = createRules(createScanner(PROFILE), PLAIN, budget);
  const json = text(Array.from({ length: 20_000 }, (_, i) => i));
  expect(() => rules.tree(json, parseJson(json), 0)).toThrow(/takes too long/);
  const short = text(Array.from({ length: 2_000 }, (_, i) => i));
  expect(rules.tree(short, parseJson(short), 0).edits).toEqual([]);
});
