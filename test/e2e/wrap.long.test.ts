/** `countersign wrap` as desktop programs use it: the official client starts it and speaks MCP on its pipes. */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../layers.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const RUN = join(ROOT, 'bin/run.js');

let echo: { readonly server: Server; readonly url: string };
let world: ProxyWorld;
let gateway: ChildProcess;
let store: string;
const reached = new Set<string>();

const stopGateway = async (): Promise<void> => {
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');
};

const clients: Client[] = [];
const told: string[] = [];

const connect = async (): Promise<Client> => {
  const args = [RUN, 'wrap', 'echo', '--gateway', world.gateway, '--store', store];
  const transport = new StdioClientTransport({ command: process.execPath, args, stderr: 'pipe' });
  transport.stderr?.on('data', (chunk: Buffer) => told.push(chunk.toString('utf8')));
  const client = new Client({ name: 'desktop', version: '1.0.0' });
  clients.push(client);
  await client.connect(transport);
  return client;
};

const say = async (client: Client, message: string): Promise<unknown> =>
  (await client.callTool({ name: 'echo', arguments: { message } })).content;

beforeAll(async () => {
  echo = await startEcho(reached, 0);
  world = await prepareProxy(echo.url);
  store = join(world.dir, 'login/tokens.json');
  gateway = await world.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  await stopGateway();
  echo.server.closeAllConnections();
  echo.server.close();
  await world.idp.close();
});

test('without a login the client hears what to do; after one, all works', async () => {
  await expect(connect()).rejects.toThrow(/not logged in for mcp: no login is stored.*countersign login/);
  expect(await world.logIn()).toBe(store);
  const client = await connect();
  expect(await say(client, 'hello')).toEqual([{ type: 'text', text: 'Echo: hello' }]);
});

test('an expired login is told in the answer of each call, and a new one counts at once', async () => {
  await world.logIn();
  const client = await connect();
  await world.logIn(-10);
  await expect(say(client, 'late')).rejects.toThrow(/the login expired at .*countersign login --use mcp/);
  await world.logIn();
  expect(await say(client, 'again')).toEqual([{ type: 'text', text: 'Echo: again' }]);
  expect(reached.has('late')).toBe(false);
});

test('a gateway that was started again is spoken to in a new session, and the call runs once', async () => {
  await world.logIn();
  const client = await connect();
  await say(client, 'before');
  await stopGateway();
  await expect(say(client, 'between')).rejects.toThrow(/The gateway gave no answer/);
  gateway = await world.start();
  expect(await say(client, 'after')).toEqual([{ type: 'text', text: 'Echo: after' }]);
  expect(reached.has('between')).toBe(false);
  expect(told.join('')).toContain('it was opened again');
});

test('what policy denies is an answer the client can read', async () => {
  await world.logIn();
  const client = await connect();
  await expect(client.readResource({ uri: 'file:///etc/passwd' })).rejects.toThrow(/Denied by policy/);
});

test('no token goes to another host than the one the login is for', async () => {
  await world.logIn();
  const args = [RUN, 'wrap', 'echo', '--gateway', world.gateway.replace('127.0.0.1', 'localhost'), '--store', store];
  const client = new Client({ name: 'desktop', version: '1.0.0' });
  clients.push(client);
  await expect(
    client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' })),
  ).rejects.toThrow(/the login is for 127.0.0.1/);
});

test('it prints what a program needs to start it', async () => {
  const args = [RUN, 'wrap', 'echo', '-c', world.config, '--snippet', 'claude-desktop'];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({
    mcpServers: {
      echo: { command: process.execPath, args: [RUN, 'wrap', 'echo', '--gateway', world.gateway] },
    },
  });
});
