/** `countersign demo --serve` as a newcomer tries it: a person logs in on the page of approvals and decides the call that waits. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createApprovalsClient } from '../../src/app/approvals.js';
import { loadSettings } from '../../src/app/config.js';
import { loginAs } from '../../src/demo/idp-login.js';
import { makePlan } from '../../src/demo/plan.js';

const bin = join(import.meta.dirname, '../../bin/run.js');
const SEED = 3;
const folder = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
const dir = join(folder, 'tour');

let said = '';
let demo: ChildProcess;
const saying = (text: string, timeout: number): Promise<unknown> =>
  vi.waitFor(() => expect(said).toContain(text), { timeout, interval: 200 });
const address = (name: string): string => new RegExp(`^ {2}${name} +(http://\\S+)$`, 'm').exec(said)?.[1] ?? '';

beforeAll(async () => {
  demo = spawn(process.execPath, [bin, 'demo', '--serve', '--dir', dir, '--seed', String(SEED)], {
    env: { ...process.env, NO_COLOR: '1' },
  });
  demo.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  demo.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  await saying('it waits for you', 240_000);
}, 250_000);
afterAll(() => {
  demo.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe('countersign demo --serve', () => {
  test('names its addresses and everybody who can log in', () => {
    for (const { name } of makePlan(SEED).people) expect(said).toContain(name);
    expect(said).toContain('may approve');
    expect(address('approvals')).toMatch(/^http:\/\/localhost:\d+\/$/);
  });

  test('shows the report, and nothing that its manifest does not name', async () => {
    const report = address('report');
    const page = await fetch(report);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('Sample Organisation');
    for (const path of ['run.json', '../trust.json', '%2e%2e/trust.json', 'data'])
      expect((await fetch(`${report}${path}`)).status).toBe(404);
    expect((await fetch(report, { method: 'POST' })).status).toBe(405);
  });

  test('serves the page of approvals with a login', async () => {
    const page = await (await fetch(address('approvals'))).text();
    expect(page).toContain('Log in');
    const login = await fetch(`${address('approvals')}login`, { redirect: 'manual' });
    expect(login.headers.get('location')).toContain('client_id=countersign-page');
  });

  test('runs the waiting call when another person approves it', async () => {
    const settings = await loadSettings(join(dir, 'countersign.yaml'), {});
    const [issuer] = settings.issuers;
    const lead = makePlan(SEED).people.find(({ groups }) => groups.join() === 'platform-leads');
    const token = await loginAs(
      issuer?.issuer ?? '',
      lead?.id ?? '',
      issuer?.approvalAudience ?? '',
      'countersign-cli',
    );
    const { host, port } = settings.gateway.admin;
    const approvals = createApprovalsClient({ url: `http://${host}:${port}`, token: token.accessToken });
    const [waiting] = await approvals.list(false);
    expect(waiting?.tool).toBe('write_file');
    await approvals.decide(waiting?.id ?? '', 'approve', 'The notes are right');
    await saying('approved; the call ran, once', 20_000);
  });

  test('ends cleanly on Ctrl-C, and leaves no planted file', async () => {
    const ended = new Promise((resolve) => demo.once('exit', (code) => resolve(code)));
    demo.kill('SIGINT');
    expect(await ended).toBe(0);
    expect(said).toContain('Everything has ended');
    expect(readdirSync(join(dir, 'files'))).toEqual([]);
    await expect(fetch(address('report'))).rejects.toThrow('fetch failed');
  }, 30_000);
});
