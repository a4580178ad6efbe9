/** `ledger rotate`: beside a running gateway through its socket, alone by taking the lock; with the key in KMS, too. */
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { checkUp } from '../../src/app/doctor.js';
import { examineLedger } from '../../src/app/ledger-doctor.js';
import { rotateLedger } from '../../src/app/ledger-rotate.js';
import { startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import { KEY_ARN, startKms } from '../aws/kms-double.js';
import { freePort } from '../gateway/harness.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-rotate-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

const configure = async (key: string): Promise<string> => {
  const [port, admin] = [await freePort(), await freePort()];
  const file = join(dir, 'countersign.yaml');
  await createSigningKey(join(dir, 'ledger.key'));
  await createSigningKey(join(dir, 'data/keys/report.key'));
  await createDigestKey(join(dir, 'digest.key'));
  await writeFile(
    file,
    `version: 1
organization: { name: Test }
gateway: { listen: '127.0.0.1:${port}', admin: '127.0.0.1:${admin}', publicUrl: 'https://mcp.example.com' }
identity: { issuers: [ { issuer: 'https://127.0.0.1:1', audience: 'https://mcp.example.com' } ] }
servers: { files: { http: { url: 'http://127.0.0.1:1/mcp' } } }
policy: [ { id: all, allow: true } ]
ledger: { origin: example.com/gw, key: ${key}, digestKey: { file: digest.key } }
`,
  );
  return file;
};

const start = async (file: string) => {
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = { clock: systemClock(), log, version: 'test', environment: {}, gatewayKeys: null };
  return startGateway(await loadSettings(file), deps);
};

const types = async (at: string): Promise<readonly string[]> => {
  const list: string[] = [];
  for await (const { type } of readLedger(at, { verify: true })) list.push(type);
  return list;
};

test('beside a running gateway, and alone', async () => {
  const config = await configure('{ file: ledger.key }');
  const gateway = await start(config);
  expect((await stat(join(gateway.ledgerDir, 'control'))).mode & 0o777).toBe(0o600);
  const beside = await rotateLedger({ config });
  await gateway.close('test');
  const alone = await rotateLedger({ config });
  expect([beside.by, alone.by]).toEqual(['gateway', 'command']);
  const names = (await readdir(join(gateway.ledgerDir, 'log'))).map((name) => Number.parseInt(name, 10));
  expect(names).toContain(beside.segment);
  expect(names).toContain(alone.segment);
  expect((await types(gateway.ledgerDir))[beside.segment]).toBe('seg');
  expect(await readdir(gateway.ledgerDir)).not.toContain('control');
});

test('a ledger whose root key is in KMS: gateway, rotation, doctor', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI');
  const kms = await startKms();
  try {
    const config = await configure(`{ kms: '${KEY_ARN}', endpoint: '${kms.endpoint}' }`);
    const gateway = await start(config);
    await rotateLedger({ config });
    await gateway.close('test');
    expect(kms.signed.length).toBe(2);
    const { diagnoses } = await examineLedger({ config });
    expect(diagnoses.find(({ topic }) => topic === 'keys')?.message).toContain(gateway.ledgerKey);
    const { checks } = await checkUp({ config });
    expect(checks.find(({ what }) => what.includes(KEY_ARN))).toMatchObject({ state: 'pass' });
    kms.failure = 'AccessDeniedException';
    await expect(start(config)).rejects.toMatchObject({ code: 'ROOT_KEY_UNAVAILABLE' });
  } finally {
    await kms.close();
  }
});

test.each([
  ["{ kms: 'alias/ledger' }", 'must be the ARN of a key in KMS'],
  [`{ kms: '${KEY_ARN}', file: ledger.key }`, 'exactly one of env, file and kms'],
  ['{ file: ledger.key, profile: other }', 'go with kms alone'],
])('a root key that is said as %s is refused', async (key, problem) => {
  await expect(loadSettings(await configure(key))).rejects.toThrow(problem);
});
