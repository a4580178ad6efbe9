/**
 * Users, groups, memberships and factors of an Okta organisation. Source: Okta Management API reference, "Users",
 * "Groups", "UserFactors", "Rate limits" and "Link headers": pages follow `Link: <…>; rel="next"`, and every answer says in
 * `x-rate-limit-*` how many requests are left until when.
 */

import { isArray, isObject, JsonError, type JsonObject, type JsonValue, parseJson, toValue } from '../../base/json.js';
import type { Sleep } from '../../base/pace.js';
import { eachOf } from '../../base/pool.js';
import type { IdentityRow, IdentityRows } from '../../model/identity-snapshot.js';
import { IdentityError, type IdentitySource } from './source.js';

/** One GET. Header names in lower case. @throws IdentityError where no answer came */
export type OktaGet = (url: string) => Promise<{
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}>;

export interface OktaAsk {
  /** Origin of the organisation, such as `https://example.okta.com`. */
  readonly origin: string;
  readonly get: OktaGet;
  /** Whose subjects these users are. */
  readonly issuer: string;
  /** Which attribute tokens of the issuer carry as `sub`. */
  readonly subject: 'id' | 'login';
  readonly sleep: Sleep;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const PAGE = 200;
const MAX_PAGES = 100_000;
const MAX_TRIES = 6;
/** A limit is of a minute: nobody is kept waiting longer. */
const MAX_WAIT = 65_000;
/** Requests for factors at once: one for each user. */
const CONCURRENCY = 4;
/** Requests that others of the organisation keep: below this many left, collection waits for the next window. */
const LEFT_FOR_OTHERS = 5;

const PROBLEMS: Readonly<Record<number, string>> = {
  401: 'the token is not valid or has expired',
  403: 'the token may not read this: a read-only administrator is needed',
  404: 'there is no such organisation or resource',
  429: 'it goes on limiting the rate',
};

const errorCode = (body: Buffer): string => {
  const code = /"errorCode"\s*:\s*"(E\d{7})"/.exec(body.toString('latin1', 0, 4096))?.[1];
  return code === undefined ? '' : ` (${code})`;
};

/** Milliseconds until the window of the rate limit ends. */
const untilReset = (headers: Readonly<Record<string, string>>, now: number): number => {
  const reset = Number(headers['x-rate-limit-reset']) * 1000;
  return Number.isFinite(reset) ? Math.min(Math.max(reset - now, 0) + 1_000, MAX_WAIT) : 5_000;
};

const nextOf = (headers: Readonly<Record<string, string>>, origin: string): string | null => {
  const found = /<([^<>]+)>;\s*rel="next"/.exec(headers['link'] ?? '')?.[1];
  if (found === undefined) return null;
  // The token goes along: a page elsewhere would hand it over.
  if (!URL.canParse(found) || new URL(found).origin !== origin) throw new IdentityError('its next page lies elsewhere');
  return found;
};

const listOf = (body: Buffer): readonly JsonObject[] => {
  let value: JsonValue;
  try {
    value = toValue(parseJson(body));
  } catch (error) {
    if (error instanceof JsonError) throw new IdentityError(`an answer is not strict JSON: ${error.message}`);
    throw error;
  }
  if (!isArray(value) || !value.every(isObject)) throw new IdentityError('an answer is no list of objects');
  return value;
};

/** Asks, and waits where the rate is limited or the service is not there. */
const ask = async ({ get, sleep, now }: OktaAsk, url: string): ReturnType<OktaGet> => {
  for (let tries = 1; ; tries++) {
    const answer = await get(url);
    if (answer.status === 200) {
      const left = Number(answer.headers['x-rate-limit-remaining'] ?? Number.POSITIVE_INFINITY);
      if (left < LEFT_FOR_OTHERS) await sleep(untilReset(answer.headers, now()));
      return answer;
    }
    const again = answer.status === 429 || answer.status >= 500;
    if (!again || tries === MAX_TRIES) {
      const problem = PROBLEMS[answer.status] ?? `it answered ${answer.status}`;
      throw new IdentityError(`${new URL(url).pathname}: ${problem}${errorCode(answer.body)}`);
    }
    await sleep(answer.status === 429 ? untilReset(answer.headers, now()) : 500 * 2 ** tries);
  }
};

const all = async (okta: OktaAsk, path: string): Promise<readonly JsonObject[]> => {
  const items: JsonObject[] = [];
  let url: string | null = `${okta.origin}${path}`;
  for (let pages = 0; url !== null; pages++) {
    if (pages === MAX_PAGES) throw new IdentityError(`${path}: more than ${MAX_PAGES} pages`);
    const { body, headers } = await ask(okta, url);
    items.push(...listOf(body));
    url = nextOf(headers, okta.origin);
  }
  return items;
};

const text = (object: JsonObject, name: string): string | null => {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

const idOf = (object: JsonObject, what: string): string => {
  const id = text(object, 'id');
  if (id === null || !/^[\w-]{1,100}$/.test(id)) throw new IdentityError(`${what} has no id`);
  return id;
};

const timeOf = (object: JsonObject, name: string): number | null => {
  const ms = Date.parse(text(object, name) ?? '');
  return Number.isNaN(ms) ? null : ms;
};

/** Statuses in which a user cannot log in. */
const INACTIVE = new Set(['STAGED', 'SUSPENDED', 'DEPROVISIONED', 'LOCKED_OUT']);

const statusOf = (user: JsonObject): string => {
  const status = text(user, 'status');
  if (status === null) throw new IdentityError(`the user ${idOf(user, 'a user')} has no status`);
  return status;
};

const userRow = (user: JsonObject, okta: OktaAsk, mfa: boolean | null): IdentityRow => {
  const id = idOf(user, 'a user');
  const profile = isObject(user['profile']) ? user['profile'] : {};
  const login = text(profile, 'login') ?? id;
  const names = [text(profile, 'firstName'), text(profile, 'lastName')].filter((part) => part !== null);
  const status = statusOf(user);
  const principal = `${okta.issuer}|${okta.subject === 'id' ? id : login}`;
  const times = [timeOf(user, 'created'), timeOf(user, 'lastLogin')];
  const name = text(profile, 'displayName') ?? (names.join(' ') || null);
  return [id, principal, login, text(profile, 'email'), name, status, !INACTIVE.has(status), ...times, mfa];
};

/** Factors of a user, each kind once. */
const factorRows = (user: string, factors: readonly JsonObject[]): readonly IdentityRow[] => {
  const rows = new Map<string, IdentityRow>();
  for (const factor of factors) {
    const [kind, provider] = [text(factor, 'factorType') ?? 'unknown', text(factor, 'provider') ?? 'unknown'];
    const status = text(factor, 'status') ?? 'unknown';
    const known = rows.get(`${kind} ${provider}`);
    if (known?.[3] !== 'ACTIVE') rows.set(`${kind} ${provider}`, [user, kind, provider, status]);
  }
  return [...rows.values()];
};

/** An organisation behind its management API. Deprovisioned users are listed too: leavers must show. */
export const oktaSource = (okta: OktaAsk): IdentitySource => ({
  kind: 'okta',
  source: `okta:${new URL(okta.origin).host}`,
  read: async (onProgress): Promise<IdentityRows> => {
    onProgress('users', 0, 1);
    const gone = `/api/v1/users?limit=${PAGE}&filter=${encodeURIComponent('status eq "DEPROVISIONED"')}`;
    const users = new Map<string, JsonObject>();
    for (const path of [`/api/v1/users?limit=${PAGE}`, gone]) {
      for (const user of await all(okta, path)) users.set(idOf(user, 'a user'), user);
    }
    const listed = await all(okta, `/api/v1/groups?limit=${PAGE}`);
    const groups = [...new Map(listed.map((group) => [idOf(group, 'a group'), group])).values()];
    const total = users.size + groups.length;
    let done = 0;
    const members: IdentityRow[] = [];
    await eachOf(groups, CONCURRENCY, async (group) => {
      const id = idOf(group, 'a group');
      const inside = await all(okta, `/api/v1/groups/${id}/users?limit=${PAGE}`);
      // Who joins while pages are read can stand on two of them.
      const ids = new Set(inside.map((user) => idOf(user, 'a member')));
      members.push(...[...ids].map((user): IdentityRow => [id, user]));
      onProgress('groups', ++done, total);
    });
    const [rows, factors]: [IdentityRow[], IdentityRow[]] = [[], []];
    await eachOf(users, CONCURRENCY, async ([id, user]) => {
      const own =
        statusOf(user) === 'DEPROVISIONED' ? [] : factorRows(id, await all(okta, `/api/v1/users/${id}/factors`));
      factors.push(...own);
      rows.push(
        userRow(
          user,
          okta,
          own.some((factor) => factor[3] === 'ACTIVE'),
        ),
      );
      onProgress('factors', ++done, total);
    });
    const named = groups.map((group): IdentityRow => {
      const profile = isObject(group['profile']) ? group['profile'] : {};
      return [idOf(group, 'a group'), text(profile, 'name') ?? idOf(group, 'a group')];
    });
    return { idp_user: rows, idp_factor: factors, idp_group: named, idp_member: members };
  },
});
