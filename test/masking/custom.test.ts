import { describe, expect, test } from 'vitest';
import { customProblem } from '../../src/masking/custom.js';
import { createMasker } from '../../src/masking/mask.js';
import type { CustomDetector } from '../../src/model/masking-settings.js';
import { PROFILE } from './samples.js';

const EMPLOYEE: CustomDetector = {
  id: 'x-employee',
  kind: 'personal',
  pattern: 'EMP-[0-9]{6}',
  ignoreCase: false,
  keywords: ['EMP-'],
  validate: 'none',
};
const EXAMPLES = { match: ['EMP-004711'], noMatch: ['EMP-47'] };
const out = (value: unknown, ...custom: readonly CustomDetector[]): unknown =>
  JSON.parse(createMasker({ ...PROFILE, custom })(Buffer.from(JSON.stringify(value))).bytes.toString());

describe('a detector of the configuration', () => {
  test('finds wherever the built-in ones do', () => {
    const secret = 'EMP-004711';
    const mask = '[redacted:x-employee]';
    expect(out({ a: `by ${secret}.`, [secret]: 1 }, EMPLOYEE)).toEqual({ a: `by ${mask}.`, [mask]: 1 });
    expect(out({ a: JSON.stringify({ b: secret }) }, EMPLOYEE)).toEqual({ a: JSON.stringify({ b: mask }) });
    expect(out({ a: 'E\u200bMP-0047\u200b11' }, EMPLOYEE)).toEqual({ a: mask });
    expect(out({ a: 'EMP%2D004711' }, EMPLOYEE)).toEqual({ a: mask });
    expect(out({ a: Buffer.from(`user ${secret} of it`).toString('base64') }, EMPLOYEE)).not.toEqual({
      a: Buffer.from(`user ${secret} of it`).toString('base64'),
    });
    const items = {
      content: [
        { type: 'text', text: 'EMP-0' },
        { type: 'text', text: '04711' },
      ],
    };
    expect(JSON.stringify(out(items, EMPLOYEE))).not.toMatch(/EMP-0|04711/);
    expect(out({ a: 'EMP-47' }, EMPLOYEE)).toEqual({ a: 'EMP-47' });
  });
  test('without keywords searches every text', () => {
    expect(out({ a: 'no 4711-0815' }, { ...EMPLOYEE, keywords: [], pattern: '[0-9]{4}-[0-9]{4}' })).toEqual({
      a: 'no [redacted:x-employee]',
    });
  });
  test('may demand a check digit, and may not mind capitals', () => {
    const luhn: CustomDetector = { ...EMPLOYEE, pattern: 'emp-[0-9]{6}', ignoreCase: true, validate: 'luhn' };
    expect(out({ a: 'EMP-004713 EMP-004711' }, luhn)).toEqual({ a: '[redacted:x-employee] EMP-004711' });
  });
});

describe('is refused, with the reason', () => {
  test.each<[string, Partial<CustomDetector>, RegExp]>([
    ['a reference back', { pattern: String.raw`(EMP)-\1` }, /linear time.*invalid escape sequence/],
    ['look-ahead', { pattern: 'EMP(?=-)' }, /linear time/],
    ['look-behind', { pattern: '(?<=x)EMP' }, /linear time/],
    ['what is no pattern', { pattern: 'EMP-[0-9' }, /linear time, or is none/],
    ['a repetition without measure', { pattern: 'EMP-[0-9]{1,100000}' }, /linear time/],
    ['the empty text', { pattern: 'x*' }, /matches the empty text/],
    ['an example it misses', { pattern: 'EMP-[0-9]{7}' }, /does not find its example 1 of match/],
    ['an example it should miss', { pattern: 'EMP-[0-9]+' }, /finds its example 1 of noMatch/],
    ['a keyword its example lacks', { keywords: ['WORKER'] }, /does not find its example 1 of match/],
  ])('%s', (_, over, problem) => {
    expect(customProblem({ ...EMPLOYEE, ...over }, EXAMPLES)).toMatch(problem);
  });
  test('and not otherwise', () => {
    expect(customProblem(EMPLOYEE, EXAMPLES)).toBeUndefined();
  });
});

test('what takes other engines exponential time is linear', () => {
  const nested: CustomDetector = { ...EMPLOYEE, keywords: [], pattern: '(?:a+)+b' };
  const cost = (length: number): number => {
    const json = Buffer.from(JSON.stringify({ a: 'a'.repeat(length) }));
    const mask = createMasker({ ...PROFILE, custom: [nested] });
    mask(json);
    const best = [0, 1, 2].map(() => {
      const before = process.cpuUsage();
      mask(json);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    });
    return Math.min(...best);
  };
  expect(cost(100_000)).toBeLessThan(cost(25_000) * 10 + 20_000);
});
