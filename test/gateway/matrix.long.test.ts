/** Every revision that a client speaks against every one that a server speaks: each cell works, or says why it does not. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  type Cell,
  CLIENTS,
  EXPECTED,
  exercise,
  type Matrix,
  MODERN,
  SERVERS,
  startMatrix,
  TRANSPORTS,
} from './matrix.js';

let matrix: Matrix;
beforeAll(async () => {
  matrix = await startMatrix(SERVERS);
});
afterAll(() => matrix.close());

const cells: readonly Cell[] = CLIENTS.flatMap((client) =>
  SERVERS.flatMap((server) => TRANSPORTS.map((transport) => ({ client, server, transport }))),
);
const BRIDGED: ReadonlySet<string> = new Set([MODERN, 'both']);

/** Two revisions of the older era are not translated: a client that does not speak its server's ends the conversation. */
const isRefused = ({ client, server }: Cell): boolean =>
  client !== server && !BRIDGED.has(client) && !BRIDGED.has(server);

/** What a revision did not have yet. */
const LATER: Readonly<Record<string, string>> = { ask: '2025-06-18' };

const has = (name: string, { client, server }: Cell): boolean =>
  [client, server].every((revision) => revision === 'both' || revision >= (LATER[name] ?? ''));

test.each(cells)('a client of $client in front of a server of $server over $transport', async (cell) => {
  if (isRefused(cell)) {
    await expect(matrix.connect(cell)).rejects.toThrow(/protocol version/);
    return;
  }
  const client = await matrix.connect(cell);
  const expected = Object.entries(EXPECTED).filter(([name]) => has(name, cell));
  expect(await exercise(client, cell)).toMatchObject(Object.fromEntries(expected));
  await client.close();
});

test('none of it was a defect of the gateway', () => {
  expect(matrix.harness.defects).toEqual([]);
});
