/** The official conformance suite against our fixture, direct and through the gateway: nothing that passes is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { againstServer, type Findings, lost, passed, SUITES, type SuiteName } from './suite.js';
import { type ConformanceWorld, startWorld } from './world.js';

/** A process for each session takes its time, and the second suite has nearly all the scenarios of the first. */
const isFull = Number(process.env['COUNTERSIGN_LONG'] ?? '1') >= 1;

const LEGS: readonly (readonly [SuiteName, readonly ('http' | 'stdio')[]])[] = [
  ['0.1.16, all', isFull ? ['http', 'stdio'] : ['http']],
  ['0.2.0-alpha.12, 2025-11-25', ['http', 'stdio']],
  ['0.2.0-alpha.12, 2026-07-28', ['http', 'stdio']],
];

let world: ConformanceWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe.each(LEGS)('suite %s', (name, transports) => {
  let direct: Findings;
  beforeAll(async () => {
    direct = await againstServer(name, world.direct);
  });

  test('passes direct', () => {
    expect(passed(direct).length).toBeGreaterThanOrEqual(SUITES[name].passing);
  });

  // Some scenarios listen for half a second and no longer, which a busy machine may not make.
  test.each(transports)('loses nothing through the gateway, in front of %s', { retry: 2 }, async (transport) => {
    const through = await againstServer(name, world.through[transport]);
    expect(lost(direct, through)).toEqual({});
  });
});

test('each of these calls is on record, masked and with its outcome, and the ledger verifies', async () => {
  await world.stop();
  const calls = new Map<unknown, number>();
  const methods = new Set<unknown>();
  for await (const { type, d } of readLedger(world.proxy.ledger)) {
    if (type === 'call' && d['forwarded'] === true) calls.set(d['call'], 0);
    if (type === 'call') methods.add(d['method']);
    if (type === 'result') calls.set(d['call'], (calls.get(d['call']) ?? 0) + 1);
  }
  expect(calls.size).toBeGreaterThan(200);
  expect([...calls.values()].every((outcomes) => outcomes === 1)).toBe(true);
  expect([...methods]).toEqual(expect.arrayContaining(['initialize', 'tools/call', 'resources/read', 'prompts/get']));
  const { findings } = await verifyPath(world.proxy.ledger);
  expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
});
