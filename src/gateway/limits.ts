/** How much one principal may ask of one server: requests in a minute, and requests at once. */
import type { Clock } from '../base/clock.js';
import { type Principal, type PrincipalKey, principalKey } from '../model/principal.js';
import type { RequestLimits, ServerSettings } from '../model/settings.js';
import { Refusal } from './refuse.js';

/** Where the configuration says nothing. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = { perMinute: null, concurrent: 1_000 };

const MINUTE_MS = 60_000;
/** Principals and servers told apart at once; those who asked for nothing in the last minute go first. */
const MAX_TRACKED = 10_000;

interface Usage {
  /** Requests that may be made now; grows evenly up to those of a minute. */
  tokens: number;
  /** Monotonic milliseconds at the last request. */
  at: number;
  underway: number;
}

export interface Limits {
  /**
   * Counts a request; what it gives back is to be called once when the request is over.
   * @throws Refusal rate_limited
   */
  readonly enter: (principal: Principal, server: ServerSettings) => () => void;
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

const tooMany = (detail: string): Refusal => new Refusal('rate_limited', detail);

const refilled = ({ tokens, at }: Usage, perMinute: number, now: number): number =>
  Math.min(perMinute, tokens + ((now - at) * perMinute) / MINUTE_MS);

/** @throws Refusal rate_limited where the requests of this minute are used up */
const take = (usage: Usage, perMinute: number, now: number): void => {
  usage.tokens = refilled(usage, perMinute, now);
  usage.at = now;
  if (usage.tokens < 1) {
    const wait = Math.ceil(((1 - usage.tokens) * MINUTE_MS) / perMinute / 1_000);
    throw tooMany(`this server takes ${plural(perMinute, 'request')} a minute from you; try again in ${wait} s`);
  }
  usage.tokens -= 1;
};

/** @param limits of every server that has none of its own */
export const createLimits = (limits: RequestLimits, clock: Pick<Clock, 'monotonic'>): Limits => {
  const usages = new Map<string, Usage>();

  const forget = (now: number): void => {
    for (const [key, { at, underway }] of usages) {
      if (underway === 0 && now - at >= MINUTE_MS) usages.delete(key);
    }
  };

  const usageOf = (owner: PrincipalKey, server: string, now: number): Usage => {
    const key = `${server} ${owner}`;
    const found = usages.get(key);
    if (found) return found;
    if (usages.size >= MAX_TRACKED) forget(now);
    if (usages.size >= MAX_TRACKED) throw tooMany('too many people use this gateway at once; try again in a minute');
    const fresh = { tokens: Number.POSITIVE_INFINITY, at: now, underway: 0 };
    usages.set(key, fresh);
    return fresh;
  };

  return {
    enter(principal, server) {
      const { perMinute, concurrent } = server.limits ?? limits;
      const now = clock.monotonic();
      const usage = usageOf(principalKey(principal), server.id, now);
      if (usage.underway >= concurrent) {
        throw tooMany(`this server takes ${plural(concurrent, 'request')} at once from you; wait for an answer`);
      }
      if (perMinute !== null) take(usage, perMinute, now);
      usage.at = now;
      usage.underway += 1;
      return () => {
        usage.underway -= 1;
      };
    },
  };
};
