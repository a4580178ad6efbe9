/** The web page of approvals in headless Chromium, against a running gateway and a real OpenID provider. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axeCore from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/app/config.js';
import { type RunningGateway, startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import { freePort } from '../gateway/harness.js';
import { events, openSession, raw, toolCall } from '../gateway/raw.js';
import { startEcho } from './proxy.js';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const person = (id: string, name: string, groups: readonly string[]) => ({
  id,
  name,
  email: `${id}@demo.invalid`,
  groups,
});

let idp: IdentityProvider;
let gateway: RunningGateway;
let browser: Browser;
let mcp: string;
let origin: string;
let token: string;
let closeEcho: () => void;

beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-page-'));
  const [port, admin] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  origin = `http://localhost:${admin}`;
  const echo = await startEcho(new Set(), 0);
  closeEcho = () => void echo.server.close();
  idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: [person('lee', 'Lee Lead', ['leads', 'engineering']), person('jane', 'Jane Doe', ['engineering'])],
    clients: [
      { id: 'cli', secret: null, groups: [] },
      { id: 'page', secret: null, groups: [], redirectUris: [`${origin}/login/callback`] },
    ],
    audience: [url],
    approvalAudience: `${url}/approvals`,
  });
  mkdirSync(join(dir, 'data/keys'), { recursive: true, mode: 0o700 });
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  const config = join(dir, 'countersign.yaml');
  writeFileSync(
    config,
    `version: 1
demo: true
organization: { name: Test }
gateway: { listen: '127.0.0.1:${port}', admin: '127.0.0.1:${admin}', publicUrl: '${url}', approvalHold: 20s }
identity: { issuers: [ { issuer: '${idp.issuer}', audience: '${url}', approvalAudience: '${url}/approvals', clientId: cli, webClientId: page } ] }
servers: { echo: { http: { url: '${echo.url}' } } }
policy: [ { id: echo-needs-two, approval: two-eyes, groups: [engineering], servers: [echo], tools: ['*'] } ]
approvals: { two-eyes: { reviewers: [leads] } }
ledger: { origin: demo.invalid/test }
`,
  );
  const deps = { clock: systemClock(), log: quiet, version: 'test', environment: process.env, gatewayKeys: null };
  gateway = await startGateway(await loadSettings(config), deps);
  token = (await idp.loginAs('jane', url, 'cli')).accessToken;
  mcp = `${url}/echo/mcp`;
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await gateway?.close('test over');
  await idp?.close();
  closeEcho?.();
});

const logIn = async (page: Page, who: string): Promise<void> => {
  await page.goto(origin);
  await page.getByRole('link', { name: 'Log in' }).click();
  await page.check(`input[value="${who}"]`);
  await page.click('button[type=submit], button');
  await page.waitForURL(`${origin}/**`);
};

/** Serious and critical findings of axe on the page as it stands. */
const axe = async (page: Page): Promise<unknown> => {
  await page.evaluate(axeCore.source);
  return page.evaluate(`axe.run(document).then(({ violations, passes }) =>
    passes.length === 0 ? 'nothing was tested' : violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ' ' + nodes[0].html))`);
};

const call = async (id: number, message: string) => {
  const headers = await openSession(mcp, token);
  return raw(mcp, { headers, body: toolCall(id, 'say', { message }) });
};

const decisions = async () => {
  const found = [];
  for await (const { type, d } of readLedger(gateway.ledgerDir)) if (type === 'approval') found.push(d);
  return found;
};

describe('the page of approvals', () => {
  it('login, a request that comes in live, approval with a reason, and the call completes', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (![origin, idp.issuer].includes(new URL(request.url()).origin)) foreign.push(request.url());
    });
    await page.goto(origin);
    expect(await axe(page)).toEqual([]);
    await logIn(page, 'lee');
    await page.getByText('Nothing waits for you.').first().waitFor();
    const answer = call(1, 'pay\u202e 48 to a@example.com');
    await page.getByRole('heading', { name: 'Jane Doe asks to run say' }).waitFor({ timeout: 10_000 });
    const text = await page.locator('main').innerText();
    expect(text).toContain('[U+202E]');
    expect(text).not.toContain('a@example.com');
    const shots = process.env['COUNTERSIGN_SHOTS'];
    for (const [width, scheme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [390, 'light'],
      [390, 'dark'],
    ] as const) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.emulateMedia({ colorScheme: scheme });
      await page.goto(
        page.url().includes('/requests/')
          ? page.url()
          : `${origin}/requests/${JSON.stringify((await decisions())[0]?.['approval'] ?? '').slice(1, -1)}`,
      );
      expect(await axe(page), `${width} ${scheme}`).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no sideways scrolling').toBe(
        true,
      );
      if (shots) await page.screenshot({ path: join(shots, `page-${width}-${scheme}.png`), fullPage: true });
    }
    await page.getByLabel('Reason').fill('agreed');
    await page.getByRole('button', { name: 'Approve' }).click();
    expect(JSON.stringify(events((await answer).body))).toContain('Echo: ');
    const approved = (await decisions()).find(({ event }) => event === 'approved');
    expect(approved).toMatchObject({ channel: 'web', by: { sub: 'lee', groups: ['engineering', 'leads'] } });
    expect(foreign).toEqual([]);

    // The next call of the tool is shown against this one.
    const denied = call(2, 'pay 480');
    await page.goto(origin);
    await page.getByText('changed since the last approved call').waitFor();
    await page.getByLabel('Reason').fill('too much');
    await page.getByRole('button', { name: 'Deny' }).click();
    expect((await denied).body).toContain('Not approved');
    await page.close();
  });

  it('the requester sees their own request and cannot decide it', async () => {
    const page = await browser.newPage();
    await logIn(page, 'jane');
    const answer = call(3, 'mine');
    await page.goto(`${origin}/mine`);
    await page.getByText('echo').first().click();
    await page.getByText('this is your own request').waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Withdraw' }).click();
    expect((await answer).body).toContain('Not approved');
    await page.close();
  });

  it('a form from elsewhere, or without its token, decides nothing', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await logIn(page, 'lee');
    const answer = call(4, 'forged');
    await page.getByRole('heading', { name: 'asks to run' }).waitFor();
    const found = (await decisions()).findLast(({ event }) => event === 'requested')?.['approval'];
    const id = typeof found === 'string' ? found : '';
    const csrf = await page.locator('main input[name=csrf]').inputValue();
    const post = async (form: Record<string, string>, from: string) =>
      (
        await context.request.post(`${origin}/requests/${id}/approve`, {
          form,
          headers: { origin: from },
          maxRedirects: 0,
        })
      ).status();
    expect(await post({ csrf, reason: 'x' }, 'https://evil.example')).toBe(403);
    expect(await post({ csrf: 'x', reason: 'x' }, origin)).toBe(403);
    expect(await post({ reason: 'x' }, origin)).toBe(403);
    const anonymous = await browser.newContext();
    const other = await anonymous.request.post(`${origin}/requests/${id}/approve`, {
      form: { csrf },
      headers: { origin },
    });
    expect(other.status()).toBe(401);
    expect((await decisions()).filter(({ approval, event }) => approval === id && event !== 'requested')).toEqual([]);
    expect(await post({ csrf, reason: 'fine' }, origin)).toBe(303);
    expect((await answer).body).toContain('Echo: forged');
    const cookie = (await context.cookies(origin)).find(({ name }) => name === 'countersign');
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax' });
    const head = await context.request.get(origin);
    expect(head.headers()['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
    await context.close();
    await anonymous.close();
  });
});
