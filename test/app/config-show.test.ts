import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { showConfig } from '../../src/app/config-show.js';
import { GOOD } from './config/example.js';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-show-'));
  await writeFile(join(dir, 'countersign.yaml'), GOOD);
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const shown = async () => {
  const { fields } = await showConfig(join(dir, 'countersign.yaml'));
  return new Map(fields.map(({ field, value, line }) => [field, [value, line]]));
};

test('every value is shown with its line, as the file writes it', async () => {
  const fields = await shown();
  expect(fields.get('gateway.approvalHold')).toEqual(['50s', 7]);
  expect(fields.get('policy[1].tools')).toEqual([['write_file'], 31]);
  expect(fields.get('servers.billing.aws.tools.stop[0].write')).toEqual([true, 23]);
});

test('what the file does not say is shown as a default, also within what it says', async () => {
  const fields = await shown();
  expect(fields.get('gateway.callTimeout')).toEqual(['10m', null]);
  expect(fields.get('gateway.limits.concurrent')).toEqual([1_000, null]);
  expect(fields.get('servers.files.masking')).toEqual(['default', null]);
  expect(fields.get('approvals.two-eyes.limits.open')).toEqual([20, null]);
  expect(fields.get('ledger.rotate.size')).toEqual(['64MiB', null]);
  expect(fields.has('gateway.tls.cert')).toBe(false);
});

test('of a secret it is shown where it is', async () => {
  const fields = await shown();
  expect(fields.get('servers.billing.http.headers.x-key.env')).toEqual(['KEY', 19]);
  expect(fields.get('ledger.key.file')).toEqual(['./keys/ledger.key', 38]);
});

test('a file that does not hold is refused as everywhere', async () => {
  await writeFile(join(dir, 'bad.yaml'), GOOD.replace('version: 1', 'version: 2'));
  await expect(showConfig(join(dir, 'bad.yaml'))).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
