/** Logins of the page: in memory, bounded, named by random cookies. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../../base/clock.js';

export interface WebSession {
  /** The access token; it stays in this process. */
  readonly token: string;
  /** What a form of this session carries. */
  readonly csrf: string;
}

/** Longest life of a session, milliseconds; each use checks the token and the login's age besides. */
const LIFE = 3_600_000;

/** Values by unguessable keys, the oldest forgotten beyond `most` and after `life` milliseconds. */
export const createVault = <T>(clock: Clock, most: number, life = LIFE) => {
  const held = new Map<string, { readonly value: T; readonly until: number }>();
  return {
    put: (value: T): string => {
      const key = randomBytes(32).toString('base64url');
      held.set(key, { value, until: clock.monotonic() + life });
      const [oldest] = held.keys();
      if (held.size > most && oldest !== undefined) held.delete(oldest);
      return key;
    },
    get: (key: string | undefined): T | undefined => {
      const found = held.get(key ?? '');
      return found && found.until > clock.monotonic() ? found.value : undefined;
    },
    drop: (key: string | undefined): void => void held.delete(key ?? ''),
  };
};

export const newToken = (): string => randomBytes(32).toString('base64url');
