/**
 * The suite's client mode: its scenarios are servers, our client is the official SDK's. What it passes direct, it
 * passes with the gateway in between. Scenarios of authorization are left out: the gateway is a resource server of its
 * own, and relays no challenge of a server behind it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { type Between, startBetween } from './between.js';
import { asClient } from './suite.js';

const BASE = ['initialize', 'tools_call', 'elicitation-sep1034-client-defaults', 'sse-retry'];
const MODERN = [
  'tools_call',
  'request-metadata',
  'sep-2322-client-request-state',
  'http-standard-headers',
  'http-custom-headers',
  'http-invalid-tool-headers',
  'json-schema-ref-no-deref',
];
const SCHEMA = 'json-schema-2020-12-preservation';

const LEGS = [
  ['0.1.16', '2025-11-25', BASE],
  ['0.2.0-alpha.12', '2025-11-25', [...BASE, SCHEMA]],
  ['0.2.0-alpha.12', '2026-07-28', [...MODERN, SCHEMA]],
] as const;

let between: Between;
beforeAll(async () => {
  between = await startBetween();
});
afterAll(() => between.close());

describe.each(LEGS)('suite %s at %s', (release, revision, scenarios) => {
  // The scenarios have time limits of their own, which a busy machine may not make.
  test.each(scenarios)('%s passes direct and through the gateway', { retry: 2 }, async (scenario) => {
    expect(await asClient(release, { scenario, revision, control: undefined })).toEqual({ [scenario]: [] });
    expect(await asClient(release, { scenario, revision, control: between.control })).toEqual({ [scenario]: [] });
  });
});

test('the ledger of all this verifies', async () => {
  await between.stop();
  const { findings } = await verifyPath(between.ledger);
  expect(findings.filter(({ severity }) => severity === 'integrity')).toEqual([]);
});
