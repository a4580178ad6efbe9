/** Login, a call that waits, approval signed with a passkey, and what an auditor can tell of it afterwards. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyPath } from '../../src/verify/verify.js';
import { events } from '../gateway/raw.js';
import { trustFile } from '../verify/sample.js';
import { addAuthenticator, axe, inEveryLook, logIn, type PageWorld, startPageWorld } from './page-world.js';

let world: PageWorld;
beforeAll(async () => {
  world = await startPageWorld('passkeys: { confirm: [security] }\n');
});
afterAll(() => world?.close());

/** A page with an authenticator of its own. */
const openPage = async (): Promise<Page> => {
  const context = await world.browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await addAuthenticator(page);
  return page;
};

it('a passkey is enrolled, confirmed by a second person, signs an approval, and verifies offline', async () => {
  const { origin } = world;
  const page = await openPage();
  await logIn(page, origin, 'lee');
  await page.goto(`${origin}/passkeys`);
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByText('Waits for a second person').waitFor();
  await inEveryLook(page, 'passkeys', async (look) => expect(await axe(page), look).toEqual([]));
  await page.setViewportSize({ width: 1280, height: 800 });

  const answer = world.call(1, 'signed', 'sign_off');
  await page.goto(origin);
  await page.getByRole('heading', { name: 'Jane Doe asks to run sign_off' }).waitFor();
  // Enrolled by lee alone, it does not count yet, and there is no other way to approve.
  await page.getByText('Approving needs a passkey of yours').waitFor();
  expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);

  const other = await openPage();
  await logIn(other, origin, 'sue');
  await other.goto(`${origin}/passkeys`);
  await other.getByRole('button', { name: 'Confirm' }).click();
  await other.getByText('You have none').waitFor();
  expect((await world.records('passkey')).map(({ event, by }) => ({ event, by }))).toMatchObject([
    { event: 'requested', by: { sub: 'lee' } },
    { event: 'enrolled', by: { sub: 'sue' } },
  ]);

  await page.reload();
  await page.getByRole('button', { name: 'Approve with passkey' }).waitFor();
  await inEveryLook(page, 'sign', async (look) => expect(await axe(page), look).toEqual([]));
  await page.getByRole('button', { name: 'Approve with passkey' }).click();
  expect(JSON.stringify(events((await answer).body))).toContain('Echo: signed');

  const [enrolled] = (await world.records('passkey')).slice(-1);
  const approved = (await world.records('approval')).find(({ event }) => event === 'approved');
  expect(approved).toMatchObject({ passkey: { credential: enrolled?.['credential'] }, by: { sub: 'lee' } });
  await page.context().close();
  await other.context().close();

  // Without the key the enrolment is the gateway's word, with it lee's own.
  const publicKey = enrolled?.['public_key'];
  const trust = await trustFile({ passkeys: [{ issuer: world.idp.issuer, subject: 'lee', publicKey }] });
  await world.gateway.close('test over');
  const alone = await verifyPath(world.gateway.ledgerDir);
  expect(alone.findings.find(({ code }) => code === 'PASSKEY_ENROLMENT')?.message).toContain(
    'enrolment asserted by the gateway',
  );
  expect(alone.exit).toBe(13);
  const trusted = await verifyPath(world.gateway.ledgerDir, { trust });
  expect(trusted.established).toContainEqual(expect.stringContaining("names as this person's own"));
  expect(trusted.findings.map(({ code }) => code)).not.toContain('PASSKEY_ENROLMENT');
});
