/** A person's payloads erased by order of two custodians while the real gateway runs, from the command line. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNoteSigner } from '../../src/base/note.js';
import { createSigningKey, loadSigningKey } from '../../src/ledger/keys.js';
import { verifyPath } from '../../src/verify/verify.js';
import { trustFile } from '../verify/sample.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const root = join(import.meta.dirname, '../..');
const NAMES = ['alice@example.com', 'bob@example.com'];
let world: ProxyWorld;
let child: ChildProcess;
let stopEcho: () => void;
let custodians: string[];

const run = async (...args: string[]): Promise<{ status: number | null; text: string }> => {
  const command = spawn(process.execPath, [join(root, 'bin/run.js'), 'ledger', ...args]);
  let text = '';
  for (const stream of [command.stdout, command.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
  }
  await once(command, 'close');
  return { status: command.exitCode, text };
};
const keyFile = (name: string): string => join(world.dir, `${name}.key`);
const lines = (): string =>
  readdirSync(join(world.ledger, 'log'))
    .map((name) => readFileSync(join(world.ledger, 'log', name), 'utf8'))
    .join('');

beforeAll(async () => {
  const echo = await startEcho(new Set(), 0);
  stopEcho = () => void echo.server.close();
  world = await prepareProxy(echo.url);
  custodians = await Promise.all(
    NAMES.map(async (name) => createNoteSigner(name, await createSigningKey(keyFile(name))).key),
  );
  const text = readFileSync(world.config, 'utf8');
  writeFileSync(
    world.config,
    text.replace('ledger: { ', `ledger: { custodians: [${custodians.map((key) => `'${key}'`).join(', ')}], `),
  );
  child = await world.start();
  const client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${await world.token()}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(world.url), { requestInit }));
  await client.callTool({ name: 'echo', arguments: { message: 'what jane said' } });
  await client.close();
}, 60_000);
afterAll(async () => {
  child.kill('SIGKILL');
  stopEcho();
  await world.idp.close();
  rmSync(world.dir, { recursive: true, force: true });
});

test('prepared, signed by two, carried out: the rest of the ledger stays, and verifies', async () => {
  expect(lines()).toContain('what jane said');
  const order = join(world.dir, 'erase.order');
  const whose = ['--person', `${world.idp.issuer}|jane`, '-c', world.config];
  expect(await run('erase', ...whose, '--prepare', order)).toMatchObject({ status: 0 });
  expect(await run('erase', ...whose, '--order', order)).toMatchObject({ status: 2 });
  for (const [index, name] of NAMES.entries()) {
    const signed = await run('sign', order, '--key', keyFile(name), '--name', name);
    expect(signed).toMatchObject({ status: 0, text: expect.stringContaining(custodians[index] ?? '') });
    expect((await run('erase', ...whose, '--order', order)).status).toBe(index === 0 ? 14 : 0);
  }
  expect(lines()).not.toContain('what jane said');
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  const rootKey = createNoteSigner(
    'demo.invalid/test',
    await loadSigningKey(join(world.dir, 'data/keys/ledger.key')),
  ).key;
  const found = await verifyPath(world.ledger, { trust: await trustFile({ ledgers: [rootKey], custodians }) });
  expect(found.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code)).toEqual([
    'NOT_ANCHORED',
  ]);
  expect(found.established.join('\n')).toContain('signed by alice@example.com and bob@example.com');
  child = await world.start();
});

test('pruning is refused where nothing is old enough, and names why', async () => {
  const refused = await run(
    'prune',
    '--before',
    '2100-01-01',
    '--prepare',
    join(world.dir, 'prune.order'),
    '-c',
    world.config,
  );
  expect(refused.status).toBe(14);
  expect(refused.text).toContain('is kept until');
});
