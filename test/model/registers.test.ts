import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSnapshots,
  parseSnapshots,
  REGISTER_COLUMNS,
  REGISTER_KINDS,
  readRegister,
} from '../../src/model/registers.js';

const read = (text: string) => readRegister('leavers', Buffer.from(text));
const problemsOf = async (text: string) =>
  (await read(text)).problems.map(({ line, column, problem }) => `${line} ${column ?? '-'}: ${problem}`);

describe('a register', () => {
  it('is read with columns in any order, optional ones absent, and a byte order mark', async () => {
    const { rows, problems } = await read('\uFEFFended,person\r\n2026-10-31T18:00:00+01:00,"Lovelace, Ada"\r\n');
    expect(problems).toEqual([]);
    expect(rows).toEqual([['Lovelace, Ada', Date.parse('2026-10-31T17:00:00Z'), null]]);
  });

  it('may be empty but for its head, which says that there is nothing', async () => {
    expect(await read('person,ended\n')).toMatchObject({ rows: [], problems: [] });
  });

  it('names each wrong line by line and column, and goes on', async () => {
    const text = [
      'person,ended,ref',
      '"Ada\nByron",2026-10-31,HR-1',
      ',2026-02-31T00:00:00Z,HR-2',
      'bob,2026-10-31T00:00:00Z',
      ' bob,2026-10-31T00:00:00Z,',
      'eve,2026-10-31T00:00:00Z,',
      'eve,2026-10-31T01:00:00+01:00,',
      '',
    ].join('\n');
    const time = 'a time with its offset is wanted, such as 2026-10-31T18:00:00+01:00';
    expect(await problemsOf(text)).toEqual([
      `2 ended: ${time}`,
      '4 person: it is empty',
      `4 ended: ${time}`,
      '5 -: 2 fields stand where the first line names 3',
      '6 person: blanks stand before or after the text',
      '8 -: it says the same as line 7',
    ]);
    expect((await read(text)).rows).toHaveLength(1);
  });

  it.each([
    ['', '1 -: the file is empty'],
    ['person\n', '1 ended: the column is missing'],
    ['person,ended,person\n', '1 person: the column stands twice'],
    ['person,ended,wages\n', '1 wages: no such column is known'],
    ['person,ended\nada,"2026\n', '2 -: a quote is never closed'],
    ['person,ended\nada"x,y\n', '2 -: a quote stands within a field'],
    ['person;ended\n', '1 person: the column is missing'],
  ])('refuses %j', async (text, first) => {
    expect((await problemsOf(text))[0]).toBe(first);
  });

  it('refuses what is not UTF-8, hashes that are none, and stops at a thousand problems', async () => {
    const latin = await readRegister('leavers', Buffer.from('person,ended\nAndré,', 'latin1'));
    expect(latin.problems[0]?.problem).toBe('the file is not UTF-8');
    const reviews = 'digest,author,reviewer,reviewed\nABC,ada,bob,2026-10-31T00:00:00Z\n';
    expect((await readRegister('reviews', Buffer.from(reviews))).problems).toMatchObject([
      { line: 2, column: 'digest' },
    ]);
    expect(await problemsOf(`person,ended\n${'x\n'.repeat(5000)}`)).toHaveLength(1000);
  });

  it('gives back any list that was written as CSV', async () => {
    const field = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter((text) => text.trim() === text);
    const row = fc.record({
      ref: field,
      disclosed: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100') }),
      to: field,
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(row, { selector: ({ ref }) => ref, maxLength: 20 }), async (list) => {
        const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
        const lines = list.map((one) =>
          [one.ref, one.disclosed.toISOString(), one.to, 'names', 'audit'].map(quoted).join(','),
        );
        const text = ['ref,disclosed,recipient,data,purpose', ...lines, ''].join('\r\n');
        const { rows, problems } = await readRegister('disclosures', Buffer.from(text));
        expect(problems).toEqual([]);
        expect(rows).toEqual(list.map((one) => [one.ref, one.disclosed.getTime(), one.to, 'names', 'audit', null]));
      }),
    );
  });
});

describe('the index of snapshots', () => {
  const one = { kind: REGISTER_KINDS[0], sha256: 'a'.repeat(64), bytes: 5, rows: 1, taken: '2026-11-24T05:00:00.000Z' };

  it('reads what it wrote, and nothing else', () => {
    expect(parseSnapshots(Buffer.from(formatSnapshots([one, one])))).toEqual([one, one]);
    const text = formatSnapshots([one]);
    expect(() => parseSnapshots(Buffer.from(text.slice(0, -1)))).toThrow('cut');
    expect(() => parseSnapshots(Buffer.from(text.replace('leavers', '../x')))).toThrow('line 1');
  });
});

describe('the documentation', () => {
  it.each(REGISTER_KINDS)('lists the columns of %s as they are read', (kind) => {
    const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const row = docs.split('\n').find((line) => line.startsWith(`| \`${kind}\` |`)) ?? '';
    const named = [...row.slice(kind.length + 5).matchAll(/(\*?)`(\w+)`\1/g)].map(([, star, name]) => [
      name,
      star === '*',
    ]);
    const columns = Object.entries(REGISTER_COLUMNS[kind]).map(([name, type]) => [name, type.startsWith('optional')]);
    expect(named.filter(([name]) => name !== 'people')).toEqual(columns);
  });
});
