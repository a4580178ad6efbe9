/**
 * Every page of approvals under axe-core, at both widths and in both colour schemes: no serious or critical finding,
 * and nothing to scroll sideways. Where COUNTERSIGN_SHOTS names a folder, each is kept there as an image.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addAuthenticator, axe, inEveryLook, logIn, type PageWorld, startPageWorld } from './page-world.js';

let world: PageWorld;
let lee: Page;
let origin: string;
beforeAll(async () => {
  world = await startPageWorld('passkeys: { confirm: [security] }\n');
  ({ origin } = world);
  lee = await world.browser.newPage();
  await logIn(lee, origin, 'lee');
});
afterAll(() => world?.close());

const isGood = async (page: Page, look: string): Promise<void> => {
  expect(await axe(page), look).toEqual([]);
  const fits = await page.evaluate('document.documentElement.scrollWidth <= innerWidth');
  expect(fits, `${look}: nothing to scroll sideways`).toBe(true);
};
const looksGood = (page: Page, name: string): Promise<void> => inEveryLook(page, name, (look) => isGood(page, look));
/** A page that a reload would not bring back. */
const looksGoodOnce = (page: Page, name: string): Promise<void> =>
  inEveryLook(page, name, (look) => isGood(page, look), false);

/** The request that waits; the call behind it is answered when it is decided, or not at all. */
const waiting = async (message: string, tool = 'say'): Promise<string> => {
  const before = (await world.records('approval')).length;
  void world.call(before, message, tool).catch(() => undefined);
  await expect.poll(async () => (await world.records('approval')).length, { timeout: 10_000 }).toBeGreaterThan(before);
  return String((await world.records('approval')).at(-1)?.['approval']);
};
const LONG = `${'transfer of funds to the account in the contract. '.repeat(20)}\u200b\u202eend`;

describe('pages for nobody', () => {
  it('login, a login that is over, nothing here', async () => {
    const page = await world.browser.newPage();
    for (const [name, path] of [
      ['login', '/'],
      ['login-over', '/login/callback'],
      ['not-found', '/assets/nothing'],
    ] as const) {
      await page.goto(`${origin}${path}`);
      await page.getByRole('link').first().waitFor();
      await looksGood(page, name);
    }
    await page.close();
  });

  it('logged out', async () => {
    const page = await world.browser.newPage();
    await logIn(page, origin, 'sue');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out here.').waitFor();
    await looksGoodOnce(page, 'logged-out');
    await page.close();
  });
});

describe('requests', () => {
  it('an empty list, each of the three', async () => {
    for (const [name, path] of [
      ['none-to-decide', '/'],
      ['none-of-mine', '/mine'],
      ['none-recent', '/recent'],
    ] as const) {
      await lee.goto(`${origin}${path}`);
      await looksGood(lee, name);
    }
  });

  it('a list of several, and one of them with arguments that are long and that hide', async () => {
    await waiting('first');
    const id = await waiting(LONG);
    await lee.goto(`${origin}/requests/${id}`);
    await lee.getByText('holds characters that do not show').waitFor();
    await looksGood(lee, 'several');
    await lee.getByText('show all').click();
    await lee.getByText('[U+202E]').waitFor();
    await looksGoodOnce(lee, 'unfolded');
  });

  it('a decision that is not taken says why', async () => {
    const id = await waiting('no reason');
    await lee.goto(`${origin}/requests/${id}`);
    await lee.getByLabel('Reason').fill(' ');
    await lee.getByRole('button', { name: 'Approve' }).click();
    await lee.getByText('Not done:').waitFor();
    await looksGoodOnce(lee, 'not-done');
  });

  it('one that is decided, and what its requester sees', async () => {
    const id = await waiting('to be denied');
    await lee.goto(`${origin}/requests/${id}`);
    await lee.getByLabel('Reason').fill('not in this quarter');
    await lee.getByRole('button', { name: 'Deny' }).click();
    await lee.getByText('Nothing is left to decide').waitFor();
    await looksGood(lee, 'denied');
    const jane = await world.browser.newPage();
    await logIn(jane, origin, 'jane');
    await jane.goto(`${origin}/mine`);
    await looksGood(jane, 'mine-list');
    await jane.goto(`${origin}/requests/${id}`);
    await looksGood(jane, 'mine-denied');
    await jane.goto(`${origin}/requests/01KAV8Z0000000000000000000`);
    await jane.getByText('request').first().waitFor();
    await looksGood(jane, 'no-such-request');
    await jane.close();
  });
});

describe('passkeys', () => {
  it('none, one that waits, one to confirm, one that counts, and an approval that needs one', async () => {
    const page = await (await world.browser.newContext()).newPage();
    await addAuthenticator(page);
    await logIn(page, origin, 'lee');
    await page.goto(`${origin}/passkeys`);
    await looksGood(page, 'passkeys-none');
    const id = await waiting('needs a key', 'sign_off');
    await page.goto(`${origin}/requests/${id}`);
    await page.getByText('Approving needs a passkey of yours').waitFor();
    await looksGood(page, 'sign-without-key');
    await page.goto(`${origin}/passkeys`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('Waits for a second person').waitFor();
    await looksGood(page, 'passkeys-waiting');

    const sue = await world.browser.newPage();
    await logIn(sue, origin, 'sue');
    await sue.goto(`${origin}/passkeys`);
    await sue.getByRole('button', { name: 'Confirm' }).waitFor();
    await looksGood(sue, 'passkeys-to-confirm');
    await sue.getByRole('button', { name: 'Confirm' }).click();
    await sue.getByText('You have none').waitFor();
    await sue.close();

    await page.reload();
    await page.getByText('Counts').waitFor();
    await looksGood(page, 'passkeys-counts');
    await page.goto(`${origin}/requests/${id}`);
    await page.getByRole('button', { name: 'Approve with passkey' }).waitFor();
    await looksGood(page, 'sign-with-key');
    await page.context().close();
  });
});
