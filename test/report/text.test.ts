import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrap } from '../../src/report/pdf/wrap.js';
import { visible } from '../../src/report/visible.js';
import {
  duration,
  figure,
  grouped,
  listed,
  periodLength,
  periodTitle,
  plural,
  shortTime,
} from '../../src/report/words.js';

const period = (from: string, to: string) => ({ from: Date.parse(from), to: Date.parse(to), label: 'x' });

describe('words of the report', () => {
  it.each([
    ['2026-07-01T00:00:00Z', '2026-10-01T00:00:00Z', '1 July – 30 September 2026', '92 days, UTC'],
    ['2026-12-01T00:00:00Z', '2027-02-01T00:00:00Z', '1 December 2026 – 31 January 2027', '62 days, UTC'],
    ['2026-11-24T00:00:00Z', '2026-11-25T00:00:00Z', '24 November 2026', '1 day, UTC'],
    ['2026-11-24T05:00:00Z', '2026-11-24T07:00:00Z', '24 November 2026, 05:00 – 07:00', '2 h, UTC'],
    ['2026-11-24T23:00:00Z', '2026-11-25T00:00:00Z', '24 November 2026, 23:00 – 24:00', '60 min, UTC'],
    ['2026-11-24T23:00:00Z', '2026-11-25T01:00:00Z', '24 November 2026 23:00 – 25 November 2026 01:00', '2 h, UTC'],
  ])('from %s to %s', (from, to, title, length) => {
    expect(periodTitle(period(from, to))).toBe(title);
    expect(periodLength(period(from, to))).toBe(length);
  });

  it('figures, lists, lengths', () => {
    expect(figure(1_042_318)).toBe('1,042,318');
    expect(figure(999)).toBe('999');
    expect(plural(1, 'call')).toBe('1 call');
    expect(plural(2000, 'identity', 'identities')).toBe('2,000 identities');
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
    expect(duration(41)).toBe('41 s');
    expect(duration(19_860)).toBe('5 h 31 min');
    expect(duration(200_000)).toBe('2 d 7 h');
    expect(grouped('9f2c41b707')).toBe('9f2c 41b7 07');
    expect(shortTime('2026-08-09T14:02:11.500Z')).toBe('9 Aug 2026 14:02:11');
    expect(shortTime(null)).toBe('');
  });
});

describe('line breaking', () => {
  const measure = (text: string): number => Array.from(text).length;

  it('breaks at spaces, then within long words after signs, then anywhere', () => {
    expect(wrap('one two three', 7, measure)).toEqual(['one two', 'three']);
    expect(wrap('files/write_file now', 8, measure)).toEqual(['files/', 'write_', 'file now']);
    expect(wrap('abcdefghij', 4, measure)).toEqual(['abcd', 'efgh', 'ij']);
    expect(wrap('a\n\nb', 4, measure)).toEqual(['a', '', 'b']);
  });

  it('loses nothing and never exceeds the width', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 120 }), fc.integer({ min: 4, max: 30 }), (text, width) => {
        const lines = wrap(text, width, measure);
        for (const line of lines) expect(measure(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(/[ \n]/g, ''));
      }),
    );
  });
});

describe('visible text', () => {
  it('writes out what cannot be seen or is not what it seems', () => {
    expect(visible('a\u202eb\u200bc\u0000\u{1f600}', (code) => code < 0x1f000)).toBe(
      'a\\u{202e}b\\u{200b}c\\u{0}\\u{1f600}',
    );
  });

  it('holds no control or format characters but line feeds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text, () => true)).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u);
      }),
    );
  });
});
