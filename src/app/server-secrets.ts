/** The servers' own secrets while the gateway runs: read at the start, and those that rotate are read again. */
import type { Clock } from '../base/clock.js';
import type { SecretSource } from '../model/credential-settings.js';
import type { ServerSettings } from '../model/settings.js';
import { fixedSecrets, type ServerSecrets } from '../upstream/credentials.js';

/** Age at which a stored secret is read again before it is used, milliseconds. */
const FRESH = 5 * 60_000;
/** Age up to which it is used while its store does not answer: then calls to its server end, milliseconds. */
const USABLE = 15 * 60_000;
/** A store that failed is not asked again for so long, milliseconds. */
const PAUSE = 10_000;

/** A text that is as new as it must be. */
export interface Freshened {
  /** @throws CountersignError SECRET_STORE where it is too old, and the store does not give it */
  get(): Promise<string>;
  /** What was given was refused by its user. */
  stale(): void;
}

/**
 * Keeps a secret and reads it again when it is no longer fresh, once for all who wait.
 * @param first its value as read at the start
 */
export const freshened = (first: string, read: () => Promise<string>, clock: Pick<Clock, 'monotonic'>): Freshened => {
  let value = first;
  let at = clock.monotonic();
  let failedAt = Number.NEGATIVE_INFINITY;
  let refused = false;
  let reading: Promise<void> | undefined;
  const again = async (): Promise<void> => {
    try {
      value = await read();
      at = clock.monotonic();
      failedAt = Number.NEGATIVE_INFINITY;
    } catch (error) {
      failedAt = clock.monotonic();
      if (failedAt - at > USABLE) throw error;
    } finally {
      reading = undefined;
      refused = false;
    }
  };
  return {
    get: async () => {
      const now = clock.monotonic();
      const old = now - at;
      // Beyond its time nothing is used, so then the store is asked whatever it did before.
      if (old > USABLE || ((refused || old > FRESH) && now - failedAt > PAUSE)) await (reading ??= again());
      return value;
    },
    stale: () => {
      refused = true;
    },
  };
};

type Read = (source: SecretSource) => Promise<string>;

/** A secret of the configuration: what comes from a file or the environment is what it was at the start. */
export const openSecret = async (
  source: SecretSource,
  read: Read,
  clock: Pick<Clock, 'monotonic'>,
): Promise<Freshened> => {
  const first = await read(source);
  if ('secretsManager' in source) return freshened(first, () => read(source), clock);
  return { get: () => Promise.resolve(first), stale: () => undefined };
};

/** The headers or variables of a server, read once now, so that a start fails where one is missing. */
export const openServerSecrets = async (
  { upstream }: ServerSettings,
  read: Read,
  clock: Pick<Clock, 'monotonic'>,
): Promise<ServerSecrets> => {
  const sources = Object.entries(upstream.kind === 'http' ? upstream.headers : (upstream.secretEnv ?? {}));
  const secrets = await Promise.all(
    sources.map(async ([name, source]) => [name, await openSecret(source, read, clock)] as const),
  );
  const values = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries(await Promise.all(secrets.map(async ([name, secret]) => [name, await secret.get()] as const)));
  // What does not rotate is put together once, not for each call.
  if (!sources.some(([, source]) => 'secretsManager' in source)) return fixedSecrets(await values());
  return {
    values,
    refused: () => {
      for (const [, secret] of secrets) secret.stale();
    },
  };
};
