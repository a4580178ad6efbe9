import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createMaskers } from '../../src/masking/mask.js';
import { commitmentTo, createVault } from '../../src/masking/vault.js';
import type { Redaction } from '../../src/model/redaction.js';
import { PROFILE } from './samples.js';

const NOON = Date.UTC(2026, 10, 24, 12);
const about = { direction: 'to_client', tool: null, groups: [], base: '' } as const;

const world = () => {
  const dir = join(mkdtempSync(join(tmpdir(), 'countersign-vault-')), 'vault');
  let now = NOON;
  const redact = async (value: unknown, seal = createVault(dir, { now: () => now })): Promise<readonly Redaction[]> => {
    const maskers = createMaskers(PROFILE, { tokenOf: () => '', seal });
    return (await maskers('files', about)(Buffer.from(JSON.stringify(value)))).redactions;
  };
  return {
    dir,
    redact,
    tomorrow: () => {
      now += 86_400_000;
    },
  };
};

test('a commitment opens with the key of its day, and to its own value alone', async () => {
  const { dir, redact } = world();
  const value = { a: 'mail alice@example.com', password: 'hünter2', b: ['bob@example.com'] };
  const redactions = await redact(value);
  const key = readFileSync(join(dir, '2026-11-24.key'));
  const clear = ['alice@example.com', 'hünter2', 'bob@example.com'];
  expect(redactions.map(({ salt = '' }, i) => commitmentTo(clear[i] ?? '', key, salt))).toEqual(
    redactions.map((one) => one.commitment),
  );
  expect(commitmentTo('bob@example.com', key, redactions[0]?.salt ?? '')).not.toBe(redactions[0]?.commitment);
  expect(JSON.stringify(redactions)).not.toMatch(/alice|bob|nter2/);
});

test('equal values do not show as equal', async () => {
  const { redact } = world();
  const twice = await redact({ a: 'x@example.com', b: 'x@example.com' });
  const again = await redact({ a: 'x@example.com' });
  expect(new Set([...twice, ...again].map((one) => one.commitment)).size).toBe(3);
});

test('the key is for its owner alone, stays over a restart, and is another one the next day', async () => {
  const { dir, redact, tomorrow } = world();
  await redact({ a: 'x@example.com' });
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, '2026-11-24.key')).mode & 0o777).toBe(0o600);
  const [after] = await redact({ a: 'x@example.com' });
  const key = readFileSync(join(dir, '2026-11-24.key'));
  expect(commitmentTo('x@example.com', key, after?.salt ?? '')).toBe(after?.commitment);
  tomorrow();
  await redact({ a: 'x@example.com' });
  expect(readdirSync(dir)).toEqual(['2026-11-24.key', '2026-11-25.key']);
});

test('without a usable key nothing is masked, and so nothing passes', async () => {
  const { dir, redact } = world();
  await redact({ a: 'x@example.com' });
  writeFileSync(join(dir, '2026-11-24.key'), 'short');
  await expect(redact({ a: 'x@example.com' })).rejects.toThrow(/does not hold 32 bytes/);
});
