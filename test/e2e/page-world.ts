/** A running gateway with its page of approvals, a real OpenID provider and headless Chromium. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axeCore from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { loadSettings } from '../../src/app/config.js';
import { type RunningGateway, startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import { freePort } from '../gateway/harness.js';
import { openSession, raw, toolCall } from '../gateway/raw.js';
import { startEcho } from './proxy.js';

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const person = (id: string, name: string, groups: readonly string[]) => ({
  id,
  name,
  email: `${id}@demo.invalid`,
  groups,
});
const PEOPLE = [
  person('lee', 'Lee Lead', ['leads', 'engineering']),
  person('jane', 'Jane Doe', ['engineering']),
  person('sue', 'Sue Safe', ['security']),
];

export interface PageWorld {
  readonly idp: IdentityProvider;
  readonly gateway: RunningGateway;
  readonly browser: Browser;
  /** What browsers reach the page by. */
  readonly origin: string;
  /** Calls a tool as jane and waits for the answer. */
  call(id: number, message: string, tool?: string): Promise<{ readonly body: string }>;
  /** The `d` of every record of this type. */
  records(type: 'approval' | 'passkey'): Promise<Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

/** @param more further sections of the configuration, as YAML */
export const startPageWorld = async (more = ''): Promise<PageWorld> => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-page-'));
  const [port, admin] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const origin = `http://localhost:${admin}`;
  const echo = await startEcho(new Set(), 0);
  const idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: PEOPLE,
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
policy:
  - { id: signed-calls, approval: signed, groups: [engineering], servers: [echo], tools: ['sign_*'], risk: high }
  - { id: echo-needs-two, approval: two-eyes, groups: [engineering], servers: [echo], tools: ['*'] }
approvals: { two-eyes: { reviewers: [leads] }, signed: { reviewers: [leads], requireReason: false } }
ledger: { origin: demo.invalid/test }
${more}`,
  );
  const deps = { clock: systemClock(), log: quiet, version: 'test', environment: process.env, gatewayKeys: null };
  const gateway = await startGateway(await loadSettings(config), deps);
  const token = (await idp.loginAs('jane', url, 'cli')).accessToken;
  const mcp = `${url}/echo/mcp`;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    idp,
    gateway,
    browser,
    origin,
    call: async (id, message, tool = 'say') => {
      const headers = await openSession(mcp, token);
      return raw(mcp, { headers, body: toolCall(id, tool, { message }) });
    },
    records: async (wanted) => {
      const found = [];
      for await (const { type, d } of readLedger(gateway.ledgerDir)) if (type === wanted) found.push(d);
      return found;
    },
    close: async () => {
      await browser.close();
      await gateway.close('test over');
      await idp.close();
      echo.server.close();
    },
  };
};

/** Logs in at the identity provider from the page's own button. */
export const logIn = async (page: Page, origin: string, who: string): Promise<void> => {
  await page.goto(origin);
  await page.getByRole('link', { name: 'Log in' }).click();
  await page.check(`input[value="${who}"]`);
  await page.click('button[type=submit], button');
  await page.waitForURL(`${origin}/**`);
};

/** Serious and critical findings of axe on the page as it stands. */
export const axe = async (page: Page): Promise<unknown> => {
  await page.evaluate(axeCore.source);
  return page.evaluate(`axe.run(document).then(({ violations, passes }) =>
    passes.length === 0 ? 'nothing was tested' : violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + ' ' + nodes[0].html))`);
};

/**
 * Runs a check of the page at both widths in both colour schemes. Where COUNTERSIGN_SHOTS names a folder, each is
 * kept there as an image.
 * @param again whether the page is loaded anew for each
 */
export const inEveryLook = async (
  page: Page,
  name: string,
  check: (look: string) => Promise<void>,
  again = true,
): Promise<void> => {
  const shots = process.env['COUNTERSIGN_SHOTS'];
  for (const width of [1280, 390]) {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      await page.emulateMedia({ colorScheme });
      if (again) await page.reload();
      await check(`${name} ${width} ${colorScheme}`);
      if (shots) await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
};

/** Gives the page's context an authenticator of its own (CDP, WebAuthn domain), which verifies its user. */
export const addAuthenticator = async (page: Page): Promise<void> => {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
};
