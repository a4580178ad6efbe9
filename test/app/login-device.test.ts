/** Logins on another device, and logins that are renewed, at a real identity provider. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { DevicePrompt } from '../../src/app/login/device.js';
import { createLogins } from '../../src/app/login/renew.js';
import { logIn, whoAmI } from '../../src/app/login.js';
import { type TokenStore, tokenStore } from '../../src/app/token-store.js';
import type { IdentityProvider } from '../../src/demo/idp.js';
import { handClock } from '../identity/support.js';
import { enterCode } from './device-browser.js';
import { issuerOf, MCP, settingsOf, startLoginProvider } from './login-world.js';

let idp: IdentityProvider;
let folder: string;
let store: TokenStore;
beforeAll(async () => {
  idp = await startLoginProvider();
});
afterAll(() => idp.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-device-'));
  store = tokenStore(join(folder, 'tokens.json'));
});
afterEach(() => rm(folder, { recursive: true }));

const settings = () => settingsOf(join(folder, 'countersign.yaml'), idp.issuer, [issuerOf(idp.issuer)]);

const byDevice = async (person = 'ada', deadline = 20_000) => {
  const shown: DevicePrompt[] = [];
  const entered: Promise<string>[] = [];
  const prompt = (one: DevicePrompt): void => {
    shown.push(one);
    if (person !== '') entered.push(enterCode(new URL(one.complete ?? one.address), person));
  };
  const deps = { store, announce: () => undefined, prompt, deadline };
  const logins = await logIn(settings(), { device: true }, deps);
  return { shown, logins, page: await entered[0] };
};

describe('a login on another device', () => {
  test('shows a code, and has the login when it was entered', async () => {
    const { shown, logins, page } = await byDevice();
    expect(shown).toEqual([
      {
        code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
        address: `${idp.issuer}/device`,
        complete: expect.stringContaining('user_code='),
        seconds: 600,
      },
    ]);
    expect(page).toContain('You are logged in');
    expect(logins).toMatchObject([{ use: 'mcp', subject: 'ada', audience: MCP, renews: true }]);
    const [login] = whoAmI(store);
    expect(login?.secondsLeft).toBeGreaterThan(3_500);
    const { accessToken, refreshToken = 'none' } = store.get('mcp') ?? {};
    for (const secret of [accessToken, refreshToken])
      expect(JSON.stringify([shown, logins, login])).not.toContain(secret);
  }, 30_000);

  test('is never one for approvals', async () => {
    const ask = { device: true, uses: ['approval' as const] };
    const tried = logIn(settings(), ask, { store, announce: () => undefined });
    await expect(tried).rejects.toMatchObject({ code: 'LOGIN_UNAVAILABLE' });
    await expect(tried).rejects.toThrow('a login for approvals needs a browser on this machine');
  });

  test('ends where nobody enters the code in time', async () => {
    await expect(byDevice('', 300)).rejects.toThrow('nobody finished it in time');
    expect(store.get('mcp')).toBeUndefined();
  });
});

describe('a login that is about to end', () => {
  /** As if it were a minute before the end of the token. */
  const late = async () => {
    const hand = handClock();
    await byDevice();
    hand.turn(3_590_000);
    return hand;
  };

  test('is renewed, and the old refresh token with it', async () => {
    const { clock } = await late();
    const before = store.get('mcp');
    const after = await createLogins(store, clock)();
    expect(after.accessToken).not.toBe(before?.accessToken);
    expect(store.get('mcp')).toEqual(after);
    expect(after).toMatchObject({ audience: MCP, subject: 'ada', authTime: before?.authTime });
  }, 30_000);

  test('is renewed once, whoever asks: in this process and in others', async () => {
    const { clock } = await late();
    const [here, there] = [createLogins(store, clock), createLogins(tokenStore(store.file), clock)];
    // The clock is turned on, so that a renewed token is about to end as well; what was stored is the witness.
    const answers = await Promise.all([here(), here(), there()]);
    expect(new Set(answers.slice(0, 2).map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(readFileSync(store.file, 'utf8')).toContain(answers[2]?.accessToken);
  }, 30_000);

  test('serves to its end where it cannot be renewed, and then says why', async () => {
    const { clock, turn } = await late();
    const token = store.get('mcp');
    if (!token) throw new Error('there is no login');
    await store.put('mcp', { ...token, refreshToken: 'unknown' });
    const login = createLogins(store, clock);
    expect((await login()).accessToken).toBe(token.accessToken);
    turn(60_000);
    await expect(login()).rejects.toThrow(
      'not logged in for calls: it has expired and could not be renewed: the issuer answered invalid_grant',
    );
  }, 30_000);

  test('is not tried again at once after a failure, while it serves', async () => {
    const { clock, turn } = await late();
    const token = store.get('mcp');
    if (!token) throw new Error('there is no login');
    await store.put('mcp', { ...token, refreshToken: 'unknown' });
    const login = createLogins(store, clock);
    await login();
    await store.put('mcp', token);
    turn(9_000);
    expect((await login()).accessToken).toBe(token.accessToken);
    turn(1_000);
    expect((await login()).accessToken).not.toBe(token.accessToken);
  }, 30_000);

  test('is not kept from it by the lock of a process that is gone', async () => {
    const { clock } = await late();
    await writeFile(`${store.file}.lock`, '');
    const old = new Date(Date.now() - 120_000);
    await utimes(`${store.file}.lock`, old, old);
    const before = store.get('mcp')?.accessToken;
    expect((await createLogins(store, clock)()).accessToken).not.toBe(before);
  }, 30_000);
});
