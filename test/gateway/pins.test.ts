/** A tool whose definition is not the pinned one: not shown and not run, where the configuration says so. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolRecord } from '../../src/app/stored-tool.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { withPins } from '../../src/policy/pins.js';
import { rule, startHarness, stdioServer } from './harness.js';
import { openSession, raw, rpc } from './raw.js';

const script = join(import.meta.dirname, 'fixture-server.mjs');
const all = compilePolicy([rule({ id: 'all' })], ['fixture'], []);
const start = (tools: Record<string, string>) =>
  startHarness({
    servers: [stdioServer('fixture', script)],
    deps: {
      policy: withPins(all, { file: '/tool-pins.yaml', changed: 'block', servers: {}, tools: { fixture: tools } }),
    },
  });

const visit = async (tools: Record<string, string>) => {
  const harness = await start(tools);
  try {
    const url = `${harness.url}/fixture/mcp`;
    const headers = await openSession(url, 'jane');
    const call = () => raw(url, { headers, body: rpc(2, 'tools/call', { name: 'echo', arguments: { text: 'x' } }) });
    const early = await call();
    const { body } = await raw(url, { headers, body: rpc(1, 'tools/list') });
    const late = await call();
    const entries = await harness.entries();
    const digests = entries.flatMap(({ type, d }) =>
      type === 'tool' ? [[toolRecord(d).name, toolRecord(d).digest]] : [],
    );
    expect(harness.defects).toEqual([]);
    return {
      shown: JSON.parse(body).result.tools.map((tool: { name: string }) => tool.name),
      early: early.body,
      late: late.body,
      digests: Object.fromEntries(digests),
    };
  } finally {
    await harness.close();
  }
};

test('what is not pinned is neither shown nor run; what is, runs once the server has listed it', async () => {
  const none = await visit({});
  expect(none.shown).toEqual([]);
  expect(none.late).toContain('was never pinned');
  const { echo = '' } = none.digests;
  const pinned = await visit({ echo, wipe: '0'.repeat(64) });
  expect(pinned.shown).toEqual(['echo']);
  expect(pinned.early).toContain('list the tools of the server first');
  expect(pinned.late).not.toContain('error');
});
