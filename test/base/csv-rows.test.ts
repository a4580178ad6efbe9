import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvRowCounter, isTable } from '../../src/base/csv-rows.js';
import { csv } from '../../src/report/csv.js';

const count = (chunks: readonly Uint8Array[]): number => {
  const counter = csvRowCounter();
  for (const chunk of chunks) counter.add(chunk);
  return counter.rows();
};

test('whatever the fields hold and wherever a chunk ends, as many rows are counted as were written', () => {
  const rows = fc.array(
    fc.array(fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', 'a', 'é', '=') }), { minLength: 2, maxLength: 3 }),
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 7 }), (written, step) => {
      const bytes = Buffer.from(csv(['a', 'b'], written));
      const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) =>
        bytes.subarray(i * step, (i + 1) * step),
      );
      expect(count(chunks)).toBe(written.length);
    }),
  );
});

test('a last line without its end counts; nothing is no row', () => {
  expect(count([Buffer.from('a,b\r\n1,2')])).toBe(1);
  expect(count([Buffer.from('a,b')])).toBe(0);
  expect(count([])).toBe(0);
});

test('a table is a CSV file in csv/ itself', () => {
  expect(['csv/a.csv', 'csv/b/a.csv', 'a.csv', 'raw/csv/a.csv', 'csv/a.csv.txt'].filter(isTable)).toEqual([
    'csv/a.csv',
  ]);
});
