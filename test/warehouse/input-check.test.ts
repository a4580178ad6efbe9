import { describe, expect, it } from 'vitest';
import { createInputCheck } from '../../src/warehouse/input-check.js';

const DEFINITION = JSON.stringify({
  name: 'write',
  inputSchema: {
    type: 'object',
    properties: {
      path: { type: 'string' },
      mode: { type: ['integer', 'null'] },
      ratio: { type: 'number' },
      lines: { type: 'array' },
      options: { type: 'object' },
      dry: { type: 'boolean' },
      any: {},
    },
    required: ['path'],
    additionalProperties: false,
  },
});

const check = (args: unknown, definition = DEFINITION): string | null | undefined => {
  const inputs = createInputCheck();
  inputs.learn('d1', definition);
  return inputs.check('d1', JSON.stringify(args));
};

describe('arguments held against the schema of their tool', () => {
  it.each([
    [{ path: '/a' }],
    [{ path: '/a', mode: 7, ratio: 0.5, lines: [], options: {}, dry: false, any: [1] }],
    [{ path: '/a', mode: null }],
    [{ path: '/a', mode: '[redacted:card]', dry: '[token:key:0123456789abcdef]' }],
  ])('%j agrees', (args) => {
    expect(check(args)).toBeNull();
  });

  it.each([
    [{}, 'The argument path is missing'],
    [{ path: 1 }, 'The argument path is no string'],
    [{ path: '/a', mode: 0.5 }, 'The argument mode is no integer or null'],
    [{ path: '/a', ratio: '0.5' }, 'The argument ratio is no number'],
    [{ path: '/a', lines: {} }, 'The argument lines is no array'],
    [{ path: '/a', options: [] }, 'The argument options is no object'],
    [{ path: '/a', dry: 'yes' }, 'The argument dry is no boolean'],
    [{ path: '/a', force: true }, 'The argument force is not known'],
  ])('%j does not: %s', (args, problem) => {
    expect(check(args)).toBe(problem);
  });

  it('says nothing where nothing says what they must be', () => {
    expect(createInputCheck().check('d1', '{}')).toBeUndefined();
    expect(check({}, '{"name":"write"}')).toBeUndefined();
    expect(check({}, 'no JSON')).toBeUndefined();
    expect(check([])).toBeUndefined();
    expect(check({ constructor: 1 }, '{"inputSchema":{"type":"object"}}')).toBeNull();
  });
});
