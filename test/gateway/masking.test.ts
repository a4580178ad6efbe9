/** Masking rules in the path of a call: what is refused, what is blocked, and what the records say. */
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LedgerEntry } from '../../src/ledger/read.js';
import { createMaskers } from '../../src/masking/mask.js';
import type { MaskRule } from '../../src/model/masking-settings.js';
import { PROFILE } from '../masking/samples.js';
import { type Harness, startHarness, stdioServer } from './harness.js';

const rule = (over: Partial<MaskRule> & Pick<MaskRule, 'id' | 'mode'>): MaskRule => ({
  direction: null,
  servers: [],
  tools: [],
  groups: [],
  pointers: [],
  keys: [],
  detectors: [],
  ...over,
});
const RULES: readonly MaskRule[] = [
  rule({ id: 'no-iban-out', mode: 'block', direction: 'to_server', detectors: ['iban'] }),
  rule({ id: 'no-mail-back', mode: 'block', detectors: ['email'], tools: ['echo'], groups: ['interns'] }),
  rule({ id: 'card-ends', mode: 'partial', detectors: ['card-number'] }),
];
const IBAN = 'DE89370400440532013000';
const CARD = '4242 4242 4242 4242';

let harness: Harness;
let client: Client;
beforeAll(async () => {
  const maskers = createMaskers({ ...PROFILE, rules: RULES }, { tokenOf: () => '0123456789abcdef' });
  harness = await startHarness({
    servers: [stdioServer('fixture', join(import.meta.dirname, 'fixture-server.mjs'))],
    deps: { maskFor: ({ id }, about) => maskers(id, about) },
  });
  client = await harness.connect('fixture', 'jane');
});
afterAll(async () => {
  await client.close();
  await harness.close();
});

const last = async (type: string): Promise<LedgerEntry | undefined> =>
  (await harness.entries()).findLast((entry) => entry.type === type);
const payload = (entry: LedgerEntry | undefined, name: string): string => {
  const found = entry?.payloads[name];
  return found !== undefined && 'data' in found ? found.data : '';
};

test('a mode shows in the answer, and in the counts and payload of the record', async () => {
  const { content } = await client.callTool({ name: 'echo', arguments: { note: CARD } });
  expect(JSON.stringify(content)).toContain('[redacted:card-number:4242]');
  const result = await last('result');
  const counted = { detector: 'card-number', rule: 'card-ends', mode: 'partial' };
  expect(result?.d).toMatchObject({ redactions: { 'card-number': 1 }, masked: [{ ...counted, n: 1 }] });
  expect(JSON.parse(payload(result, 'redactions'))).toEqual([
    { ...counted, pointer: '/result/content/0/text', length: CARD.length },
  ]);
  expect((await last('call'))?.d).toMatchObject({ masked: [{ ...counted, n: 1 }] });
});

test('a call with a value that a rule keeps from servers is refused, and not forwarded', async () => {
  await expect(client.callTool({ name: 'echo', arguments: { to: IBAN } })).rejects.toThrow(
    /the masking rule no-iban-out lets no iban pass/,
  );
  expect((await last('refuse'))?.d).toMatchObject({ reason: 'masking' });
  expect(JSON.stringify(await harness.entries())).not.toContain(IBAN);
});

test('so is a notification', async () => {
  const before = (await harness.entries()).length;
  const message = {
    jsonrpc: '2.0',
    method: 'notifications/progress',
    params: { progressToken: 1, message: IBAN },
  } as const;
  await client.transport?.send(message);
  const since = (await harness.entries()).slice(before).map(({ type }) => type);
  expect(since).toContain('refuse');
  expect(since).not.toContain('message');
});

test('an answer with a value that a rule blocks is kept back, with a record that names the rule', async () => {
  const intern = await harness.connect('fixture', 'ada:engineering,interns');
  const ask = { name: 'echo', arguments: { to: 'bob@example.com' } };
  await expect(intern.callTool(ask)).rejects.toThrow(/the masking rule no-mail-back lets no email pass/);
  expect((await last('result'))?.d).toMatchObject({ status: 'blocked_by_masking' });
  expect((await last('masking'))?.d).toMatchObject({
    event: 'failure',
    problem: expect.stringContaining('no-mail-back'),
  });
  expect(JSON.stringify((await client.callTool(ask)).content)).toContain('[redacted:email]');
  expect(JSON.stringify(await harness.entries())).not.toContain('bob@example.com');
  await intern.close();
});
