import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tokenStore } from '../../src/app/token-store.js';
import { createApprovalApi } from '../../src/approval/channels/api.js';
import Approve from '../../src/commands/approvals/approve.js';
import Deny from '../../src/commands/approvals/deny.js';
import List from '../../src/commands/approvals/list.js';
import Revoke from '../../src/commands/approvals/revoke.js';
import Show from '../../src/commands/approvals/show.js';
import Watch from '../../src/commands/approvals/watch.js';
import { GOOD } from '../app/config/example.js';
import { ask, createStand, idOf, person } from '../approval/stand.js';
import { root, takeOutput } from './said.js';

let folder: string;
const said = takeOutput();
let server: Server;
let stand: ReturnType<typeof createStand>;
let where: string[];
let caller = person('bob');

const login = (file: string, expiresAt = Math.floor(Date.now() / 1000) + 600) =>
  tokenStore(file).put('approval', {
    issuer: 'https://login.example.com',
    clientId: 'cli',
    audience: 'https://mcp.example.com/approvals',
    accessToken: 'hush.hush.hush',
    expiresAt,
    subject: 'bob',
    name: 'Bob',
    email: null,
    authTime: null,
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-approvals-'));
  stand = createStand();
  // The command reads the real clock; requests must not be over by it.
  stand.clock.wall = Date.now();
  caller = person('bob');
  const hosts: string[] = [];
  let api: ReturnType<typeof createApprovalApi> | undefined;
  server = createServer((request, response) => void api?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  hosts.push(`127.0.0.1:${port}`);
  api = createApprovalApi({
    approvals: stand.approvals,
    authenticate: async (authorization) =>
      authorization === 'Bearer hush.hush.hush'
        ? { ok: true, principal: caller }
        : { ok: false, reason: 'malformed', claimed: {} },
    record: async () => {},
    mask: (bytes) => ({ bytes, redactions: [] }),
    allowedHosts: hosts,
  });
  const config = join(folder, 'countersign.yaml');
  await writeFile(config, GOOD.replace('127.0.0.1:8081', `127.0.0.1:${port}`));
  const store = join(folder, 'tokens.json');
  await login(store);
  where = ['-c', config, '--store', store];
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await rm(folder, { recursive: true });
});

const widest = (): number => Math.max(...said.out.split('\n').map((line) => line.length));

describe('countersign approvals', () => {
  test('list, show, approve: a person at a terminal', async () => {
    await List.run(where, root);
    expect(said.out).toBe('Nothing waits for you.\n');
    const id = idOf(await stand.acquire(ask(person('ada'))));
    said.out = '';
    await List.run(where, root);
    expect(said.out).toMatch(new RegExp(`id +left +who +asks to run\n${id} +1[45] min +Ada +write_file on files\n`));
    expect(widest()).toBeLessThanOrEqual(80);
    said.out = '';
    await Show.run([id.slice(0, 24), ...where], root);
    expect(said.out).toContain('Ada asks to run write_file on files');
    expect(said.out).toContain('  path     /srv/files/a.txt');
    expect(widest()).toBeLessThanOrEqual(80);
    expect(stand.journal.events()).toEqual(['requested']);
    said.out = '';
    await Approve.run([id, '--reason', 'seen', ...where], root);
    expect(said.out).toMatch(/^Approved: Ada's call of write_file on files may run once, .*UTC\.\n$/);
    expect(stand.approvals.get(id)).toMatchObject({ state: 'granted', decisions: [{ reason: 'seen' }] });
    said.out = '';
    await List.run(['--all', ...where], root);
    expect(said.out).toContain('approved, not yet used');
    expect(process.exitCode).toBeUndefined();
    expect(said.out + said.err).not.toContain('hush');
  });

  test('watch, revoke: a grant is taken back', async () => {
    const id = idOf(await stand.acquire(ask(person('ada'))));
    await Watch.run(['--once', ...where], root);
    expect(said.out).toMatch(new RegExp(`^${id}  waits, 0 of 1 approved, \\d+ min left  Ada: write_file on files\n$`));
    await Approve.run([id, '--reason', 'seen', ...where], root);
    said.out = '';
    await Revoke.run([id, '--reason', 'over', ...where], root);
    expect(said.out).toBe("Revoked: Ada's call of write_file on files may not run any more.\n");
    expect(stand.approvals.get(id)?.state).toBe('revoked');
  });

  test('deny, as JSON', async () => {
    const id = idOf(await stand.acquire(ask(person('ada'))));
    await Deny.run([id, '--json', ...where], root);
    expect(JSON.parse(said.out)).toMatchObject({ approval: { id, state: 'denied' } });
    said.out = '';
    await Show.run([id, '--json', ...where], root);
    expect(JSON.parse(said.out)).toMatchObject({ approval: { arguments: expect.stringContaining('/srv/files') } });
    said.out = '';
    await List.run(['--json', ...where], root);
    expect(JSON.parse(said.out)).toEqual({ approvals: [] });
  });

  test('a refusal ends with 14 and says why', async () => {
    caller = person('ada');
    const id = idOf(await stand.acquire(ask(person('ada'))));
    await Approve.run([id, ...where], root);
    expect(process.exitCode).toBe(14);
    expect(said.err).toContain('this request is your own');
    expect(stand.approvals.get(id)?.state).toBe('pending');
  });

  test.each([
    ['none', async () => {}],
    ['an old one', (store: string) => login(store, 1)],
    ['one the gateway does not take', (store: string) => login(store)],
  ])('login: %s ends with 14 and the mend', async (what, prepare) => {
    const store = join(folder, 'other.json');
    await prepare(store);
    if (what.startsWith('one')) {
      server.removeAllListeners('request');
      server.on('request', (_request, response) => response.writeHead(401).end('{"error":{"message":"log in"}}'));
    }
    await List.run([...where.slice(0, 2), '--store', store], root);
    expect(process.exitCode).toBe(14);
    expect(said.err).toContain('countersign login');
  });

  test('an id is demanded: exit 2', async () => {
    await Approve.run(where, root);
    expect(process.exitCode).toBe(2);
  });
});
