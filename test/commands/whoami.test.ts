import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tokenStore } from '../../src/app/token-store.js';
import Login from '../../src/commands/login.js';
import Whoami from '../../src/commands/whoami.js';
import { root, takeOutput } from './said.js';

let folder: string;
const said = takeOutput();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-whoami-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('countersign whoami', () => {
  test('ends with 14 and the mend where nobody is logged in', async () => {
    await Whoami.run(['--store', join(folder, 'none.json')], root);
    expect(process.exitCode).toBe(14);
    expect(said.err).toContain('countersign login');
  });

  test('shows the person, not the token, as a table and as JSON', async () => {
    const store = tokenStore(join(folder, 'tokens.json'));
    await store.put('approval', {
      issuer: 'https://idp.example',
      clientId: 'cli',
      audience: 'https://mcp.example/approvals',
      accessToken: 'hush.hush.hush',
      expiresAt: Math.floor(Date.now() / 1000) + 600,
      subject: '00u1',
      name: 'Ada Adams',
      email: 'ada@example.com',
      authTime: 1_700_000_000,
    });
    await Whoami.run(['--store', store.file], root);
    expect(said.out).toContain('Ada Adams');
    said.out = '';
    await Whoami.run(['--json', '--store', store.file], root);
    expect(JSON.parse(said.out)).toMatchObject({
      logins: [{ use: 'approval', loggedInAt: '2023-11-14T22:13:20.000Z' }],
    });
    expect(said.out + said.err).not.toContain('hush');
    expect(process.exitCode).toBeUndefined();
  });
});

describe('countersign login', () => {
  test('ends with 2 where there is no configuration', async () => {
    await Login.run(['-c', join(folder, 'none.yaml'), '--store', join(folder, 'tokens.json')], root);
    expect(process.exitCode).toBe(2);
    expect(said.err).toContain('no configuration');
  });
});
