/** The table of carriers in the documentation against the official schemas. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMasker } from '../../src/masking/mask.js';
import { KINDS } from './kinds.js';
import { PROTOCOLS, plantAt } from './positions.js';
import { PROFILE } from './samples.js';

const page = readFileSync(join(import.meta.dirname, '../../docs/masking.md'), 'utf8');
const [section = ''] = page.slice(page.indexOf('## What is searched') + 3).split('\n## ');
const rows = section
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
const POSITIONS = [...PROTOCOLS.values()].flatMap(({ positions }) => positions);
const known = new Set(POSITIONS.map(({ type }) => type));

test('the schemas are those of both eras', () => {
  expect([...PROTOCOLS.keys()]).toEqual(['2025-11-25', '2026-07-28']);
  for (const { positions } of PROTOCOLS.values()) expect(positions.length).toBeGreaterThan(300);
});

test('every message type with a string stands in one row of the table, and no other does', () => {
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

test('a value at any one string of any type is masked, with nothing else in the message', () => {
  const mask = createMasker(PROFILE);
  const shown: string[] = [];
  for (const [i, position] of POSITIONS.entries()) {
    if (/(?:Error|ErrorResponse)$/.test(position.type) && position.path === '.id') continue;
    // A third of the kinds at each place, others at the next.
    for (const { name, text, clear } of KINDS.filter((_, k) => (i + k) % 3 === 0)) {
      const message = { jsonrpc: '2.0', ...Object(plantAt([position], text)) };
      const out = mask(Buffer.from(JSON.stringify(message))).bytes.toString('utf8');
      if (clear.some((form) => out.includes(form))) shown.push(`${name} at ${position.type}${position.path}`);
    }
  }
  expect(shown).toEqual([]);
});
