/** The real gateway with a witness, a time stamp authority and a text file as anchors. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNoteSigner } from '../../src/base/note.js';
import { loadSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { startTsa, type Tsa } from '../ledger/anchors/tsa.js';
import { startWitness, type WitnessProcess } from '../ledger/anchors/world.js';
import { trustFile } from '../verify/sample.js';
import { type ProxyWorld, prepareProxy, startEcho } from './proxy.js';

const root = join(import.meta.dirname, '../..');
let world: ProxyWorld;
let tsa: Tsa;
let witness: WitnessProcess;
let child: ChildProcess;
let rootKey: string;
let stopEcho: () => void;

const anchorRecords = async () => {
  const found: Record<string, unknown>[] = [];
  for await (const { type, d } of readLedger(world.ledger)) if (type === 'anchor') found.push(d);
  return found;
};
const health = async () => (await fetch(`${world.adminUrl}/healthz`)).json();
/** A command beside the gateway. The authority answers from this process, so nothing may block it. */
const run = async (...args: string[]): Promise<{ status: number | null; said: { diagnoses?: object[] } }> => {
  const command = spawn(process.execPath, [join(root, 'bin/run.js'), 'ledger', ...args, '-c', world.config, '--json']);
  let text = '';
  command.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  command.stderr.resume();
  await once(command, 'close');
  return { status: command.exitCode, said: JSON.parse(text) };
};
const copy = (from: string, to: string): void =>
  cpSync(from, to, { recursive: true, filter: (path) => !/\/(?:control|lock)$/.test(path) });
const stop = async (): Promise<void> => {
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
};

beforeAll(async () => {
  const echo = await startEcho(new Set(), 0);
  stopEcho = () => void echo.server.close();
  [world, tsa] = await Promise.all([prepareProxy(echo.url), startTsa()]);
  rootKey = createNoteSigner('demo.invalid/test', await loadSigningKey(join(world.dir, 'data/keys/ledger.key'))).key;
  witness = await startWitness(join(world.dir, 'witness.json'), rootKey);
  const anchors = [
    `{ name: team, every: 10s, witness: { url: '${witness.url}', key: '${witness.key}' } }`,
    `{ name: stamp, every: 10s, timestamp: { url: '${tsa.url}' } }`,
    `{ name: carry, every: 10s, file: { path: ./carry.txt } }`,
  ];
  const text = readFileSync(world.config, 'utf8');
  writeFileSync(world.config, text.replace('ledger: { ', `ledger: { anchors: [${anchors.join(', ')}], `));
  child = await world.start();
}, 60_000);
afterAll(async () => {
  if (child.exitCode === null) child.kill('SIGKILL');
  stopEcho();
  await Promise.all([tsa.close(), witness.close(), world.idp.close()]);
  rmSync(world.dir, { recursive: true, force: true });
});

test('every anchor confirms soon after the start, on record and in /healthz', async () => {
  await expect
    .poll(async () => (await anchorRecords()).map(({ anchor, event }) => [anchor, event].join(' ')).toSorted(), {
      timeout: 10_000,
    })
    .toEqual(expect.arrayContaining(['carry anchored', 'stamp anchored', 'team anchored']));
  expect(await health()).toMatchObject({ ok: true, anchors: 'all answer', unanchored_records: expect.any(Number) });
});

test('one that fails is on record and in /healthz, holds up nothing, and is asked again by command', async () => {
  tsa.fault = 503;
  const failed = await run('anchor');
  expect(failed.status).toBe(13);
  expect(failed.said).toMatchObject({
    by: 'gateway',
    anchors: expect.arrayContaining([expect.objectContaining({ name: 'stamp', problem: 'answered with status 503' })]),
  });
  expect(await anchorRecords()).toContainEqual(
    expect.objectContaining({ anchor: 'stamp', event: 'failed', failures: 1 }),
  );
  expect(await health()).toMatchObject({ ok: true, anchors: '1 of 3 do not answer' });
  tsa.fault = null;
  expect((await run('anchor')).status).toBe(0);
  const after = (await anchorRecords()).filter(({ anchor, event }) => anchor === 'stamp' && event === 'anchored');
  expect(after.some(({ failures }) => Number(failures) > 0)).toBe(true);
  expect(await health()).toMatchObject({ anchors: 'all answer' });
});

test('what was confirmed counts under the auditor’s trust file', async () => {
  copy(world.ledger, join(world.dir, 'earlier'));
  expect((await run('rotate')).status).toBe(0);
  expect((await run('anchor')).status).toBe(0);
  await stop();
  const anchors = { witnesses: [witness.key], timestamps: [tsa.ca.toString('base64')] };
  const found = await verifyPath(world.ledger, { trust: await trustFile({ ledgers: [rootKey], anchors }) });
  expect(found.exit).toBe(13);
  expect(found.findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code)).toEqual([
    'NOT_ANCHORED',
  ]);
  expect(found.established.join('\n')).toMatch(/are those that .* confirmed; at most \d+ s passed/);
});

test('a gateway does not start on an older copy; the command says what knows better', async () => {
  const newest = join(world.dir, 'newest');
  copy(world.ledger, newest);
  rmSync(world.ledger, { recursive: true });
  copy(join(world.dir, 'earlier'), world.ledger);
  await expect(world.start()).rejects.toThrow(/ended with 12/);
  const examined = await run('doctor');
  expect(examined.said.diagnoses).toContainEqual(expect.objectContaining({ topic: 'anchors', state: 'fail' }));
  rmSync(world.ledger, { recursive: true });
  copy(newest, world.ledger);
  child = await world.start();
  await stop();
});

test('where no gateway runs the command asks the anchors itself', async () => {
  expect(await run('anchor')).toMatchObject({ status: 0, said: { by: 'command' } });
});
