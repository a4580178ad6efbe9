/** The page of one's passkeys, and of those that wait for one's word. */
import type { Context, Hono } from 'hono';
import { equalConstantTime } from '../../../base/digest.js';
import type { Principal } from '../../../model/principal.js';
import type { PasskeyRefusal } from '../../passkeys.js';
import { Problem, type ProblemCode } from '../problem.js';
import { addressOf, type Logins } from './logins.js';
import { loginPage } from './page.js';
import { passkeysPage } from './passkeys-page.js';
import type { LoggedIn, WebDependencies } from './ports.js';
import { createToDecide } from './requests.js';
import { createVault } from './sessions.js';

/** Time for a person to touch the authenticator, milliseconds. */
const CEREMONY = 300_000;
const MAX_CEREMONIES = 1_000;

const PROBLEM: Readonly<Record<PasskeyRefusal, ProblemCode>> = {
  not_person: 'NOT_REVIEWER',
  known: 'PASSKEY_KNOWN',
  too_many: 'PASSKEY_MANY',
  not_found: 'NOT_FOUND',
  own: 'PASSKEY_OWN',
  not_confirmer: 'PASSKEY_CONFIRM',
};

const VERBS = { confirm: 'enrolled', refuse: 'refused', remove: 'removed' } as const;
const isVerb = (verb: string): verb is keyof typeof VERBS => Object.hasOwn(VERBS, verb);

const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? { ...body } : {};

export interface PasskeyRoutes {
  readonly logins: Logins;
  /** A form of this page: its fields. @throws Problem BAD_ORIGIN */
  readonly readForm: (c: Context, person: LoggedIn) => Promise<Readonly<Record<string, unknown>>>;
  readonly refuse: (c: Context, code: ProblemCode, principal: Principal) => Promise<unknown>;
}

/** JSON of this page, from this page: same origin, and the session's own token in it. */
const readScript = async (c: Context, origin: string, { session }: LoggedIn) => {
  const fields = fieldsOf(await c.req.json().catch(() => null));
  const sent = fields['csrf'];
  const own = c.req.header('origin') === origin && typeof sent === 'string' && equalConstantTime(sent, session.csrf);
  if (!own) throw new Problem('BAD_ORIGIN');
  return fields;
};

const ownerOf = ({ issuer, subject }: Principal): string => JSON.stringify([issuer, subject]);

/** Making a passkey: what the page's script asks for, and what it brings back. */
const addScripts = (app: Hono, dependencies: WebDependencies, { logins, refuse }: PasskeyRoutes): void => {
  const { passkeys, ceremony, origin, clock } = dependencies;
  const underway = createVault<{ readonly challenge: string; readonly owner: string }>(clock, MAX_CEREMONIES, CEREMONY);
  app.post('/passkeys/options', async (c) => {
    const person = await logins.who(c);
    if (!person) return c.json({ problem: 'Log in again.' }, 401);
    await readScript(c, origin, person);
    const { options, challenge } = await ceremony.create(person.principal, passkeys.of(person.principal));
    return c.json({ options, ceremony: underway.put({ challenge, owner: ownerOf(person.principal) }) });
  });
  app.post('/passkeys/add', async (c) => {
    const person = await logins.who(c);
    if (!person) return c.json({ problem: 'Log in again.' }, 401);
    const { principal } = person;
    const { ceremony: key, answer } = await readScript(c, origin, person);
    const begun = underway.get(typeof key === 'string' ? key : undefined);
    if (typeof key === 'string') underway.drop(key);
    const made = begun?.owner === ownerOf(principal) ? await ceremony.created(answer, begun.challenge) : null;
    const why = made && (await passkeys.add(principal, made, addressOf(c)));
    if (made && why === null) return c.json({ problem: null });
    const problem = new Problem(why === null ? 'PASSKEY_INVALID' : PROBLEM[why]);
    await refuse(c, problem.code, principal);
    return c.json({ problem: `${problem.message}.` }, 403);
  });
};

/** `GET /passkeys`; `POST /passkeys/options` and `/passkeys/add` by its script; `POST /passkeys/confirm|refuse|remove` by its forms. */
export const addPasskeys = (app: Hono, dependencies: WebDependencies, routes: PasskeyRoutes): void => {
  const { passkeys, ceremony } = dependencies;
  const { logins, readForm, refuse } = routes;
  const toDecide = createToDecide(dependencies);
  const render = (c: Context, { principal, session }: LoggedIn, problem: Problem | null) => {
    const page = passkeysPage({
      principal,
      toDecide: toDecide(principal),
      csrf: session.csrf,
      own: passkeys.of(principal),
      toConfirm: passkeys.toConfirm(principal),
      possible: ceremony.rp !== null,
      problem: problem?.message ?? null,
    });
    return c.html(page, problem === null ? 200 : 403);
  };
  app.get('/passkeys', async (c) => {
    const person = await logins.who(c);
    return person ? render(c, person, null) : c.html(loginPage(null, '/passkeys'), 401);
  });
  addScripts(app, dependencies, routes);
  app.post('/passkeys/:verb', async (c) => {
    const person = await logins.who(c);
    if (!person) return c.html(loginPage('Your login is too old. Log in again.', '/passkeys'), 401);
    const verb = c.req.param('verb');
    const { credential } = await readForm(c, person);
    if (!isVerb(verb) || typeof credential !== 'string') throw new Problem('NOT_FOUND');
    const why = await passkeys.act(VERBS[verb], credential, person.principal, addressOf(c));
    if (why === null) return c.redirect('/passkeys', 303);
    const problem = new Problem(PROBLEM[why]);
    await refuse(c, problem.code, person.principal);
    return render(c, person, problem);
  });
};
