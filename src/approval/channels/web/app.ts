/** The web page of the approvals, on the admin listener: who may see it, its pages, decisions and live updates. */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { equalConstantTime } from '../../../base/digest.js';
import { CountersignError } from '../../../base/errors.js';
import type { Principal } from '../../../model/principal.js';
import { Problem } from '../problem.js';
import { createAssets } from './assets.js';
import { addressOf, backOf, createLogins, type Logins } from './logins.js';
import { loginPage, noticePage } from './page.js';
import { addPasskeys } from './passkeys.js';
import type { LoggedIn, WebDependencies } from './ports.js';
import { createAct, createRender, type Form } from './requests.js';

const MAX_BODY = 16_384;
const MAX_STREAMS = 200;
/** A comment keeps proxies from ending a silent stream, milliseconds. */
const KEEP_ALIVE = 20_000;

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  // Not no-referrer: with it a browser sends forms with `Origin: null` (Fetch, "append a request Origin header").
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

type Refuse = (c: Context, reason: string, principal?: Principal) => Promise<unknown>;

const createRefuse =
  ({ record }: WebDependencies): Refuse =>
  (c, reason, principal) => {
    const who = principal ? { iss: principal.issuer, sub: principal.subject } : null;
    const d = { reason: `approval_${reason.toLowerCase()}`, principal: who, server: null, count: 1 };
    return record({ type: 'refuse', d: { ...d, address: addressOf(c) } });
  };

/** A form of this page, from this page: same origin, and the session's own token in it. */
const readForm = async (c: Context, origin: string, { session }: LoggedIn): Promise<Form> => {
  if (c.req.header('origin') !== origin) throw new Problem('BAD_ORIGIN');
  const form = await c.req.parseBody();
  const sent = form['csrf'];
  if (typeof sent !== 'string' || !equalConstantTime(sent, session.csrf)) throw new Problem('BAD_ORIGIN');
  return form;
};

/** The host that was asked for, and the headers that every answer bears. */
const addGuards = (app: Hono, { origin }: WebDependencies, refuse: Refuse): void => {
  const { host } = new URL(origin);
  app.use(async (c, next) => {
    if ((c.req.header('host') ?? '').toLowerCase() !== host) {
      await refuse(c, 'BAD_HOST');
      return c.text('this Host is not served here', 403, HEADERS);
    }
    await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
    return undefined;
  });
  app.use(bodyLimit({ maxSize: MAX_BODY }));
};

const addPages = (app: Hono, dependencies: WebDependencies, { who }: Logins): void => {
  const render = createRender(dependencies);
  const toLogin = (c: Context) => c.html(loginPage(null, backOf(c.req.path)), 401);
  const tabs = [
    ['/', 'decide'],
    ['/mine', 'mine'],
    ['/recent', 'recent'],
  ] as const;
  for (const [path, tab] of tabs) {
    app.get(path, async (c) => {
      const person = await who(c);
      return person ? render(c, person, { tab }) : toLogin(c);
    });
  }
  app.get('/requests/:id', async (c) => {
    const person = await who(c);
    return person ? render(c, person, { tab: null, id: c.req.param('id') }) : toLogin(c);
  });
};

const addDecisions = (app: Hono, dependencies: WebDependencies, { who }: Logins, refuse: Refuse): void => {
  const render = createRender(dependencies);
  const act = createAct(dependencies);
  app.post('/requests/:id/:verb', async (c) => {
    const person = await who(c);
    const { id, verb } = c.req.param();
    const back = backOf(`/requests/${id}`);
    if (!person) return c.html(loginPage('Your login is too old to decide. Log in again.', back), 401);
    try {
      await act(id, verb, person.principal, await readForm(c, dependencies.origin, person), addressOf(c));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await refuse(c, error.code, person.principal);
      if (error.code === 'BAD_ORIGIN' || error.code === 'NOT_FOUND') throw error;
      return render(c, person, { tab: null, id, problem: error });
    }
    return c.redirect(back, 303);
  });
};

/** Says that something changed, and nothing more: the page then asks with its own session. */
const addEvents = (app: Hono, { subscribe }: WebDependencies, { who }: Logins): void => {
  let streams = 0;
  app.get('/events', async (c) => {
    if (!(await who(c))) return c.text('log in', 401);
    if (streams >= MAX_STREAMS) return c.text('too many pages are open', 503);
    streams++;
    return streamSSE(c, async (stream) => {
      const stop = subscribe(() => void stream.writeSSE({ data: 'changed' }).catch(() => undefined));
      try {
        while (!stream.aborted && (await who(c))) {
          await stream.write(': still here\n\n');
          await stream.sleep(KEEP_ALIVE);
        }
      } finally {
        stop();
        streams--;
      }
    });
  });
};

/** The page's application. Every path but login and assets wants a session whose token and login still hold. */
export const createWebApp = (dependencies: WebDependencies): Hono => {
  const app = new Hono();
  const assets = createAssets();
  const refuse = createRefuse(dependencies);
  addGuards(app, dependencies, refuse);
  const logins = createLogins(app, dependencies);
  app.get('/assets/:name', (c) => {
    const asset = assets.get(c.req.param('name'));
    return asset ? c.body(new Uint8Array(asset.bytes), 200, { 'content-type': asset.type }) : c.notFound();
  });
  app.post('/logout', async (c) => {
    const person = await logins.who(c);
    if (person) await readForm(c, dependencies.origin, person);
    logins.end(c);
    return c.html(loginPage('You are logged out here.', '/'));
  });
  addPages(app, dependencies, logins);
  addDecisions(app, dependencies, logins, refuse);
  addPasskeys(app, dependencies, {
    logins,
    refuse,
    readForm: (c, person) => readForm(c, dependencies.origin, person),
  });
  addEvents(app, dependencies, logins);
  app.onError((error, c) => {
    if (error instanceof Problem) return c.html(noticePage(error.message), error.status === 404 ? 404 : 403);
    if (error instanceof CountersignError) return c.html(noticePage(error.message), 503);
    throw error;
  });
  app.notFound((c) => c.html(noticePage('nothing is here'), 404));
  return app;
};
