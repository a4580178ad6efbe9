/** Server processes that do not play along. */
import { afterEach, describe, expect, test } from 'vitest';
import { type Harness, startHarness, stdioServer } from '../gateway/harness.js';
import { openSession, raw, toolCall } from '../gateway/raw.js';

const PRELUDE = `
const rl = require('node:readline').createInterface({ input: process.stdin });
const send = (m) => process.stdout.write(JSON.stringify(m) + '\\n');
const init = (m) => send({ jsonrpc: '2.0', id: m.id, result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: {} } });
`;
/** Reads the first message, and nothing after it. */
const DEAF = `${PRELUDE}
rl.on('line', (l) => { const m = JSON.parse(l); if (m.method === 'initialize') { init(m); process.stdin.pause(); rl.pause(); } });
setInterval(() => {}, 1000);
`;
/** Says a lot that belongs to no call. */
const FLOOD = `${PRELUDE}
rl.on('line', (l) => { const m = JSON.parse(l);
  if (m.method === 'initialize') init(m);
  else if (m.method === 'tools/call') {
    send({ jsonrpc: '2.0', id: m.id, result: { content: [] } });
    for (let i = 0; i < 20; i++) send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: 'x'.repeat(200000) } });
  } });
`;
/** Leaves a process behind that is in no group of ours and holds the pipes. */
const DAEMON = `${PRELUDE}
require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 15000)'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
rl.on('line', (l) => { const m = JSON.parse(l); if (m.method === 'initialize') { init(m); } });
`;

/** Answers its second call with an error to a request that it could not read, whichever that was. */
const NAMELESS = `${PRELUDE}
let calls = 0;
rl.on('line', (l) => { const m = JSON.parse(l);
  if (m.method === 'initialize') init(m);
  else if (m.method === 'tools/call' && ++calls === 2) send({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'unreadable' } });
});
`;

let harness: Harness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

const start = async (script: string): Promise<string> => {
  const server = stdioServer('bad', '-e', [script]);
  harness = await startHarness({ servers: [server], gateway: { callTimeout: 700 } });
  return `${harness.url}/bad/mcp`;
};
const entriesOf = async (type: string) => (await harness?.entries())?.filter((entry) => entry.type === type) ?? [];

describe('a server process', () => {
  test('that stops reading does not hold a call past its time', async () => {
    const url = await start(DEAF);
    const headers = await openSession(url);
    const response = await raw(url, { headers, body: toolCall(1, 'echo', { text: 'x'.repeat(500_000) }) });
    expect(JSON.parse(response.body)).toMatchObject({ id: 1, error: { code: -31004 } });
    expect((await entriesOf('result')).at(-1)?.d['status']).toBe('timed_out');
  });

  test('that says much to nobody fills no memory: the rest is counted', async () => {
    const url = await start(FLOOD);
    const headers = await openSession(url);
    await raw(url, { headers, body: toolCall(1, 'echo') });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await raw(url, { method: 'DELETE', headers });
    const closed = (await entriesOf('session')).at(-1);
    expect(closed?.d['event']).toBe('closed');
    expect(Number(closed?.d['dropped'])).toBeGreaterThanOrEqual(10);
  });

  test('that leaves a process behind does not keep the session from ending', async () => {
    const url = await start(DAEMON);
    const headers = await openSession(url);
    const before = Date.now();
    expect((await raw(url, { method: 'DELETE', headers })).status).toBe(204);
    expect(Date.now() - before).toBeLessThan(12_000);
  }, 20_000);

  test('that could not read a request answers none of those that are under way', async () => {
    const url = await start(NAMELESS);
    const headers = await openSession(url);
    const responses = await Promise.all([1, 2].map((id) => raw(url, { headers, body: toolCall(id, 'echo') })));
    for (const { body } of responses) expect(body).not.toContain('unreadable');
    expect((await entriesOf('result')).slice(-2).map(({ d }) => d['status'])).toEqual(['timed_out', 'timed_out']);
  });
});
