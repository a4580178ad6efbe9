/** The table of carriers in the documentation against the official schemas. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { POSITIONS } from './positions.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/masking.md'), 'utf8');
const rows = page
  .slice(page.indexOf('## What is searched'))
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, what = '', types = '', tests = '']) => ({
    what,
    types: Array.from(types.matchAll(/`(\w+)`/g), (match) => match[1] ?? ''),
    tests: tests.split(', '),
  }));
const named = rows.flatMap(({ types }) => types);
const known = new Set(POSITIONS.map(({ type }) => type));

test('every message type with a string stands in one row of the table, and no other does', () => {
  expect(known.size).toBeGreaterThan(50);
  expect([...known].filter((type) => !named.includes(type))).toEqual([]);
  expect(named.filter((type) => !known.has(type))).toEqual([]);
  expect(named.filter((type, i) => named.indexOf(type) !== i)).toEqual([]);
});

test('every row names a test that is there', () => {
  for (const { what, tests } of rows) {
    expect(tests.length, what).toBeGreaterThan(0);
    expect(tests.filter((file) => !existsSync(join(import.meta.dirname, file)))).toEqual([]);
  }
});
