/** `ledger.maxUnanchored` in a running gateway: an authority that does not answer holds up calls, until it does. */
import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { askControl } from '../../src/app/ledger-control.js';
import { type RunningGateway, startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { readLedger } from '../../src/ledger/read.js';
import { openSession, raw, toolCall } from '../gateway/raw.js';
import { startTsa, type Tsa } from '../ledger/anchors/tsa.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const MINUTE = 60_000;
const reached = new Set<string>();
let world: ProxyWorld;
let tsa: Tsa;
let gateway: RunningGateway;
let stopEcho: () => void;
/** Milliseconds by which the gateway's clocks are ahead: minutes pass at once. */
let ahead = 0;

beforeAll(async () => {
  const echo = await startEcho(reached, 0);
  stopEcho = () => void echo.server.close();
  [world, tsa] = await Promise.all([prepareProxy(echo.url), startTsa()]);
  const anchors = `maxUnanchored: 5m, anchors: [{ name: stamp, timestamp: { url: '${tsa.url}' } }]`;
  const text = await readFile(world.config, 'utf8');
  await writeFile(world.config, text.replace('ledger: { ', `ledger: { ${anchors}, `));
  const real = systemClock();
  const clock = { boot: real.boot, now: () => real.now() + ahead, monotonic: () => real.monotonic() + ahead };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = { clock, log, version: 'test', environment: {}, gatewayKeys: null };
  gateway = await startGateway(await loadSettings(world.config), deps);
});
afterAll(async () => {
  await gateway.close('test over');
  stopEcho();
  await Promise.all([tsa.close(), world.idp.close()]);
  rmSync(world.dir, { recursive: true, force: true });
});

const get = async (path: string) => {
  const answer = await fetch(`${gateway.adminUrl}${path}`);
  return { status: answer.status, ...JSON.parse(await answer.text()) };
};

test('calls are refused while nothing confirms the ledger, the health says why, and both end with a confirmation', async () => {
  const headers = await openSession(world.url, await world.token());
  let id = 0;
  const call = async (): Promise<string> =>
    (await raw(world.url, { headers, body: toolCall(++id, 'echo', { message: `call ${id}` }) })).body;

  await expect.poll(() => get('/healthz')).toMatchObject({ status: 200, ok: true, anchors: 'all answer' });
  expect(await call()).toContain('Echo: call 1');
  tsa.fault = 503;
  await askControl(world.ledger, 'anchor', null);
  ahead += 4 * MINUTE;
  expect(await call()).toContain('Echo: call 2');

  ahead += 2 * MINUTE;
  const refused = await call();
  expect(refused).toContain('"code":-31003');
  expect(refused).toContain('what the gateway recorded has gone unconfirmed for too long; try again later');
  expect(reached).toEqual(new Set(['call 1', 'call 2']));
  const health = await get('/healthz');
  expect(health).toMatchObject({ status: 503, ok: false, ledger: 'writing' });
  expect(health.reason).toMatch(
    /^no anchor confirms what was recorded, .*ledger\.maxUnanchored.*no call is let through/,
  );
  expect(health.since).toBe(health.unanchored_since);
  expect(await get('/readyz')).toMatchObject({
    status: 503,
    ready: false,
    parts: { ledger: 'ready', anchors: 'what was recorded has gone unconfirmed for longer than is allowed' },
  });

  tsa.fault = null;
  await expect.poll(() => get('/healthz'), { timeout: 20_000 }).toMatchObject({ status: 200, ok: true });
  expect(await get('/readyz')).toMatchObject({ parts: { anchors: 'ready' } });
  expect(await call()).toContain('Echo: call 4');

  const told = [];
  for await (const { type, d } of readLedger(world.ledger)) {
    if (type === 'refuse') told.push(d['reason']);
    if (type === 'call') told.push(d['forwarded']);
  }
  // The first is `initialize`.
  expect(told).toEqual([true, true, true, 'not_anchored', true]);
});
