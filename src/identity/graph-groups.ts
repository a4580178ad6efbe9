/**
 * Groups of somebody whose token leaves them out for their number, from Microsoft Graph (Microsoft Graph REST API,
 * "directoryObject: getMemberGroups"; Microsoft identity platform, "Groups overage claim"). The address that such a
 * token names itself is not asked: it is of a service that has ended, and no token chooses where the gateway goes.
 */
import { z } from 'zod';
import type { Clock } from '../base/clock.js';
import type { GroupOverageSettings } from '../model/identity-settings.js';
import { type Fetch, fetchJson } from './fetch-json.js';

/** A token for Microsoft Graph. */
export interface GraphToken {
  /** Rejects where there is none. */
  get(): Promise<string>;
  /** Graph refused it. */
  refused(): void;
}

export interface GraphGroupsDeps {
  readonly settings: Pick<GroupOverageSettings, 'graph' | 'securityEnabledOnly'>;
  readonly token: GraphToken;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly fetch?: Fetch;
}

/** All groups of an account, by its object id; undefined where they cannot be had now. Never rejects. */
export type GroupsOf = (objectId: string) => Promise<readonly string[] | undefined>;

/** How long an answer holds, milliseconds. */
const HOLDS = 5 * 60_000;
/** Graph is not asked again for an account for so long after a failure, milliseconds. */
const PAUSE = 5_000;
/** Longest wait for token and groups together, milliseconds. */
const TIMEOUT = 5_000;
const MOST_ACCOUNTS = 10_000;

/** Object ids are GUIDs; a text of another form could lead elsewhere in Graph. */
const OBJECT_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** As many as a record of a call has room for. An answer of more is none: fewer groups could miss a rule that denies. */
const Answer = z.looseObject({
  value: z.array(z.string().min(1).max(256)).max(1_000),
  '@odata.nextLink': z.undefined().optional(),
});

interface Known {
  readonly groups: readonly string[] | undefined;
  /** Monotonic milliseconds. */
  readonly at: number;
}

const within = <T>(promise: Promise<T>, ms: number): Promise<T | undefined> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** Asks Graph, remembers its answers, and asks once at a time for an account. */
export const createGraphGroups = (deps: GraphGroupsDeps): GroupsOf => {
  const { settings, token, clock, fetch = globalThis.fetch } = deps;
  const known = new Map<string, Known>();
  const asking = new Map<string, Promise<readonly string[] | undefined>>();
  const base = settings.graph.replace(/\/$/, '');

  const ask = async (id: string): Promise<readonly string[] | undefined> => {
    const url = `${base}/v1.0/directoryObjects/${id}/getMemberGroups`;
    const found = await fetchJson(fetch, url, AbortSignal.timeout(TIMEOUT), {
      method: 'POST',
      headers: { authorization: `Bearer ${await token.get()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ securityEnabledOnly: settings.securityEnabledOnly }),
    });
    if (!found.ok) {
      if (found.status === 401) token.refused();
      return undefined;
    }
    const parsed = Answer.safeParse(found.value);
    return parsed.success ? parsed.data.value : undefined;
  };

  const remember = (id: string, groups: Known['groups']): Known['groups'] => {
    known.delete(id);
    known.set(id, { groups, at: clock.monotonic() });
    if (known.size > MOST_ACCOUNTS) known.delete(known.keys().next().value ?? '');
    return groups;
  };

  return async (objectId) => {
    const id = objectId.toLowerCase();
    if (!OBJECT_ID.test(id)) return undefined;
    const held = known.get(id);
    if (held && clock.monotonic() - held.at < (held.groups ? HOLDS : PAUSE)) return held.groups;
    const under = asking.get(id) ?? within(ask(id), TIMEOUT).catch(() => undefined);
    asking.set(id, under);
    try {
      return remember(id, await under);
    } finally {
      asking.delete(id);
    }
  };
};
