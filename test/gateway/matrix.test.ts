/** The newest revision of each era against the other, over both transports; all revisions are in the long test. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cell, EXPECTED, exercise, type Matrix, MODERN, startMatrix, TRANSPORTS } from './matrix.js';

const REVISIONS = ['2025-11-25', MODERN];
const cells: readonly Cell[] = REVISIONS.flatMap((client) =>
  REVISIONS.flatMap((server) => TRANSPORTS.map((transport) => ({ client, server, transport }))),
);

let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix(REVISIONS);
});
afterAll(() => matrix.close());

test.each(cells)('a client of $client in front of a server of $server over $transport', async (cell) => {
  const client = await matrix.connect(cell);
  expect(await exercise(client, cell)).toEqual(EXPECTED);
  await client.close();
});

test('every forwarded call has one outcome', async () => {
  const entries = await matrix.harness.entries();
  const of = (type: string) => entries.filter((entry) => entry.type === type);
  const forwarded = of('call').filter(({ d }) => d['forwarded'] === true && d['method'] !== 'subscriptions/listen');
  const outcomes = of('result').map(({ d }) => d['call']);
  expect(new Set(outcomes).size).toBe(outcomes.length);
  expect(forwarded.map(({ d }) => d['call']).filter((call) => !outcomes.includes(call))).toEqual([]);
  expect(matrix.harness.defects).toEqual([]);
});
