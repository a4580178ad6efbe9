/** Every revision a client speaks, against every revision a server speaks, over both transports. */
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { ServerSettings } from '../../src/model/settings.js';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, type HarnessOptions, httpServer, rule, startHarness, stdioServer } from './harness.js';

export const MODERN = '2026-07-28';
export const CLIENTS: readonly string[] = ['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25', MODERN];
export const SERVERS: readonly string[] = [...CLIENTS, 'both'];
export const TRANSPORTS = ['http', 'stdio'] as const;
type Transport = (typeof TRANSPORTS)[number];

export interface Cell {
  readonly client: string;
  readonly server: string;
  readonly transport: Transport;
}

const idOf = (server: string, transport: Transport): string => `${transport}-${server}`;

export interface Matrix {
  readonly harness: Harness;
  connect(cell: Cell): Promise<Client>;
  close(): Promise<void>;
}

/** @param more what the gateway is to have beside the servers */
export const startMatrix = async (servers: readonly string[], more: Partial<HarnessOptions> = {}): Promise<Matrix> => {
  const running: EraServer[] = [];
  const settings: ServerSettings[] = [];
  for (const server of servers) {
    const http = await startEraServer(server);
    running.push(http);
    settings.push(httpServer(idOf(server, 'http'), http.url));
    settings.push(stdioServer(idOf(server, 'stdio'), join(import.meta.dirname, 'era-server.mjs'), [server]));
  }
  const harness = await startHarness({ servers: settings, policy: [rule({ id: 'all' })], ...more });
  return {
    harness,
    connect: async ({ client: revision, server, transport }) => {
      const client = new Client(
        { name: 'matrix', version: '1' },
        {
          capabilities: { elicitation: { form: {} }, sampling: {} },
          ...(revision === MODERN
            ? { versionNegotiation: { mode: { pin: MODERN } } }
            : { supportedProtocolVersions: [revision] }),
        },
      );
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { word: 'please' } }));
      client.setRequestHandler('sampling/createMessage', () => ({
        role: 'assistant',
        model: 'test',
        content: { type: 'text', text: 'hello' },
      }));
      const url = new URL(`${harness.url}/${idOf(server, transport)}/mcp`);
      const requestInit = { headers: { authorization: 'Bearer jane' } };
      await client.connect(new StreamableHTTPClientTransport(url, { requestInit }));
      return client;
    },
    close: async () => {
      await harness.close();
      await Promise.all(running.map((server) => server.close()));
    },
  };
};

const textOf = (result: unknown): string => {
  const { content } = Object(result);
  return Array.isArray(content) ? content.map((part: { text?: string }) => part.text ?? '').join('') : '';
};

const listChange = async (client: Client, revision: string): Promise<string> => {
  const changed = new Promise<string>((resolve) => {
    client.setNotificationHandler('notifications/tools/list_changed', () => resolve('told'));
  });
  if (revision === MODERN) await client.listen({ toolsListChanged: true });
  // The stream of a session is opened beside its calls.
  else await new Promise((resolve) => setTimeout(resolve, 150));
  await client.callTool({ name: 'grow', arguments: {} });
  const late = new Promise<string>((resolve) => void setTimeout(() => resolve('not told'), 5_000));
  return Promise.race([changed, late]);
};

const cancelled = async (client: Client): Promise<string> => {
  const gone = new AbortController();
  const call = client.callTool({ name: 'wait', arguments: {} }, { signal: gone.signal });
  setTimeout(() => gone.abort(), 100);
  return call.then(
    () => 'answered',
    () => 'cancelled',
  );
};

/** Everything one client does with one server, and what came of it. */
export const exercise = async (
  client: Client,
  { client: revision }: Cell,
): Promise<Readonly<Record<string, unknown>>> => {
  const progress: number[] = [];
  const { tools } = await client.listTools();
  const call = async (name: string, args: Readonly<Record<string, unknown>> = {}): Promise<string> =>
    textOf(await client.callTool({ name, arguments: args }));
  const counted = await client.callTool(
    { name: 'count', arguments: { to: 3 } },
    { onprogress: ({ progress: at }) => void progress.push(at) },
  );
  const failed = await client.callTool({ name: 'fail', arguments: {} });
  const { contents } = await client.readResource({ uri: 'note://a' });
  const { messages } = await client.getPrompt({ name: 'greet', arguments: { name: 'Ann' } });
  const missing = await client.readResource({ uri: 'note://none' }).then(
    () => 'read',
    (error: Error) => error.message.length > 0,
  );
  return {
    tools: tools.some(({ name }) => name === 'echo'),
    instructions: client.getInstructions(),
    echo: await call('echo', { text: 'hello' }),
    leaks: (await call('leak')).includes('AKIA'),
    counted: textOf(counted),
    progress,
    failed: failed.isError,
    contents: contents.map((content) => ('text' in content ? content.text : '')),
    messages: messages.length,
    missing,
    ask: await call('ask', { what: 'which word?' }),
    sample: await call('sample'),
    cancelled: await cancelled(client),
    changed: await listChange(client, revision),
  };
};

export const EXPECTED: Readonly<Record<string, unknown>> = {
  tools: true,
  instructions: 'Use the tools.',
  echo: 'echo: hello',
  leaks: false,
  counted: 'counted',
  progress: [1, 2, 3],
  failed: true,
  contents: ['a note'],
  messages: 1,
  missing: true,
  ask: 'you said please',
  sample: 'the model said hello',
  cancelled: 'cancelled',
  changed: 'told',
};
