/**
 * Ten minutes at half of the load the gateway can bear on this machine, with a policy that changes every five seconds:
 * no errors, memory that does not grow, and a ledger that verifies.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { freePort } from '../gateway/harness.js';
import { HEADERS, initialize, rpc } from '../gateway/raw.js';
import { ROOT } from '../layers.js';
import { fastest, pace, poster } from './pace.js';
import { type ProxyWorld, prepareProxy } from './proxy.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? '1');
const SECONDS = Math.max(30, Math.round(600 * scale));
const WARM_UP_SECONDS = 5;
const CALLERS = 16;
const RELOAD_MS = 5_000;
/** Of each ten calls one is made in a session of its own, which is opened and ended for it. */
const SHORT = 10;

let upstream: ChildProcess;
let gateway: ChildProcess;
let world: ProxyWorld;
let token: string;

beforeAll(async () => {
  const port = await freePort();
  upstream = spawn(process.execPath, [join(ROOT, 'bench/proxy/upstream.mjs'), String(port)], { stdio: 'ignore' });
  world = await prepareProxy(`http://127.0.0.1:${port}/mcp`);
  gateway = await world.start();
  token = await world.token();
});
afterAll(async () => {
  gateway.kill('SIGKILL');
  upstream.kill();
  await world.idp.close();
});

type Client = ReturnType<typeof poster>;

const open = async (client: Client): Promise<Record<string, string>> => {
  const headers = { ...HEADERS, authorization: `Bearer ${token}` };
  const { status, session = '' } = await client.post(headers, initialize);
  if (status !== 200) throw new Error(`initialize: HTTP ${status}`);
  const own = { ...headers, 'mcp-session-id': session };
  await client.post(own, rpc(undefined, 'notifications/initialized'));
  return own;
};

const echo = async (client: Client, headers: Record<string, string>, n: number): Promise<void> => {
  const body = rpc(n, 'tools/call', { name: 'echo', arguments: { message: `hello ${n}` } });
  const { status, text } = await client.post({ ...headers, authorization: `Bearer ${token}` }, body);
  if (status !== 200 || !text.includes(`Echo: hello ${n}"`)) throw new Error(`HTTP ${status} ${text.slice(0, 300)}`);
};

const short = async (client: Client, n: number): Promise<void> => {
  const headers = await open(client);
  await echo(client, headers, n);
  await client.post(headers, null, 'DELETE');
};

/** Resident set of the gateway, MiB. */
const resident = (): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'latin1'))?.[1]) / 1024;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Does something every so often until it is told to stop. */
const every = (ms: number, what: () => void | Promise<void>): (() => void) => {
  const timer = setInterval(() => void what(), ms);
  return () => clearInterval(timer);
};

test('half of the greatest load, with reloads, for ten minutes', async () => {
  const client = poster(world.url, 64);
  const headers = await open(client);
  const call = (n: number): Promise<void> => (n % SHORT === 0 ? short(client, n) : echo(client, headers, n));
  // The first time warms up.
  const times = [await fastest(CALLERS, WARM_UP_SECONDS, call), await fastest(CALLERS, WARM_UP_SECONDS, call)];
  const greatest = Math.max(...times);

  const configuration = readFileSync(world.config, 'utf8');
  let reloads = 0;
  const memory: number[] = [];
  const stops = [
    every(RELOAD_MS, () => {
      writeFileSync(world.config, configuration.replace('id: all', `id: all-${++reloads}`));
      gateway.kill('SIGHUP');
    }),
    every(1_000, () => void memory.push(resident())),
    every(60_000, async () => {
      token = await world.token();
    }),
  ];
  const result = await pace({ rate: greatest / 2, seconds: SECONDS, most: 256, call: (n) => call(n + 10_000_000) });
  for (const stop of stops) stop();
  client.close();
  gateway.kill('SIGTERM');
  await once(gateway, 'exit');

  const fifth = Math.floor(memory.length / 5);
  const parts = [0, 1, 2, 3, 4].map((i) => Math.round(median(memory.slice(i * fifth, (i + 1) * fifth))));
  console.log(
    `${result.made} calls at ${Math.round(greatest / 2)} a second (greatest ${Math.round(greatest)}), ${reloads} reloads; resident MiB by fifths of the time: ${parts.join(', ')}`,
  );
  expect(result.errors).toEqual([]);
  expect(result.left).toBe(0);
  // The first minute fills caches and the heap; a tenth of ten minutes is not over it.
  expect(parts[4]).toBeLessThan((parts[1] ?? 0) * (scale < 1 ? 1.5 : 1.1));

  let loaded = 0;
  const unanswered = new Set<unknown>();
  for await (const { type, d } of readLedger(world.ledger)) {
    if (type === 'config' && d['outcome'] === 'loaded') loaded++;
    if (type === 'call' && d['forwarded'] === true) unanswered.add(d['call']);
    if (type === 'result') expect(unanswered.delete(d['call'])).toBe(true);
  }
  expect(unanswered.size).toBe(0);
  expect(loaded).toBeGreaterThanOrEqual(reloads);
  const { findings } = await verifyPath(world.ledger);
  expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
});
