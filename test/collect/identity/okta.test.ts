import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { oktaSource } from '../../../src/collect/identity/okta.js';
import { oktaGet } from '../../../src/collect/identity/okta-http.js';
import { checkRows, type IdentityRow, type IdentityRows } from '../../../src/model/identity-snapshot.js';
import { type OktaDouble, type OktaUser, startOkta, TOKEN } from './okta-double.js';

const ISSUER = 'https://example.okta.com/oauth2/default';

let okta: OktaDouble;
let now: number;
let waits: number[];

beforeEach(async () => {
  now = Date.parse('2026-11-20T08:00:00Z');
  waits = [];
  okta = await startOkta(() => now);
});
afterEach(() => okta.close());

const user = (id: string, over: Partial<OktaUser> = {}): OktaUser => ({
  id,
  status: 'ACTIVE',
  created: '2026-01-05T09:00:00.000Z',
  lastLogin: '2026-11-19T08:00:00.000Z',
  profile: { login: `${id}@example.com`, email: `${id}@example.com`, firstName: 'Ada', lastName: 'Byron' },
  ...over,
});

const read = (subject: 'id' | 'login' = 'id', token = TOKEN): Promise<IdentityRows> =>
  oktaSource({
    origin: okta.origin,
    get: oktaGet(token),
    issuer: ISSUER,
    subject,
    sleep: (ms) => {
      waits.push(ms);
      now += ms;
      okta.nextWindow();
      return Promise.resolve();
    },
    now: () => now,
  }).read(
    () => undefined,
    () => undefined,
  );

const sorted = (rows: readonly IdentityRow[] = []): readonly IdentityRow[] =>
  [...rows].sort((a, b) => String(a[0]).localeCompare(String(b[0])));

describe('an Okta organisation', () => {
  it('is read whole: users, leavers among them, groups, memberships and factors', async () => {
    const factor = { factorType: 'push', provider: 'OKTA', status: 'ACTIVE' };
    okta.users = [
      user('00u1', { factors: [factor, { ...factor, status: 'PENDING_ACTIVATION' }] }),
      user('00u2', { status: 'SUSPENDED', lastLogin: null, factors: [{ ...factor, status: 'PENDING_ACTIVATION' }] }),
      user('00u3', { status: 'DEPROVISIONED' }),
    ];
    okta.groups = [{ id: '00g1', profile: { name: 'engineering' }, members: ['00u1', '00u2'] }];
    const rows = checkRows(await read());
    const created = Date.parse('2026-01-05T09:00:00Z');
    const login = Date.parse('2026-11-19T08:00:00Z');
    expect(sorted(rows.idp_user)).toEqual([
      [
        '00u1',
        `${ISSUER}|00u1`,
        '00u1@example.com',
        '00u1@example.com',
        'Ada Byron',
        'ACTIVE',
        true,
        created,
        login,
        true,
      ],
      [
        '00u2',
        `${ISSUER}|00u2`,
        '00u2@example.com',
        '00u2@example.com',
        'Ada Byron',
        'SUSPENDED',
        false,
        created,
        null,
        false,
      ],
      [
        '00u3',
        `${ISSUER}|00u3`,
        '00u3@example.com',
        '00u3@example.com',
        'Ada Byron',
        'DEPROVISIONED',
        false,
        created,
        login,
        false,
      ],
    ]);
    expect(sorted(rows.idp_factor)).toEqual([
      ['00u1', 'push', 'OKTA', 'ACTIVE'],
      ['00u2', 'push', 'OKTA', 'PENDING_ACTIVATION'],
    ]);
    expect(rows.idp_group).toEqual([['00g1', 'engineering']]);
    expect(rows.idp_member).toEqual([
      ['00g1', '00u1'],
      ['00g1', '00u2'],
    ]);
  });

  it('names principals by login where tokens carry that', async () => {
    okta.users = [user('00u1')];
    expect((await read('login')).idp_user?.[0]?.[1]).toBe(`${ISSUER}|00u1@example.com`);
  });

  it('follows every page', async () => {
    okta.users = Array.from({ length: 450 }, (_, i) => user(`00u${i}`));
    okta.groups = [{ id: '00g1', profile: { name: 'all' }, members: okta.users.map(({ id }) => id) }];
    const rows = await read();
    expect(rows.idp_user).toHaveLength(450);
    expect(rows.idp_member).toHaveLength(450);
  });

  it('waits before the rate limit is used up, and leaves requests to others', async () => {
    okta.users = Array.from({ length: 60 }, (_, i) => user(`00u${i}`));
    okta.limit = 20;
    expect((await read()).idp_user).toHaveLength(60);
    expect(waits.length).toBeGreaterThan(2);
    expect(waits.every((ms) => ms > 0 && ms <= 65_000)).toBe(true);
    expect(okta.refused).toBeLessThan(8);
  });

  it('waits until the window ends where others used it up', async () => {
    okta.users = [user('00u1')];
    okta.limit = 0;
    const before = okta.fault;
    okta.fault = (path) => {
      if (waits.length > 0) okta.limit = 100;
      return before(path);
    };
    expect((await read()).idp_user).toHaveLength(1);
    expect(okta.refused).toBe(1);
  });

  it.each([
    ['a wrong token', 401, undefined, '/api/v1/users: the token is not valid or has expired (E0000011)'],
    [
      'a token without the right',
      403,
      undefined,
      '/api/v1/users: the token may not read this: a read-only administrator is needed (E0000006)',
    ],
    ['a limit that does not end', 429, undefined, '/api/v1/users: it goes on limiting the rate (E0000047)'],
    ['an outage', 503, '', '/api/v1/users: it answered 503'],
    ['what is no JSON', 200, '<html>', /^an answer is not strict JSON/],
    ['what is no list', 200, '{}', 'an answer is no list of objects'],
    ['a user without id', 200, '[{"status":"ACTIVE"}]', 'a user has no id'],
    ['a user without status', 200, '[{"id":"00u1"}]', 'the user 00u1 has no status'],
  ])('%s: nothing is taken, and the sentence says why', async (_, status, body, problem) => {
    okta.fault = (path) => (path === '/api/v1/users' ? { status, ...(body !== undefined && { body }) } : undefined);
    await expect(read()).rejects.toThrow(problem);
  });

  it('does not follow a page to another host, which would get the token', async () => {
    okta.fault = () => ({ status: 200, body: '[]', link: '<https://elsewhere.example.net/api>; rel="next"' });
    await expect(read()).rejects.toThrow('its next page lies elsewhere');
    expect(okta.requests).toBe(1);
  });

  it('a host that is not there is named, without the token', async () => {
    await okta.close();
    const failed = await read().catch((error: unknown) => String(error));
    expect(failed).toMatch(/could not be asked/);
    expect(failed).not.toContain(TOKEN);
    okta = await startOkta(() => now);
  });
});
