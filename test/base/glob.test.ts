import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, compileGlobs } from '../../src/base/glob.js';

/** The same meaning as a regular expression, for short inputs. */
const oracle = (pattern: string, text: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('[^]*')}$`,
  ).test(text);

describe('globs', () => {
  it.each([
    ['read_*', 'read_file', true],
    ['read_*', 'read_', true],
    ['read_*', 'unread_file', false],
    ['*', '', true],
    ['*', 'a/b:c', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['*_*_*', 'x_y', false],
    ['write_file', 'write_file', true],
    ['write_file', 'write_files', false],
    ['a.c', 'abc', false],
    ['a?c', 'abc', false],
    ['[ab]', 'a', false],
    ['', '', true],
    ['', 'a', false],
    ['*ab*b', 'xabb', true],
    ['*ab*ab', 'ab', false],
  ])('%j on %j: %j', (pattern, text, expected) => {
    expect(compileGlob(pattern)(text)).toBe(expected);
  });

  it('means the same as the regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '\n'), maxLength: 10 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*'), maxLength: 8 });
    fc.assert(
      fc.property(pattern, letters, (glob, text) => compileGlob(glob)(text) === oracle(glob, text)),
      { numRuns: 3000 },
    );
  });

  it('takes linear time on what makes regular expressions explode', () => {
    const glob = compileGlob(`${'*a'.repeat(200)}*b`);
    const started = performance.now();
    expect(glob('a'.repeat(100_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('an empty list fits nothing', () => {
    expect(compileGlobs([])('anything')).toBe(false);
    expect(compileGlobs(['a', 'b*'])('bc')).toBe(true);
  });
});
