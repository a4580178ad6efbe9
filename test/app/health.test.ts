import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { type AppendFile, type FilePort, realFiles } from '../../src/base/durable.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { freePort } from '../gateway/harness.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-health-'));
});
afterEach(() => rm(dir, { recursive: true }));

/** The disk of this machine, until it fails. */
const failing = () => {
  let error: Error | null = null;
  const guarded = (file: AppendFile): AppendFile => ({
    ...file,
    write: (bytes) => (error ? Promise.reject(error) : file.write(bytes)),
  });
  const files: FilePort = {
    ...realFiles,
    append: async (path) => guarded(await realFiles.append(path)),
    create: async (path, mode) => guarded(await realFiles.create(path, mode)),
  };
  const fail = (code: string): void => {
    error = Object.assign(new Error(`${code}: it fails, write '/srv/secret/place'`), { code });
  };
  const mend = (): void => {
    error = null;
  };
  return { files, fail, mend };
};

const start = async (files: FilePort) => {
  const [port, admin] = [await freePort(), await freePort()];
  await createSigningKey(join(dir, 'ledger.key'));
  await createDigestKey(join(dir, 'digest.key'));
  await writeFile(
    join(dir, 'countersign.yaml'),
    `version: 1
organization: { name: Test }
gateway: { listen: '127.0.0.1:${port}', admin: '127.0.0.1:${admin}', publicUrl: 'https://mcp.example.com' }
identity: { issuers: [ { issuer: 'https://127.0.0.1:1', audience: 'https://mcp.example.com' } ] }
servers: { files: { http: { url: 'http://127.0.0.1:1/mcp' } } }
policy: [ { id: all, allow: true } ]
ledger: { origin: example.com/gw, key: { file: ledger.key }, digestKey: { file: digest.key } }
`,
  );
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const deps = { clock: systemClock(), log, version: 'test', environment: {}, gatewayKeys: null, files };
  return startGateway(await loadSettings(join(dir, 'countersign.yaml')), deps);
};

test.each([
  ['ENOSPC', 'disk_full', 'the disk of the ledger is full'],
  ['EROFS', 'read_only', 'may not be written'],
  ['EIO', 'write_failed', 'a write to the ledger failed'],
])(
  'a ledger that stopped writing with %s shows so, and goes on when the disk is back',
  async (code, ledger, reason) => {
    const { files, fail, mend } = failing();
    const gateway = await start(files);
    const health = async () => {
      const answer = await fetch(`${gateway.adminUrl}/healthz`);
      return { status: answer.status, body: await answer.text() };
    };
    try {
      const good = await health();
      expect(good.status).toBe(200);
      expect(JSON.parse(good.body)).toMatchObject({ ok: true, ledger: 'writing', sessions: 0 });
      fail(code);
      const refused = await fetch(`${gateway.url}/files/mcp`, { method: 'POST', body: '{}' });
      expect(await refused.text()).toContain('cannot record at present');
      await expect.poll(async () => (await health()).status).toBe(503);
      const bad = await health();
      expect(JSON.parse(bad.body)).toMatchObject({
        ok: false,
        ledger,
        reason: expect.stringContaining(reason),
        since: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect(bad.body).not.toContain('/srv/secret');
      mend();
      await expect.poll(async () => (await health()).status, { timeout: 10_000 }).toBe(200);
      expect(JSON.parse((await health()).body)).toMatchObject({ ok: true, ledger: 'writing' });
      const recorded = await fetch(`${gateway.url}/files/mcp`, { method: 'POST', body: '{}' });
      expect(await recorded.text()).not.toContain('cannot record at present');
    } finally {
      await gateway.close('test over');
    }
  },
);

test('readiness says which part is missing; metrics count what is on record, and name nobody', async () => {
  const gateway = await start(realFiles);
  const get = async (path: string, headers = {}) => {
    const answer = await fetch(gateway.adminUrl + path, { headers });
    return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.text() };
  };
  try {
    const ready = await get('/readyz');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.body)).toEqual({
      ready: false,
      parts: {
        ledger: 'ready',
        anchors: 'ready',
        issuers: 'the keys of 1 cannot be read, so their tokens are refused',
      },
    });
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: '{}',
    };
    for (let i = 0; i < 3; i++) await fetch(`${gateway.url}/files/mcp`, post);
    await fetch(`${gateway.url}/nothing/secret-name/mcp`, post);
    const metrics = await get('/metrics');
    expect(metrics).toMatchObject({ status: 200, type: expect.stringContaining('version=0.0.4') });
    expect(metrics.body).toContain('countersign_tokens_refused_total{reason="no_token"} 3');
    expect(metrics.body).toContain('countersign_refusals_total{reason="not_found"} 1');
    expect(metrics.body).toMatch(/^countersign_recording 1$/m);
    expect(metrics.body).toMatch(/^countersign_ledger_append_seconds_count \d+$/m);
    expect(metrics.body).not.toContain('secret-name');
  } finally {
    await gateway.close('test over');
  }
});
