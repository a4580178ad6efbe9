/**
 * The leak test: values of every kind, at every string of every message type of the official schemas, through the
 * running gateway with an official client; then everything that came out is searched for them.
 */
import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { KINDS, type Kind } from './kinds.js';
import type { LeakWorld, Script } from './leak.js';
import { type Position, PROTOCOLS, plantAt } from './positions.js';

/** Revisions of the protocol the client speaks. */
const ERAS: readonly string[] = [...PROTOCOLS.keys()];

/** Clients of each era before servers of each. */
export const PAIRS = ERAS.flatMap((client) => ERAS.map((server) => ({ client, server })));

/** What must be what it is for a message to be one, or comes back as it was: each is tried by itself. */
const isProtocol = ({ path }: Position): boolean =>
  /^\.(?:id|method|resultType|params\.requestState)$|[./]protocolVersion$/.test(path);

/** Results that a client gives. */
const OF_CLIENTS = new Set(['ElicitResult', 'CreateMessageResult', 'ListRootsResult']);

/** The messages of one revision, and how values are planted in them. */
const messagesOf = (era: string) => {
  const { positions = [], methods = new Map<string, string>() } = PROTOCOLS.get(era) ?? {};
  const types = [...new Set(positions.map(({ type }) => type))];
  const byType = new Map(types.map((type) => [type, positions.filter((position) => position.type === type)]));
  const ending = (end: string): readonly string[] => types.filter((type) => type.endsWith(end));
  return {
    era,
    positions,
    types,
    methodOf: (type: string): string => methods.get(type) ?? '',
    planted: (type: string, text: string): Record<string, unknown> =>
      Object(
        plantAt(
          (byType.get(type) ?? []).filter((position) => !isProtocol(position)),
          text,
        ),
      ),
    results: ending('Result').filter((type) => !OF_CLIENTS.has(type)),
    requests: ending('Request').filter((type) => type !== 'InitializeRequest'),
    notifications: ending('Notification'),
    failures: [...ending('Error'), 'JSONRPCErrorResponse'],
  };
};
type Messages = ReturnType<typeof messagesOf>;

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
  /** Those of the client's revision. */
  readonly messages: Messages;
  /** Those of the server's. */
  readonly server: Messages;
  readonly client: Client;
  readonly kind: Kind;
  readonly tried: (type: string) => boolean;
}

const anything = z.looseObject({});

/** Sends a message as it is; whether it is taken does not matter. */
const tell = async (
  { client }: Talk,
  message: Parameters<NonNullable<Client['transport']>['send']>[0],
): Promise<void> => {
  try {
    await client.transport?.send(message);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
};

/** What a request of the modern era must say of itself. */
const envelope = ({ messages }: Talk, params: Record<string, unknown>): Record<string, unknown> => {
  if (messages.era < '2026') return params;
  const meta = { 'io.modelcontextprotocol/clientCapabilities': {}, ...Object(params['_meta']) };
  return { ...params, _meta: { ...meta, 'io.modelcontextprotocol/protocolVersion': messages.era } };
};

/** Whether a request stays open: a subscription before a server that has none lasts until the client leaves it. */
const staysOpen = ({ messages, server }: Talk, method: string): boolean =>
  method === 'subscriptions/listen' && messages.era >= '2026' && server.era < '2026';

/** A request; what comes of it does not matter, since the client refuses much of what is planted, but it must end. */
const ask = async (
  talk: Talk,
  method: string,
  params: Record<string, unknown>,
  script: Script,
): Promise<Record<string, unknown>> => {
  talk.world.say(script);
  try {
    const options = { timeout: staysOpen(talk, method) ? 300 : 5_000, allowInputRequired: true };
    return await talk.client.request({ method, params }, anything, options);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/timed? ?out/i.test(error.message) && !staysOpen(talk, method)) throw error;
    // What the client will not ask in this era is asked all the same, so that its record is looked at.
    if (/not supported by the negotiated/.test(error.message))
      await tell(talk, { jsonrpc: '2.0', id: `of another era: ${method}`, method, params: envelope(talk, params) });
    return {};
  }
};

const call = { name: 'carry', arguments: {} };
const done: Script = { beside: [], answer: { result: {} } };

/** An error is none without its code. */
const failure = ({ server }: Talk, type: string, text: string): Script => {
  const { error }: { error?: object } = server.planted(type, text);
  return { beside: [], answer: { error: { ...error, code: -32_000 } } };
};

/** What stands beside an answer on its stream, or on that of a subscription. */
const beside = ({ server, tried }: Talk, text: string): readonly object[] => [
  ...server.notifications
    .filter(tried)
    .map((type) => ({ method: server.methodOf(type), ...server.planted(type, text) })),
  ...server.requests
    .filter(tried)
    .map((type, i) => ({ id: `q${i}`, method: server.methodOf(type), ...server.planted(type, text) })),
];

const elicitation = (message: string): object => ({
  method: 'elicitation/create',
  params: { message, requestedSchema: { type: 'object', properties: {} } },
});

/** What a server says again on a stream that goes on where another broke: the newer era has no such streams. */
const replay = async (talk: Talk): Promise<void> => {
  const { world, messages, client, kind } = talk;
  if (messages.era >= '2026' || !(client.transport instanceof StreamableHTTPClientTransport)) return;
  const log = { method: 'notifications/message', params: { level: 'info', logger: 'again', data: kind.text } };
  world.say({ beside: [log, ...beside(talk, kind.text)], answer: { result: {} } });
  await client.transport.resumeStream('e7');
};

/** Everything a server can say of one kind. */
const fromServer = async (talk: Talk): Promise<void> => {
  const { server, tried } = talk;
  const { text } = talk.kind;
  // One by one as well: what the gateway does not take ends the stream.
  for (const said of [beside(talk, text), ...beside(talk, text).map((one) => [one]), [{ id: text, method: 'ping' }]])
    await ask(talk, 'tools/call', call, { beside: said, answer: { result: {} } });
  for (const type of server.failures.filter(tried)) await ask(talk, 'tools/call', call, failure(talk, type, text));
  for (const type of server.results.filter(tried)) {
    const answer = { result: server.planted(type, text) };
    await ask(talk, ASKED_BY[type] ?? 'tools/call', call, { beside: [], answer });
  }
  await ask(talk, 'tools/call', call, { beside: [], answer: { result: { resultType: text } } });
  const listen = { notifications: { toolsListChanged: true } };
  await ask(talk, 'subscriptions/listen', listen, { beside: beside(talk, text), answer: { result: {} } });
  await replay(talk);
  const input = { inputRequests: { [text]: elicitation(text), a: elicitation(text) }, requestState: text };
  await ask(talk, 'tools/call', call, { beside: [], answer: { result: { resultType: 'input_required', ...input } } });
  const split = [text.slice(0, 5), text.slice(5)].map((part) => ({ type: 'text', text: part }));
  await ask(talk, 'tools/call', call, { beside: [], answer: { result: { content: split } } });
};

/** What a client answers: to a request of the server in the older era, with the call again in the newer. */
const answers = async (talk: Talk, type: string): Promise<void> => {
  const { messages, kind } = talk;
  const result = messages.planted(type, kind.text);
  if (messages.era < '2026') {
    const id = `c ${type}`;
    await ask(talk, 'tools/call', call, { beside: [{ id, ...elicitation('who') }], answer: { result: {} } });
    return tell(talk, { jsonrpc: '2.0', id, result });
  }
  const input = { resultType: 'input_required', inputRequests: { a: elicitation('who') }, requestState: kind.text };
  const { requestState } = await ask(talk, 'tools/call', call, { beside: [], answer: { result: input } });
  await ask(talk, 'tools/call', { ...call, requestState, inputResponses: { a: result, [kind.text]: result } }, done);
};

/** Everything a client can say of one kind. */
const fromClient = async (talk: Talk): Promise<void> => {
  const { messages, kind, tried } = talk;
  for (const type of messages.requests.filter(tried)) {
    const { params }: { params?: Record<string, unknown> } = messages.planted(type, kind.text);
    await ask(talk, messages.methodOf(type), { ...params }, done);
  }
  await ask(talk, 'tools/call', { ...call, requestState: kind.text }, done);
  for (const type of messages.notifications.filter(tried))
    await tell(talk, { jsonrpc: '2.0', method: messages.methodOf(type), ...messages.planted(type, kind.text) });
  for (const type of [...OF_CLIENTS].filter(tried)) await answers(talk, type);
};

/** Connects a client that says the value of itself to a server that says it of itself. */
const connect = async (
  world: LeakWorld,
  { era, planted }: Messages,
  server: Messages,
  { text }: Kind,
): Promise<Client> => {
  const isModern = server.era >= '2026';
  const { params }: { params?: { clientInfo?: object } } = planted('InitializeRequest', text);
  // Capabilities are left out: what the client does not understand of them ends the conversation.
  const { serverInfo, instructions, _meta } = server.planted(isModern ? 'DiscoverResult' : 'InitializeResult', text);
  world.say({ beside: [], answer: { result: isModern ? { instructions, _meta } : { serverInfo, instructions } } });
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
 * @param pair the revisions that client and server speak
 * @param step each kind is tried with every `step`-th type, other kinds with the others
 * @returns where they came out, and how many masks did, to the client and in the ledger, for each value planted; fewer
 *   between the eras, where much that one knows has no place in the other
 */
export const runLeak = async (
  world: LeakWorld,
  pair: { readonly client: string; readonly server: string },
  step: number,
  kinds = KINDS,
) => {
  const messages = messagesOf(pair.client);
  const server = messagesOf(pair.server);
  const types = [...new Set([...messages.types, ...server.types])];
  for (const [k, kind] of kinds.entries()) {
    const client = await connect(world, messages, server, kind);
    const tried = (type: string): boolean => (types.indexOf(type) + k) % step === 0;
    const talk: Talk = { world, messages, server, client, kind, tried };
    await fromServer(talk);
    await fromClient(talk);
    await client.close();
  }
  const everything = await world.everything();
  const masksIn = (isPlace: (place: string) => boolean): number =>
    everything
      .filter(([place]) => isPlace(place))
      .reduce((sum, [, text]) => sum + text.split('[redacted:').length - 1, 0);
  const masks = [masksIn((place) => place === 'client'), masksIn((place) => place.endsWith('.jsonl'))];
  const planted = (kinds.length * server.positions.length) / step;
  return { shown: await search(world), masks: Math.min(...masks) / planted };
};
