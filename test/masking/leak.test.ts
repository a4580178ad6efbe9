/**
 * The leak test: values of every kind, at every place of every message type of the official schemas, through the
 * running gateway with an official client; then everything that came out is searched for them.
 */
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { KINDS, type Kind } from './kinds.js';
import { type LeakWorld, type Script, startLeakWorld } from './leak.js';
import { METHODS, POSITIONS, type Position, plantAt } from './positions.js';

/** Revisions of the protocol the client speaks. */
const ERAS: readonly string[] = ['2025-11-25'];

const types = [...new Set(POSITIONS.map(({ type }) => type))];
const byType = new Map(types.map((type) => [type, POSITIONS.filter((position) => position.type === type)]));

/** What the client chose must come back as it was, and what names a message must be what it is. */
const isProtocol = ({ type, path }: Position): boolean =>
  (type === 'JSONRPCErrorResponse' && path === '.id') || path === '.method' || path.endsWith('.protocolVersion');

const planted = (type: string, text: string): object =>
  Object(
    plantAt(
      (byType.get(type) ?? []).filter((position) => !isProtocol(position)),
      text,
    ),
  );

/** Results that a client gives. */
const OF_CLIENTS = new Set(['ElicitResult', 'CreateMessageResult', 'CreateMessageResultWithTools', 'ListRootsResult']);
const results = types.filter((type) => type.endsWith('Result') && !OF_CLIENTS.has(type));
const requests = types.filter((type) => type.endsWith('Request'));
const notifications = types.filter((type) => type.endsWith('Notification'));
/** Requests by whose answer a list or content of a resource is known. */
const ASKED_BY: Readonly<Record<string, string>> = {
  ListToolsResult: 'tools/list',
  ListPromptsResult: 'prompts/list',
  ListResourcesResult: 'resources/list',
  ListResourceTemplatesResult: 'resources/templates/list',
  ReadResourceResult: 'resources/read',
  GetPromptResult: 'prompts/get',
  CompleteResult: 'completion/complete',
};

let world: LeakWorld;
beforeAll(async () => {
  world = await startLeakWorld();
}, 60_000);
afterAll(() => world.close());

const anything = z.looseObject({});

/** A request; what comes of it does not matter, since the client refuses much of what is planted, but it must end. */
const ask = async (client: Client, method: string, params: Record<string, unknown>, script: Script): Promise<void> => {
  world.say(script);
  try {
    await client.request({ method, params }, anything, { timeout: 5_000 });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/timed? ?out/i.test(error.message)) throw error;
    // What the client will not ask in this era is asked all the same, so that its record is looked at.
    if (/not supported by the negotiated/.test(error.message))
      await client.transport?.send({ jsonrpc: '2.0', id: `of another era: ${method}`, method, params });
  }
};

const call = { name: 'carry', arguments: {} };

/** An error is none without its code. */
const failure = (text: string): object => {
  const { error }: { error?: object } = planted('JSONRPCErrorResponse', text);
  return { error: { ...error, code: -32_000 } };
};

/** Everything a server can say of one kind. */
const fromServer = async (client: Client, { text }: Kind): Promise<void> => {
  const beside = [
    ...notifications.map((type) => ({ method: METHODS.get(type), ...planted(type, text) })),
    ...requests.map((type, i) => ({ id: `q${i}`, method: METHODS.get(type), ...planted(type, text) })),
  ];
  await ask(client, 'tools/call', call, { beside, answer: failure(text) });
  for (const type of results)
    await ask(client, ASKED_BY[type] ?? 'tools/call', call, { beside: [], answer: { result: planted(type, text) } });
  const elicit = { method: 'elicitation/create', params: { message: text, requestedSchema: { type: 'object' } } };
  const input = { resultType: 'input_required', inputRequests: { [text]: elicit, a: elicit }, requestState: text };
  await ask(client, 'tools/call', call, { beside: [], answer: { result: input } });
  const split = [text.slice(0, 5), text.slice(5)].map((part) => ({ type: 'text', text: part }));
  await ask(client, 'tools/call', call, { beside: [], answer: { result: { content: split } } });
};

/** Everything a client can say of one kind. */
const fromClient = async (client: Client, { text }: Kind): Promise<void> => {
  for (const type of requests.filter((one) => one !== 'InitializeRequest')) {
    const { params }: { params?: Record<string, unknown> } = planted(type, text);
    await ask(client, METHODS.get(type) ?? '', { ...params }, { beside: [], answer: { result: {} } });
  }
  for (const type of notifications) {
    await client.transport?.send({ jsonrpc: '2.0', method: METHODS.get(type) ?? '', ...planted(type, text) });
  }
  for (const [i, type] of [...OF_CLIENTS].entries()) {
    await ask(client, 'tools/call', call, {
      beside: [{ id: `c${i}`, method: 'elicitation/create', params: { message: 'who' } }],
      answer: { result: {} },
    });
    await client.transport?.send({ jsonrpc: '2.0', id: `c${i}`, result: { ...planted(type, text) } });
  }
};

const search = async (kinds: readonly Kind[]): Promise<readonly string[]> => {
  const everything = await world.everything();
  return kinds.flatMap(({ name, clear }) =>
    everything.flatMap(([place, text]) => clear.filter((form) => text.includes(form)).map(() => `${name} in ${place}`)),
  );
};

test('there are at least sixty kinds, and values in context among them', () => {
  expect(KINDS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(KINDS.map(({ name }) => name)).size).toBe(KINDS.length);
});

test.each(ERAS)('%s: no value of any kind comes out of the running gateway', { timeout: 240_000 }, async (era) => {
  for (const kind of KINDS) {
    const client = await world.connect(era);
    await fromServer(client, kind);
    await fromClient(client, kind);
    await client.close();
  }
  expect(await search(KINDS)).toEqual([]);
  // The values went through: their masks came out, to the client and into the ledger.
  for (const [place, text] of await world.everything()) {
    if (place !== 'client' && !place.endsWith('.jsonl')) continue;
    expect(text.split('[redacted:').length, place).toBeGreaterThan((KINDS.length * POSITIONS.length) / 2);
  }
});
