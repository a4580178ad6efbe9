/** A policy changed while `countersign proxy` runs: in force whole, or not at all, and on record. */
import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const reached = new Set<string>();
let world: ProxyWorld;
let child: ChildProcess;
let stopEcho: () => void;
let client: Client;
let first: string;

beforeAll(async () => {
  const echo = await startEcho(reached, 0);
  stopEcho = () => void echo.server.close();
  world = await prepareProxy(echo.url);
  first = readFileSync(world.config, 'utf8');
  child = await world.start();
  const token = await world.token();
  client = new Client({ name: 'test', version: '1' });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(world.url), { requestInit }));
});
afterAll(async () => {
  await client.close();
  child.kill('SIGKILL');
  stopEcho();
  await world.idp.close();
});

const call = async (message: string): Promise<boolean> => {
  try {
    await client.callTool({ name: 'echo', arguments: { message } });
  } catch {
    return false;
  }
  return reached.has(message);
};

const configs = async () => {
  const found: { outcome: unknown; reason: unknown; changes: unknown; policy: unknown }[] = [];
  for await (const { type, d } of readLedger(world.ledger)) {
    const { outcome, reason, changes, policy } = d;
    if (type === 'config') found.push({ outcome, reason, changes, policy });
  }
  return found;
};

/** Writes the file and waits until a further `config` record says what came of it. */
const change = async (text: string) => {
  const before = (await configs()).length;
  writeFileSync(world.config, text);
  child.kill('SIGHUP');
  await expect.poll(async () => (await configs()).length, { timeout: 10_000 }).toBe(before + 1);
  return (await configs()).at(-1);
};

const health = async () => (await fetch(`${world.adminUrl}/healthz`)).json();

test('a changed policy is in force for the next call of an open session', async () => {
  expect(await call('before')).toBe(true);
  const denying = first.replace("tools: ['*'] }", `tools: ['*'], when: "args.message != 'no'" }`);
  expect(await change(denying)).toMatchObject({ outcome: 'loaded', changes: ['rule all was changed'] });
  expect(await call('yes')).toBe(true);
  expect(await call('no')).toBe(false);
  expect(reached.has('no')).toBe(false);
});

test('one that is not valid leaves the old one in force, and health says so', async () => {
  const broken = first.replace('allow: true', 'alow: true');
  expect(await change(broken)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('alow') });
  expect(await call('no')).toBe(false);
  expect(await health()).toMatchObject({ ok: true, configuration: 'a change was refused' });
});

test('a change of anything but the policy waits for a restart', async () => {
  const renamed = first.replace('name: Test', 'name: Other');
  expect(await change(renamed)).toMatchObject({
    outcome: 'refused',
    reason: 'only policy, pins and revocations are read again; restart the gateway to change organization',
  });
});

test('what is valid again is in force again', async () => {
  const known = (await configs())[0]?.policy;
  expect(await change(`${first}# again\n`)).toMatchObject({ outcome: 'loaded', policy: known });
  expect(await call('no')).toBe(true);
  expect(await health()).toMatchObject({ configuration: 'in force' });
});
