import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { expect, it } from 'vitest';
import { makePlan, resolveArguments } from '../../src/demo/plan.js';

const { resolve } = createRequire(import.meta.url);

const connect = async (name: string, args: readonly string[]): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' });
  const file = resolve(`@modelcontextprotocol/${name}/dist/index.js`);
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [file, ...args], stderr: 'ignore' }),
  );
  return client;
};

it('plans calls that the official servers answer without an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-plan-'));
  const files = await connect('server-filesystem', [folder]);
  const everything = await connect('server-everything', ['stdio']);
  try {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const plan = makePlan(seed);
      for (const { path, content } of plan.files) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), content);
      }
      for (const call of plan.calls.filter(({ server }) => server !== 'cloud')) {
        const client = call.server === 'files' ? files : everything;
        const result = await client.callTool({ name: call.tool, arguments: resolveArguments(call, folder) });
        expect([call.key, call.says, result.isError ?? false, result.content]).toEqual([
          call.key,
          call.says,
          false,
          expect.anything(),
        ]);
      }
    }
  } finally {
    await files.close();
    await everything.close();
    await rm(folder, { recursive: true });
  }
});
