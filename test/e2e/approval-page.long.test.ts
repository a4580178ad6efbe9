/** The web page of approvals in headless Chromium, against a running gateway and a real OpenID provider. */
import { type Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events } from '../gateway/raw.js';
import { axe, inEveryLook, logIn as logInAt, type PageWorld, startPageWorld } from './page-world.js';

let world: PageWorld;
let browser: Browser;
let origin: string;
beforeAll(async () => {
  world = await startPageWorld();
  ({ browser, origin } = world);
});
afterAll(() => world?.close());

const logIn = (page: Parameters<typeof logInAt>[0], who: string): Promise<void> => logInAt(page, origin, who);
const call = (id: number, message: string) => world.call(id, message);
const decisions = () => world.records('approval');

describe('the page of approvals', () => {
  it('login, a request that comes in live, approval with a reason, and the call completes', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (![origin, world.idp.issuer].includes(new URL(request.url()).origin)) foreign.push(request.url());
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
    const asked = (await decisions())[0]?.['approval'];
    await page.goto(`${origin}/requests/${typeof asked === 'string' ? asked : ''}`);
    await inEveryLook(page, 'page', async (look) => {
      expect(await axe(page), look).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no sideways scrolling').toBe(
        true,
      );
    });
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
    await page.getByText('approved by Lee Lead').waitFor();
    await inEveryLook(page, 'diff', async (look) => expect(await axe(page), look).toEqual([]));
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
    await page.getByText('message: mine').click();
    await page.getByText('this is your own request').waitFor();
    await inEveryLook(page, 'mine', async (look) => expect(await axe(page), look).toEqual([]));
    const own = page.url();
    await page.goto(`${origin}/recent`);
    expect(await axe(page)).toEqual([]);
    await page.goto(own);
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Withdraw' }).click();
    expect((await answer).body).toContain('Not approved');
    await page.close();
  });

  it('by the keyboard alone: to the request, its reason and the button', async () => {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    await logIn(page, 'lee');
    const answer = call(9, 'by keys');
    await page.getByText('message: by keys').waitFor({ timeout: 10_000 });
    const focused = (): Promise<string> =>
      page.evaluate(
        'document.activeElement.getAttribute("href") ?? document.activeElement.id + document.activeElement.textContent',
      );
    const tabTo = async (wanted: (name: string) => boolean): Promise<void> => {
      for (let tries = 0; tries < 40; tries++) {
        await page.keyboard.press('Tab');
        if (wanted(await focused())) return;
      }
      throw new Error('the keyboard does not reach it');
    };
    const ids = (await decisions()).map(({ approval }) => `/requests/${String(approval)}`);
    await tabTo((name) => name === ids.at(-1));
    await page.keyboard.press('Enter');
    await page.waitForURL(`**${ids.at(-1) ?? ''}`);
    await tabTo((name) => name === 'reason');
    await page.keyboard.type('agreed, by keys');
    await tabTo((name) => name === 'Approve');
    await page.keyboard.press('Enter');
    expect((await answer).body).toContain('Echo: by keys');
    await page.close();
  });

  it('no other request slips under the buttons when the one that is shown is withdrawn', async () => {
    const page = await browser.newPage();
    await logIn(page, 'lee');
    const first = call(11, 'harmless');
    await page.getByRole('heading', { name: 'asks to run say' }).waitFor({ timeout: 10_000 });
    const second = call(12, 'harmful');
    await page.getByText('message: harmful').waitFor({ timeout: 10_000 });
    expect(await page.locator('main').innerText()).toContain('harmless');
    const jane = await browser.newPage();
    await logIn(jane, 'jane');
    await jane.goto(`${origin}/mine`);
    await jane.getByText('message: harmless').click();
    await jane.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('waits no more').waitFor({ timeout: 10_000 });
    expect(await page.locator('main').innerText()).not.toContain('harmful');
    expect(await page.getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Deny' }).isDisabled()).toBe(true);
    await page.getByText('message: harmful').click();
    await page.getByLabel('Reason').fill('seen');
    await page.getByRole('button', { name: 'Deny' }).click();
    expect((await first).body).toContain('cancelled');
    expect((await second).body).toContain('Not approved');
    await Promise.all([page.close(), jane.close()]);
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
