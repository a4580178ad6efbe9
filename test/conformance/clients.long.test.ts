/** Official clients through a real gateway, with real tokens: lists, calls, streams, cancels, elicits, samples. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as v2 from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { ROOT } from '../layers.js';
import { type ConformanceWorld, startWorld } from './world.js';

const run = promisify(execFile);

/** What every client must be able to do. */
interface Driven {
  tools(): Promise<readonly string[]>;
  call(name: string, args: Record<string, unknown>, options?: CallOptions): Promise<unknown>;
  close(): Promise<void>;
}

interface CallOptions {
  readonly onprogress?: (progress: { readonly progress: number }) => void;
  readonly signal?: AbortSignal;
}

const CAPABILITIES = { elicitation: { form: {} }, sampling: {} };
const ACCEPTED = { action: 'accept', content: { username: 'jane', email: 'jane@example.invalid' } } as const;
const SAMPLED = { role: 'assistant', model: 'test', content: { type: 'text', text: 'a sampled answer' } } as const;

const drivenV1 = async (url: string, token: string): Promise<Driven> => {
  const client = new ClientV1({ name: 'v1', version: '1.0.0' }, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, () => ({ ...ACCEPTED }));
  client.setRequestHandler(CreateMessageRequestSchema, () => ({ ...SAMPLED }));
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new HttpV1(new URL(url), { requestInit }));
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options),
    close: () => client.close(),
  };
};

type Era = NonNullable<v2.VersionNegotiationOptions['mode']>;

const drive = async (transport: v2.Transport, mode: Era): Promise<Driven> => {
  const options = { capabilities: CAPABILITIES, versionNegotiation: { mode } };
  const client = new v2.Client({ name: 'v2', version: '1.0.0' }, options);
  client.setRequestHandler('elicitation/create', () => ({ ...ACCEPTED }));
  client.setRequestHandler('sampling/createMessage', () => ({ ...SAMPLED }));
  await client.connect(transport);
  return {
    tools: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: (name, args, more) => client.callTool({ name, arguments: args }, more),
    close: () => client.close(),
  };
};

const drivenV2 =
  (mode: Era) =>
  (url: string, token: string): Promise<Driven> => {
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    return drive(new v2.StreamableHTTPClientTransport(new URL(url), { requestInit }), mode);
  };

/** A client of a desktop program, which can only start processes. */
const drivenRemote =
  (mode: Era) =>
  (url: string): Promise<Driven> => {
    const program = join(ROOT, 'node_modules/mcp-remote/dist/proxy.js');
    const header = `Authorization:Bearer ${token}`;
    const args = [program, url, '--allow-http', '--transport', 'http-only', '--header', header];
    return drive(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }), mode);
  };

/** The same with the program's own command, and a login as it stores it. */
const drivenWrap =
  (mode: Era) =>
  (url: string): Promise<Driven> => {
    const { origin, pathname } = new URL(url);
    const [, server = ''] = pathname.split('/');
    const args = [join(ROOT, 'bin/run.js'), 'wrap', server, '--gateway', origin, '--store', world.login];
    return drive(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }), mode);
  };

let world: ConformanceWorld;
let token: string;
beforeAll(async () => {
  world = await startWorld();
  token = await world.proxy.token();
});
afterAll(() => world.close());

const REMOTE_MODERN = 'mcp-remote, 2026-07-28';

const CLIENTS = [
  ['SDK v1', drivenV1],
  ['SDK v2, legacy', drivenV2('legacy')],
  ['SDK v2, 2026-07-28', drivenV2({ pin: '2026-07-28' })],
  ['mcp-remote, legacy', drivenRemote('legacy')],
  [REMOTE_MODERN, drivenRemote({ pin: '2026-07-28' })],
  ['countersign wrap, legacy', drivenWrap('legacy')],
  ['countersign wrap, 2026-07-28', drivenWrap({ pin: '2026-07-28' })],
] as const;

describe.each(['http', 'stdio'])('in front of %s', (server) => {
  describe.each(CLIENTS)('%s', (name, connect) => {
    let client: Driven;
    beforeAll(async () => {
      client = await connect(`${world.proxy.gateway}/${server}/mcp`, token);
    });
    afterAll(() => client.close());

    test('lists and calls', async () => {
      expect(await client.tools()).toContain('test_simple_text');
      expect(await client.call('test_simple_text', {})).toMatchObject({
        content: [{ type: 'text', text: 'This is a simple text response for testing.' }],
      });
    });

    // The SDK's clients drop progress that they read in one piece with the answer, as a busy machine may deliver it.
    test('sees progress in order, before the answer', { retry: 3 }, async () => {
      const seen: number[] = [];
      await client.call('test_tool_with_progress', {}, { onprogress: ({ progress }) => seen.push(progress) });
      expect(seen).toEqual([0, 50, 100]);
    });

    test('is asked to sample, and asked by a form; what it answers is masked on record alone', async () => {
      expect(await client.call('test_sampling', { prompt: 'Say it' })).toMatchObject({
        content: [{ text: 'LLM response: a sampled answer' }],
      });
      const answer = await client.call('test_elicitation', { message: 'Who are you?' });
      // The server got the address and says so; the answer is masked, as every answer is.
      expect(answer).toMatchObject({
        content: [{ text: expect.stringMatching(/^User response: action=accept.*jane/) }],
      });
    });

    // In 2026-07-28 a call is withdrawn by closing its stream; mcp-remote sends a notification, which names no stream.
    if (name === REMOTE_MODERN) return;
    test('withdraws a call, and the server stops', async () => {
      const before = await client.call('test_withdrawn', {});
      const withdrawal = new AbortController();
      const waiting = client.call('test_wait', {}, { signal: withdrawal.signal });
      setTimeout(() => withdrawal.abort(), 300);
      await expect(waiting).rejects.toThrow();
      await expect.poll(() => client.call('test_withdrawn', {})).not.toEqual(before);
    });
  });
});

const INSPECTOR = join(ROOT, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');

const inspect = async (server: string, era: string, ...args: readonly string[]): Promise<unknown> => {
  const to = ['--cli', `${world.proxy.gateway}/${server}/mcp`, '--transport', 'http', '--protocol-era', era];
  const header = ['--header', `Authorization: Bearer ${token}`];
  const { stdout } = await run(process.execPath, [INSPECTOR, ...to, ...header, '--format', 'json', ...args]);
  return JSON.parse(stdout);
};

describe.each([
  ['http', 'legacy'],
  ['http', 'modern'],
  ['stdio', 'legacy'],
  ['stdio', 'modern'],
])('the inspector in front of %s, %s', (server, era) => {
  test('lists', async () => {
    expect(JSON.stringify(await inspect(server, era, '--method', 'tools/list'))).toContain('"test_simple_text"');
  });

  test('calls', async () => {
    const said = await inspect(server, era, '--method', 'tools/call', '--tool-name', 'test_simple_text');
    expect(JSON.stringify(said)).toContain('This is a simple text response for testing.');
  });
});

test('whatever these clients did is on record, and what they withdrew as cancelled', async () => {
  await world.stop();
  const waits = new Set<unknown>();
  const withdrawn: unknown[] = [];
  let answered = 0;
  for await (const { type, d } of readLedger(world.proxy.ledger)) {
    if (type === 'call' && d['target'] === 'test_wait') waits.add(d['call']);
    if (type === 'result' && waits.has(d['call'])) withdrawn.push(d['status']);
    if (type === 'result' && d['status'] === 'ok') answered++;
  }
  expect(withdrawn).toEqual(Array.from({ length: (CLIENTS.length - 1) * 2 }, () => 'cancelled'));
  expect(answered).toBeGreaterThan(CLIENTS.length * 2 * 8);
});
