/**
 * The leak test: values of every kind, at every string of every message type of the official schemas, through the
 * running gateway with an official client; then everything that came out is searched for them.
 */
import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { KINDS, type Kind } from './kinds.js';
import type { LeakWorld, Script } from './leak.js';
import { METHODS, POSITIONS, type Position, plantAt } from './positions.js';

/** Revisions of the protocol the client speaks. */
export const ERAS: readonly string[] = ['2025-11-25'];

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

/** A client of its own for each kind, and which of the types it is tried with. */
interface Talk {
  readonly world: LeakWorld;
  readonly client: Client;
  readonly kind: Kind;
  readonly tried: (type: string) => boolean;
}

const anything = z.looseObject({});

/** A request; what comes of it does not matter, since the client refuses much of what is planted, but it must end. */
const ask = async (
  { client, world }: Talk,
  method: string,
  params: Record<string, unknown>,
  script: Script,
): Promise<void> => {
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
const fromServer = async (talk: Talk): Promise<void> => {
  const { text } = talk.kind;
  const beside = [
    ...notifications.map((type) => ({ method: METHODS.get(type), ...planted(type, text) })),
    ...requests.map((type, i) => ({ id: `q${i}`, method: METHODS.get(type), ...planted(type, text) })),
  ];
  await ask(talk, 'tools/call', call, { beside, answer: failure(text) });
  for (const type of results.filter(talk.tried))
    await ask(talk, ASKED_BY[type] ?? 'tools/call', call, { beside: [], answer: { result: planted(type, text) } });
  const elicit = { method: 'elicitation/create', params: { message: text, requestedSchema: { type: 'object' } } };
  const input = { resultType: 'input_required', inputRequests: { [text]: elicit, a: elicit }, requestState: text };
  await ask(talk, 'tools/call', call, { beside: [], answer: { result: input } });
  const split = [text.slice(0, 5), text.slice(5)].map((part) => ({ type: 'text', text: part }));
  await ask(talk, 'tools/call', call, { beside: [], answer: { result: { content: split } } });
};

/** Everything a client can say of one kind. */
const fromClient = async (talk: Talk): Promise<void> => {
  const { client, kind, tried } = talk;
  const { text } = kind;
  for (const type of requests.filter((one) => one !== 'InitializeRequest' && tried(one))) {
    const { params }: { params?: Record<string, unknown> } = planted(type, text);
    await ask(talk, METHODS.get(type) ?? '', { ...params }, { beside: [], answer: { result: {} } });
  }
  for (const type of notifications.filter(tried)) {
    await client.transport?.send({ jsonrpc: '2.0', method: METHODS.get(type) ?? '', ...planted(type, text) });
  }
  for (const [i, type] of [...OF_CLIENTS].filter(tried).entries()) {
    await ask(talk, 'tools/call', call, {
      beside: [{ id: `c${i}`, method: 'elicitation/create', params: { message: 'who' } }],
      answer: { result: {} },
    });
    await client.transport?.send({ jsonrpc: '2.0', id: `c${i}`, result: { ...planted(type, text) } });
  }
};

/** Connects a client that says the value of itself to a server that says it of itself. */
const connect = async (world: LeakWorld, era: string, { text }: Kind): Promise<Client> => {
  const { params }: { params?: { clientInfo?: object } } = planted('InitializeRequest', text);
  // Capabilities are left out: what the client does not understand of them ends the conversation.
  const { serverInfo, instructions }: { serverInfo?: object; instructions?: string } = planted(
    'InitializeResult',
    text,
  );
  world.say({ beside: [], answer: { result: { serverInfo, instructions } } });
  return world.connect(era, { ...params?.clientInfo, name: text, version: text }, text);
};

/** Where which kind of value shows. */
const search = async (world: LeakWorld): Promise<readonly string[]> => {
  const everything = await world.everything();
  return KINDS.flatMap(({ name, clear }) =>
    everything.flatMap(([place, text]) => clear.filter((form) => text.includes(form)).map(() => `${name} in ${place}`)),
  );
};

/**
 * Sends values of every kind through.
 * @param step each kind is tried with every `step`-th type, other kinds with the others
 * @returns where they came out, and how many masks did, to the client and in the ledger
 */
export const runLeak = async (world: LeakWorld, era: string, step: number) => {
  for (const [k, kind] of KINDS.entries()) {
    const client = await connect(world, era, kind);
    const talk: Talk = { world, client, kind, tried: (type) => (types.indexOf(type) + k) % step === 0 };
    await fromServer(talk);
    await fromClient(talk);
    await client.close();
  }
  const masks = (await world.everything())
    .filter(([place]) => place === 'client' || place.endsWith('.jsonl'))
    .map(([, text]) => text.split('[redacted:').length - 1);
  return { shown: await search(world), masks: Math.min(...masks) };
};
