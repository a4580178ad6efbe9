/** Login on the command line: authorization code with PKCE through the person's browser (RFC 8252, RFC 7636). */
import * as oidc from 'openid-client';
import { type Clock, systemClock, timestamp } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import { isTrustworthyUrl } from '../identity/issuer.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import type { TokenUse } from '../model/principal.js';
import type { Settings } from '../model/settings.js';
import { openBrowser } from './browser.js';
import { byDevice, type DevicePrompt } from './login/device.js';
import { discover, explain, failed, scopeOf, toStored, unavailable } from './login/issuer.js';
import { type Callback, listenForCallback } from './loopback.js';
import type { StoredToken, TokenStore } from './token-store.js';

/** Longest time a person may take, milliseconds. */
const DEADLINE = 300_000;

export interface LoginAsk {
  /** One of the configured issuers; needed where there are several. */
  readonly issuer?: string;
  /** Absent: every use that the issuer has an audience for. */
  readonly uses?: readonly TokenUse[];
  /** Port of the loopback listener; 0 for a free one. */
  readonly port?: number;
  /** Log in on another device, by a code that is shown here (RFC 8628); for calls alone. */
  readonly device?: boolean;
}

export interface LoginDeps {
  readonly store: TokenStore;
  /** Tells the person the address to open. */
  readonly announce: (url: URL, use: TokenUse) => void;
  /** Tells the person the code to enter, and where. */
  readonly prompt?: (prompt: DevicePrompt) => void;
  /** Opens the address; the default asks the desktop. */
  readonly open?: (url: URL) => void;
  readonly clock?: Clock;
  /** Milliseconds. */
  readonly deadline?: number;
}

/** A login without its token. */
export interface LoginSummary {
  readonly use: TokenUse;
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
  readonly audience: string;
  /** RFC 3339. */
  readonly loggedInAt: string | null;
  readonly expiresAt: string;
  /** Seconds until then; 0 where it is past. */
  readonly secondsLeft: number;
  /** Whether it is renewed without the person. */
  readonly renews: boolean;
}

const seconds = (at: number): string => timestamp(at * 1000);

const summary = (use: TokenUse, token: StoredToken, { now }: Pick<Clock, 'now'>): LoginSummary => ({
  use,
  issuer: token.issuer,
  subject: token.subject,
  name: token.name,
  email: token.email,
  audience: token.audience,
  loggedInAt: token.authTime === null ? null : seconds(token.authTime),
  expiresAt: seconds(token.expiresAt),
  secondsLeft: Math.max(0, Math.floor(token.expiresAt - now() / 1000)),
  renews: token.refreshToken !== undefined,
});

const chooseIssuer = ({ issuers }: Settings, wanted: string | undefined): IssuerSettings => {
  const found = wanted === undefined ? issuers : issuers.filter(({ issuer }) => issuer === wanted);
  const [first] = found;
  if (!first) throw unavailable(`${wanted ?? 'no issuer'} is not in the configuration`);
  if (found.length > 1) throw unavailable(`there are several issuers: ${found.map(({ issuer }) => issuer).join(', ')}`);
  return first;
};

interface Target {
  readonly use: TokenUse;
  readonly audience: string;
}

const audienceOf = ({ audience, approvalAudience }: IssuerSettings, use: TokenUse): string | null =>
  use === 'approval' ? approvalAudience : (audience[0] ?? null);

/** The approval first: it asks for the person anew, and the login for calls can then use that session. */
const targetsOf = (issuer: IssuerSettings, uses: readonly TokenUse[] | undefined): readonly Target[] =>
  (['approval', 'mcp'] as const).flatMap((use) => {
    const audience = audienceOf(issuer, use);
    if (audience !== null) return uses === undefined || uses.includes(use) ? [{ use, audience }] : [];
    if (uses?.includes(use)) throw unavailable(`${issuer.issuer} has no audience for ${use}`);
    return [];
  });

interface Session {
  readonly configuration: oidc.Configuration;
  readonly callback: Callback;
  readonly clientId: string;
  readonly issuer: string;
  /** Oldest login for approvals, seconds. */
  readonly maxAge: number;
  readonly signal: AbortSignal;
}

const obtain = async ({ use, audience }: Target, session: Session, deps: LoginDeps): Promise<StoredToken> => {
  const { configuration, callback, maxAge } = session;
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(configuration, {
    redirect_uri: callback.redirectUri,
    scope: scopeOf(configuration, use === 'mcp'),
    resource: audience,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...(use === 'approval' && { prompt: 'login', max_age: String(maxAge) }),
  });
  deps.announce(url, use);
  (deps.open ?? openBrowser)(url);
  const response = await callback.next(expectedState, session.signal);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, ...(use === 'approval' && { maxAge }) };
  const tokens = await oidc.authorizationCodeGrant(configuration, response, checks, { resource: audience });
  return toStored(tokens, audience, { ...session, renewable: use === 'mcp' });
};

/** A code that somebody else's device shows could be entered by anyone, so it approves nothing. */
const deviceTargets = (issuer: IssuerSettings, uses: readonly TokenUse[] | undefined): readonly Target[] => {
  if (uses?.includes('approval')) throw unavailable('a login for approvals needs a browser on this machine');
  return targetsOf(issuer, ['mcp']);
};

/** One login after the other, each stored at once. */
const logInto = async (
  targets: readonly Target[],
  deps: LoginDeps,
  obtainOne: (target: Target) => Promise<StoredToken>,
): Promise<readonly LoginSummary[]> => {
  const done: LoginSummary[] = [];
  for (const target of targets) {
    const token = await obtainOne(target);
    await deps.store.put(target.use, token);
    done.push(summary(target.use, token, deps.clock ?? systemClock()));
  }
  return done;
};

/**
 * Logs a person in at a configured issuer and stores one token per use. Nothing returned or announced is a secret.
 * @throws CountersignError LOGIN_UNAVAILABLE, LOGIN_FAILED, TOKEN_STORE
 */
export const logIn = async (settings: Settings, ask: LoginAsk, deps: LoginDeps): Promise<readonly LoginSummary[]> => {
  const issuer = chooseIssuer(settings, ask.issuer);
  const targets = ask.device ? deviceTargets(issuer, ask.uses) : targetsOf(issuer, ask.uses);
  const { clientId } = issuer;
  if (clientId === null) throw unavailable(`${issuer.issuer} has no clientId`);
  const signal = AbortSignal.timeout(deps.deadline ?? DEADLINE);
  try {
    const configuration = await discover(issuer.issuer, clientId, settings.demo);
    const at = { configuration, clientId, issuer: issuer.issuer, signal };
    if (ask.device) {
      const prompt = deps.prompt ?? (() => undefined);
      return await logInto(targets, deps, ({ audience }) => byDevice(audience, { ...at, demo: settings.demo, prompt }));
    }
    if (!isTrustworthyUrl(configuration.serverMetadata().authorization_endpoint ?? '', settings.demo)) {
      throw failed('the issuer has no https address for logins');
    }
    const callback = await listenForCallback(ask.port ?? 0);
    try {
      const session: Session = { ...at, callback, maxAge: Math.floor(settings.approvalMaxAge / 1000) };
      return await logInto(targets, deps, (target) => obtain(target, session, deps));
    } finally {
      callback.close();
    }
  } catch (error) {
    throw explain(error);
  }
};

/**
 * The logins that are good now, or are renewed without the person.
 * @throws CountersignError NOT_LOGGED_IN where none is; TOKEN_STORE
 */
export const whoAmI = (store: TokenStore, clock: Clock = systemClock()): readonly LoginSummary[] => {
  const logins = (['mcp', 'approval'] as const).flatMap((use) => {
    const token = store.get(use);
    const good = token && (token.expiresAt * 1000 > clock.now() || token.refreshToken !== undefined);
    return good ? [summary(use, token, clock)] : [];
  });
  if (logins.length > 0) return logins;
  throw new CountersignError('NOT_LOGGED_IN', {
    use: 'calls or approvals',
    problem: 'no login is stored that is still good',
  });
};
