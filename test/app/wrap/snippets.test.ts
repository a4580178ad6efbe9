import { expect, test } from 'vitest';
import { WRAP_PROGRAMS } from '../../../src/app/wrap/snippets.js';
import { wrapSnippet } from '../../../src/app/wrap.js';

const ask = { server: 'files', gateway: 'https://mcp.example.com' };
const run = ['/usr/bin/node', '/opt/countersign/bin/run.js'];

test.each(WRAP_PROGRAMS)(
  '%s is told to start the program with the address of the gateway, and no secret',
  async (program) => {
    const { text } = await wrapSnippet(program, ask, run);
    expect(JSON.parse(text)).toEqual({
      [program === 'vscode' ? 'servers' : 'mcpServers']: {
        files: {
          ...(program === 'vscode' ? { type: 'stdio' } : {}),
          command: '/usr/bin/node',
          args: ['/opt/countersign/bin/run.js', 'wrap', 'files', '--gateway', 'https://mcp.example.com'],
        },
      },
    });
  },
);

test.each([
  ['http://mcp.example.com', /no https address/],
  ['ftp://mcp.example.com', /no https address/],
  ['mcp.example.com', /no address/],
  ['https://user:pass@mcp.example.com', /more than scheme, host and port/],
  ['https://mcp.example.com/?a=b', /more than scheme, host and port/],
])('%s is refused', async (gateway, problem) => {
  await expect(wrapSnippet('cursor', { ...ask, gateway }, run)).rejects.toThrow(problem);
});

test('a name that cannot be a server is refused', async () => {
  await expect(wrapSnippet('cursor', { ...ask, server: '../x' }, run)).rejects.toThrow(/no id of a server/);
});
