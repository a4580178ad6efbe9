/** Logins on the page: to the issuer and back, and the cookies that stand for them. */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Authentication } from '../../../model/principal.js';
import { loginPage } from './page.js';
import type { LoggedIn, PendingLogin, WebDependencies } from './ports.js';
import { createVault, newToken, type WebSession } from './sessions.js';

export interface Logins {
  /** The person of the session, whose token and login are looked at again each time; null where they do not hold. */
  readonly who: (c: Context) => Promise<LoggedIn | null>;
  readonly end: (c: Context) => void;
}

const MAX_SESSIONS = 1_000;
const MAX_LOGINS = 1_000;
/** Time for a person to log in, milliseconds. */
const LOGIN_TIME = 600_000;

export const addressOf = (c: Context): string => getConnInfo(c).remote.address ?? 'unknown';

/** A path of this page to come back to; anything else is the list. */
export const backOf = (text: string | undefined): string =>
  text !== undefined && /^\/(?:mine|recent|passkeys|requests\/[0-9A-Z]{26})$/.test(text) ? text : '/';

/** The token of a callback, where it is one for approvals; otherwise why not. */
const createFinish =
  ({ login, origin, authenticate }: WebDependencies) =>
  async (c: Context, pending: PendingLogin): Promise<string | Exclude<Authentication, { ok: true }>> => {
    const callback = new URL(`/login/callback${new URL(c.req.url).search}`, origin);
    const token = await login.finish(callback, pending).catch(() => null);
    if (token === null) return { ok: false, reason: 'malformed', claimed: {} };
    const result = await authenticate(`Bearer ${token}`, 'approval');
    return result.ok ? token : result;
  };

/** Adds the paths of the login, and gives what the others ask. */
export const createLogins = (app: Hono, dependencies: WebDependencies): Logins => {
  const { authenticate, login, record, origin, clock } = dependencies;
  const sessions = createVault<WebSession>(clock, MAX_SESSIONS);
  const underway = createVault<PendingLogin & { readonly back: string }>(clock, MAX_LOGINS, LOGIN_TIME);
  const finish = createFinish(dependencies);
  const secure = origin.startsWith('https:');
  // The prefix lets no other host of the domain set it; browsers take it over TLS alone.
  const names = { session: secure ? '__Host-countersign' : 'countersign', login: secure ? '__Host-login' : 'login' };
  // Lax, so that a link in a chat leads to the page; forms are checked by origin and token.
  const cookie = { path: '/', httpOnly: true, secure, sameSite: 'Lax' } as const;

  app.get('/login', async (c) => {
    const { url, pending } = await login.start(`${origin}/login/callback`);
    const key = underway.put({ ...pending, back: backOf(c.req.query('back')) });
    setCookie(c, names.login, key, { ...cookie, maxAge: LOGIN_TIME / 1000 });
    return c.redirect(url, 302);
  });
  app.get('/login/callback', async (c) => {
    const key = getCookie(c, names.login);
    const pending = underway.get(key);
    underway.drop(key);
    deleteCookie(c, names.login, cookie);
    if (!pending) return c.html(loginPage('This login is over, or was begun elsewhere.', '/'), 400);
    const token = await finish(c, pending);
    if (typeof token !== 'string') {
      const { issuer = null, subject = null, keyId = null } = token.claimed;
      const d = { iss: issuer, sub: subject, kid: keyId, server: null, count: 1 };
      await record({ type: 'auth', d: { ...d, reason: token.reason, use: 'approval', address: addressOf(c) } });
      return c.html(loginPage('The login was not accepted for approvals.', pending.back), 401);
    }
    sessions.drop(getCookie(c, names.session));
    setCookie(c, names.session, sessions.put({ token, csrf: newToken() }), cookie);
    return c.redirect(pending.back, 303);
  });

  return {
    who: async (c) => {
      const session = sessions.get(getCookie(c, names.session));
      const result = session && (await authenticate(`Bearer ${session.token}`, 'approval'));
      return session && result?.ok ? { principal: result.principal, session } : null;
    },
    end: (c) => {
      sessions.drop(getCookie(c, names.session));
      deleteCookie(c, names.session, cookie);
    },
  };
};
