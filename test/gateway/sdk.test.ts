/** Official SDK clients through the gateway, in front of official servers. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort, type Harness, httpServer, rule, startHarness, stdioServer } from './harness.js';

const require = createRequire(import.meta.url);
const everything = join(require.resolve('@modelcontextprotocol/server-everything/package.json'), '../dist/index.js');
const filesystem = join(require.resolve('@modelcontextprotocol/server-filesystem/package.json'), '../dist/index.js');

const startEverything = async (): Promise<{ url: string; stop: () => void }> => {
  const port = await freePort();
  const preload = join(import.meta.dirname, '../../dist/demo/loopback.cjs');
  const child = spawn(process.execPath, ['--require', preload, everything, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  for (let i = 0; i < 100; i++) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    );
    if (up) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { url, stop: () => child.kill() };
};

describe('official clients and servers', () => {
  let harness: Harness;
  let stop: () => void;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-files-'));

  beforeAll(async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(
      join(folder, 'note.txt'),
      'password=hunter2hunter2\nkey AKIAIOSFODNN7EXAMPLE\nmail jane.doe@example.test\n',
    );
    const http = await startEverything();
    stop = http.stop;
    harness = await startHarness({
      servers: [
        stdioServer('files', filesystem, [folder]),
        stdioServer('everything', everything, ['stdio']),
        httpServer('remote', http.url),
      ],
      policy: [
        rule({ id: 'read', groups: ['engineering'], servers: ['files'], tools: ['read_*', 'list_*'] }),
        rule({ id: 'everything', groups: ['engineering'], servers: ['everything', 'remote'] }),
      ],
    });
  });
  afterAll(async () => {
    await harness.close();
    stop();
  });

  test.each(['everything', 'remote'])('an echo through %s', async (server) => {
    const client = await harness.connect(server, 'jane');
    const tools = await client.listTools();
    expect(tools.tools.map((tool) => tool.name)).toContain('echo');
    const result = await client.callTool({ name: 'echo', arguments: { message: 'hello' } });
    expect(result.content).toEqual([{ type: 'text', text: 'Echo: hello' }]);
    await client.close();
  });

  test.each(['everything', 'remote'])('progress arrives in order, before the answer, through %s', async (server) => {
    const client = await harness.connect(server, 'jane');
    const seen: number[] = [];
    await client.callTool(
      { name: 'trigger-long-running-operation', arguments: { duration: 0.4, steps: 4 } },
      { onprogress: ({ progress }) => seen.push(progress) },
    );
    expect(seen).toEqual([1, 2, 3, 4]);
    await client.close();
  });

  test('secrets in an answer reach neither the client nor the ledger', async () => {
    const client = await harness.connect('files', 'jane');
    const result = await client.callTool({ name: 'read_text_file', arguments: { path: join(folder, 'note.txt') } });
    const text = JSON.stringify(result);
    for (const clear of ['hunter2', 'AKIAIOSFODNN7EXAMPLE', 'jane.doe@example.test']) expect(text).not.toContain(clear);
    expect(text).toContain('[redacted:email]');
    const record = (await harness.entries()).filter(({ type }) => type === 'result').at(-1);
    expect(record?.d['status']).toBe('ok');
    expect(record?.d['redactions']).toMatchObject({
      email: expect.any(Number),
      'aws-access-key-id': expect.any(Number),
    });
    expect(JSON.stringify(record?.payloads)).not.toContain('hunter2');
    await client.close();
  });

  test('a denied tool is an error the client can read, and is recorded as not forwarded', async () => {
    const client = await harness.connect('files', 'jane');
    await expect(
      client.callTool({ name: 'write_file', arguments: { path: join(folder, 'x'), content: 'x' } }),
    ).rejects.toThrow(/Denied by policy/);
    const call = (await harness.entries()).filter(({ type }) => type === 'call').at(-1);
    expect(call?.d).toMatchObject({ target: 'write_file', forwarded: false, decision: { effect: 'deny', rule: null } });
    await client.close();
  });

  test('a person without any rule cannot open a session', async () => {
    const before = harness.gateway.sessions;
    await expect(harness.connect('files', 'eve:marketing')).rejects.toThrow(/Denied by policy/);
    expect(harness.gateway.sessions).toBe(before);
  });

  test('every forwarded call has one outcome, and intents come first', async () => {
    const outcomes = new Map<unknown, number>();
    const intents = new Map<unknown, number>();
    for (const { type, d, seq } of await harness.entries()) {
      if (type === 'call' && d['forwarded'] === true) intents.set(d['call'], seq);
      if (type !== 'result') continue;
      expect(outcomes.has(d['call'])).toBe(false);
      outcomes.set(d['call'], seq);
      expect(d['intent']).toBe(intents.get(d['call']));
    }
    expect(new Set(outcomes.keys())).toEqual(new Set(intents.keys()));
    expect(harness.defects).toEqual([]);
  });
});
