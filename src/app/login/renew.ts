/** A login that is about to end is renewed with its refresh token (RFC 6749 §6), by one process at a time. */
import { open, rm, stat } from 'node:fs/promises';
import * as oidc from 'openid-client';
import { type Clock, systemClock } from '../../base/clock.js';
import { isSystemError } from '../../base/durable.js';
import { CountersignError } from '../../base/errors.js';
import { isLoopback } from '../../base/loopback.js';
import { readToken, type StoredToken, type TokenStore } from '../token-store.js';
import { discover, expiryOf, explain } from './issuer.js';

/** A login is renewed this long before its end, milliseconds. */
const EARLY = 60_000;
/** A lock of that age was left by a process that is gone: a renewal ends long before. Milliseconds. */
const STALE = 60_000;
/** Longest wait for the renewal of another process, milliseconds. */
const WAIT = 20_000;
const POLL = 100;
/** While a login serves, its issuer is not asked again for so long after a failure, milliseconds. */
const PAUSE = 10_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const lock = async (file: string): Promise<boolean> => {
  try {
    await (await open(file, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (!isSystemError(error, 'EEXIST')) throw error;
  }
  const facts = await stat(file).catch(() => undefined);
  // Two that find it at once could both go on; the issuer then ends the login, and the person logs in again.
  if (facts && Date.now() - facts.mtimeMs > STALE) await rm(file, { force: true });
  return false;
};

/** Asks the issuer. Many give a new refresh token with each answer and end the old one. */
const renewed = async (token: StoredToken, refreshToken: string): Promise<StoredToken> => {
  const { issuer, clientId, audience } = token;
  const demo = isLoopback(new URL(issuer).hostname);
  const configuration = await discover(issuer, clientId, demo);
  const tokens = await oidc.refreshTokenGrant(configuration, refreshToken, { resource: audience });
  return {
    ...token,
    accessToken: tokens.access_token,
    expiresAt: expiryOf(tokens.access_token, audience),
    refreshToken: tokens.refresh_token ?? refreshToken,
  };
};

const isFresh = (token: StoredToken, clock: Pick<Clock, 'now'>): boolean =>
  token.expiresAt * 1000 - clock.now() > EARLY;

/** Renews under the lock; what another process renewed meanwhile is taken. */
const renew = async (store: TokenStore, clock: Clock): Promise<StoredToken> => {
  const file = `${store.file}.lock`;
  const until = clock.monotonic() + WAIT;
  while (!(await lock(file))) {
    const token = store.get('mcp');
    if (token && isFresh(token, clock)) return token;
    if (clock.monotonic() > until) return readToken(store, 'mcp', clock);
    await sleep(POLL);
  }
  try {
    const token = store.get('mcp');
    if (token?.refreshToken === undefined || isFresh(token, clock)) return readToken(store, 'mcp', clock);
    const next = await renewed(token, token.refreshToken);
    await store.put('mcp', next);
    return next;
  } finally {
    await rm(file, { force: true });
  }
};

/**
 * Gives the login for calls, renewed where it is about to end and can be. One that could not be renewed serves to its end.
 * @throws CountersignError NOT_LOGGED_IN, TOKEN_STORE
 */
export const createLogins = (store: TokenStore, clock: Clock = systemClock()): (() => Promise<StoredToken>) => {
  let renewing: Promise<StoredToken> | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const token = store.get('mcp');
    if (token?.refreshToken === undefined || isFresh(token, clock)) return readToken(store, 'mcp', clock);
    const serves = (): boolean => token.expiresAt * 1000 > clock.now();
    if (serves() && clock.monotonic() - failedAt < PAUSE) return token;
    renewing ??= renew(store, clock).finally(() => {
      renewing = undefined;
    });
    try {
      return await renewing;
    } catch (error) {
      failedAt = clock.monotonic();
      if (serves()) return token;
      if (error instanceof CountersignError && error.code === 'TOKEN_STORE') throw error;
      const problem = `it has expired and could not be renewed: ${String(explain(error).details['problem'])}`;
      throw new CountersignError('NOT_LOGGED_IN', { use: 'calls', problem });
    }
  };
};
