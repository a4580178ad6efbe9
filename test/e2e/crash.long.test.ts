/**
 * SIGKILL in the middle of 1,000 calls from 16 clients: every call that reached the upstream has its intent on
 * record, every answer that reached a client has its outcome, and the ledger verifies after a restart. Segments end at
 * each MiB, and at random when they are asked to. Once with the page cache, which SIGKILL never loses, once with files that
 * lose everything not synced, and once with those and syncs that fail, so that the writer comes back, or is killed while
 * it does.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askControl } from '../../src/app/ledger-control.js';
import { readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { openSession, raw, toolCall } from '../gateway/raw.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const scale = Number(process.env['COUNTERSIGN_LONG'] ?? 1);
/** For each of the three disks: over fifty in all. */
const KILLS = Math.max(2, Math.round(17 * scale));
const CALLS = 1_000;
const CLIENTS = 16;
const preload = join(import.meta.dirname, '../faults/discard-unsynced.js');

const reached = new Set<string>();
let world: ProxyWorld;
let token: string;
let stopEcho: () => void;
let run = 0;

beforeAll(async () => {
  const echo = await startEcho(reached, 2);
  stopEcho = () => void echo.server.close();
  world = await prepareProxy(echo.url);
  const config = await readFile(world.config, 'utf8');
  await writeFile(world.config, config.replace('ledger: {', 'ledger: { rotate: { size: 1MiB },'));
  token = await world.token();
});
afterAll(async () => {
  stopEcho();
  await world.idp.close();
});

/** A start whose own first sync fails is refused; whoever runs the gateway starts it again. */
const startAtLast = async (nodeArgs: readonly string[], env: Record<string, string>): Promise<ChildProcess> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await world.start(nodeArgs, env);
    } catch (error) {
      if (attempt === 9 || !String(error).includes('EIO: i/o error, fdatasync')) throw error;
    }
  }
};

/** Asks for the next segment at random moments until the process is gone. */
const rotateAtRandom = async (child: ChildProcess): Promise<void> => {
  while (child.exitCode === null && child.signalCode === null) {
    await sleep(Math.random() * 300);
    // Refused while the disk fails, and cut off by the kill.
    await askControl(world.ledger, 'rotate', null).catch(() => {});
  }
};

/** Runs all clients until the process is gone; the messages whose answers came. */
const callUntilKilled = async (child: ChildProcess, killAfter: number): Promise<Set<string>> => {
  const answered = new Set<string>();
  const prefix = `run-${run++}`;
  let next = 0;
  const client = async (): Promise<void> => {
    const headers = await openSession(world.url, token);
    for (let n = next++; n < CALLS; n = next++) {
      const message = `${prefix}-call-${n}`;
      const response = await raw(world.url, { headers, body: toolCall(n, 'echo', { message }) });
      if (response.body.includes(`Echo: ${message}`)) answered.add(message);
      else await sleep(50);
      if (answered.size === killAfter) child.kill('SIGKILL');
    }
  };
  const rotating = rotateAtRandom(child);
  // A client whose gateway is killed sees its connection break; that ends it.
  await Promise.all(Array.from({ length: CLIENTS }, () => client().catch(() => {})));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rotating;
  return answered;
};

const recorded = async () => {
  const intents = new Set<string>();
  const outcomes = new Set<string>();
  const calls = new Map<string, number>();
  const results = new Map<string, number>();
  for await (const { type, d, payloads } of readLedger(world.ledger)) {
    const text = Object.values(payloads)
      .map((payload) => ('data' in payload ? payload.data : ''))
      .join('\n');
    const message = /run-\d+-call-\d+/.exec(text)?.[0];
    const call = JSON.stringify(d['call']);
    if (type === 'call' && d['forwarded'] === true) {
      calls.set(call, 1);
      if (message) intents.add(message);
    }
    if (type === 'result') {
      results.set(call, (results.get(call) ?? 0) + 1);
      if (message) outcomes.add(message);
    }
  }
  return { intents, outcomes, calls, results };
};

describe.each([
  ['the page cache stays', [], {}],
  ['what is not synced is lost', ['--import', preload], { COUNTERSIGN_DISCARD: 'data' }],
  [
    'what is not synced is lost, and syncs fail',
    ['--import', preload],
    { COUNTERSIGN_DISCARD: 'data', COUNTERSIGN_SYNC_FAILS: '0.01' },
  ],
] as const)('SIGKILL, %s', (_name, nodeArgs, env) => {
  test(`${KILLS} times in the middle of ${CALLS} calls from ${CLIENTS} clients`, async () => {
    const answers = new Set<string>();
    const variables: Record<string, string> =
      'COUNTERSIGN_DISCARD' in env ? { ...env, COUNTERSIGN_DISCARD: join(world.dir, 'data') } : {};
    for (let kill = 0; kill < KILLS; kill++) {
      const child = await startAtLast(nodeArgs, variables);
      const killAfter = 50 + Math.floor(Math.random() * 600);
      for (const message of await callUntilKilled(child, killAfter)) answers.add(message);
      expect(child.signalCode).toBe('SIGKILL');
    }
    const last = await world.start();
    last.kill('SIGTERM');
    await once(last, 'exit');

    const { intents, outcomes, calls, results } = await recorded();
    expect(reached.size).toBeGreaterThan(KILLS * 50);
    expect((await readdir(join(world.ledger, 'log'))).length).toBeGreaterThan(2 * KILLS);
    expect([...reached].filter((message) => !intents.has(message))).toEqual([]);
    expect([...answers].filter((message) => !outcomes.has(message))).toEqual([]);
    // A restart writes `unknown` for what was left open: one outcome for each intent, and for nothing else.
    expect([...calls.keys()].filter((call) => results.get(call) !== 1)).toEqual([]);
    expect([...results.keys()].filter((call) => !calls.has(call))).toEqual([]);
    const verification = await verifyPath(world.ledger);
    expect(verification.findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
    expect(verification.exit).toBe(13);
  });
});
