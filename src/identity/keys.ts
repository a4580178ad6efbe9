/**
 * The keys of one issuer, kept while the issuer is away.
 *
 * jose's own remote key set counts its cooldown from the last fetch that worked and forgets keys with
 * age; here every attempt counts, so that neither strangers' tokens nor an issuer that is down can make
 * the gateway ask more often, and keys once read stay until newer ones are read.
 */
import { createHash } from 'node:crypto';
import { createLocalJWKSet } from 'jose';
import type { Clock } from '../base/clock.js';
import type { Fetch } from './fetch-json.js';
import { discoverKeysUrl, type Found, fetchKeys, type PublicJwk } from './issuer.js';

/** Shortest time between two attempts because of a key id that is not known, milliseconds. */
const COOLDOWN = 10_000;
/** Shortest time between two attempts while there are no keys at all, milliseconds. */
const RETRY = 2_000;

export interface Keys {
  readonly resolve: ReturnType<typeof createLocalJWKSet>;
  /** Changes with the key set: a token verified under another generation is verified again. */
  readonly generation: string;
}

export interface KeyStore {
  /** Whether there are keys at hand. */
  readonly known: boolean;
  /** The keys at hand, read first where there are none yet; undefined where they cannot be had. */
  current(): Promise<Keys | undefined>;
  /** The keys after a key id was not found among them: read again, unless that was just done. */
  renewed(): Promise<Keys | undefined>;
  /** Reads the keys now; keeps those at hand where that fails, and returns what is wrong. */
  refresh(): Promise<string | undefined>;
}

export interface KeyStoreDeps {
  readonly issuer: string;
  readonly demo: boolean;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** Aborts what is under way when the gateway stops. */
  readonly closed: AbortSignal;
}

const keysOf = (jwks: readonly PublicJwk[]): Keys => ({
  resolve: createLocalJWKSet({ keys: [...jwks] }),
  generation: createHash('sha256').update(JSON.stringify(jwks)).digest('hex'),
});

export const createKeyStore = (deps: KeyStoreDeps): KeyStore => {
  const { issuer, demo, fetch, clock, closed } = deps;
  let keys: Keys | undefined;
  let keysUrl: string | undefined;
  let attempted = Number.NEGATIVE_INFINITY;
  let pending: Promise<string | undefined> | undefined;

  const read = async (): Promise<Found<readonly PublicJwk[]>> => {
    const discovered = await discoverKeysUrl(fetch, issuer, demo, closed);
    if (discovered.ok) keysUrl = discovered.value;
    // Where the metadata cannot be had just now, the address known from before still serves.
    if (keysUrl === undefined) return discovered.ok ? { ok: false, problem: '' } : discovered;
    return fetchKeys(fetch, keysUrl, closed);
  };
  const attempt = async (): Promise<string | undefined> => {
    const found = await read();
    // The pause starts when an attempt ends: one that hangs must not be followed by the next at once.
    attempted = clock.monotonic();
    if (!found.ok) return found.problem;
    keys = keysOf(found.value);
    return undefined;
  };
  const refresh = (): Promise<string | undefined> => {
    pending ??= attempt().finally(() => {
      pending = undefined;
    });
    return pending;
  };
  const after = async (pause: number): Promise<Keys | undefined> => {
    if (pending !== undefined || clock.monotonic() - attempted >= pause) await refresh();
    return keys;
  };
  return {
    get known() {
      return keys !== undefined;
    },
    refresh,
    current: async () => keys ?? after(RETRY),
    renewed: () => after(COOLDOWN),
  };
};
