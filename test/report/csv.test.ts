import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csv, csvLine } from '../../src/report/csv.js';

/** A reader of RFC 4180, for the tests alone. */
const parse = (text: string): string[][] => {
  const rows: string[][] = [[]];
  const pattern = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n)/gy;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const [, raw = '', end] = found;
    rows.at(-1)?.push(raw.startsWith('"') ? raw.slice(1, -1).replaceAll('""', '"') : raw);
    if (end === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
};

describe('CSV', () => {
  it('quotes what needs it, and ends lines with CR LF', () => {
    expect(csvLine(['a', 'b,c', 'say "x"', 'two\nlines', null, 5, true, ' edge '])).toBe(
      'a,"b,c","say ""x""","two\nlines",,5,true," edge "\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '|cmd', '%x', ' =1', '\t=1', '\rx', '\nx'])(
    'puts an apostrophe before %j, which a spreadsheet would run',
    (text) => {
      expect(parse(csvLine([text]))[0]?.[0]).toBe(`'${text}`);
    },
  );

  it('leaves numbers alone: they are ours', () => {
    expect(csvLine([-5, -0.5])).toBe('-5,-0.5\r\n');
  });

  it('any text comes back as it was, but for the guard', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        (rows) => {
          const width = Math.max(1, ...rows.map((row) => row.length));
          const full = rows.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? ''));
          const read = parse(csv(full[0]?.map((_, i) => `c${i}`) ?? ['c0'], full)).slice(1);
          const plain = read.map((row, r) =>
            row.map((cell, c) => (full[r]?.[c] === cell ? cell : cell.replace(/^'/, ''))),
          );
          expect(plain).toEqual(full);
        },
      ),
    );
  });

  it('no field of any text starts like a formula', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(parse(csvLine([text]))[0]?.[0]).not.toMatch(/^\s*[=+\-@|%]/);
      }),
    );
  });
});
