import { describe, expect, it } from 'vitest';
import { csvSource } from '../../../src/collect/identity/csv.js';
import { scimSource } from '../../../src/collect/identity/scim.js';
import { checkRows, type IdentityRows } from '../../../src/model/identity-snapshot.js';

const ISSUER = 'https://login.example.com';

const bytes = (value: unknown) => (): Promise<Buffer> =>
  Promise.resolve(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

const list = (...Resources: readonly unknown[]): object => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: Resources.length,
  Resources,
});

const ADA = {
  id: '2819c223',
  externalId: 'ada',
  userName: 'ada@example.com',
  name: { formatted: 'Ada Byron' },
  active: true,
  emails: [{ value: 'private@example.net' }, { value: 'ada@example.com', primary: true }],
  meta: { created: '2026-01-05T09:00:00Z' },
};

const scim = (users: unknown, groups: unknown = null, subject: 'id' | 'userName' | 'externalId' = 'id') =>
  scimSource({
    issuer: ISSUER,
    subject,
    source: 'scim:x',
    users: bytes(users),
    groups: groups === null ? null : bytes(groups),
  }).read(
    () => undefined,
    () => undefined,
  );

describe('a SCIM export', () => {
  it('gives users, groups and who is in them', async () => {
    const groups = list({
      id: 'g1',
      displayName: 'engineering',
      members: [{ value: '2819c223', type: 'User' }, { value: 'g2', type: 'Group' }, { value: '2819c223' }],
    });
    const rows = checkRows(await scim(list(ADA, { id: 'b', active: false }), groups, 'externalId'));
    expect(rows).toEqual({
      idp_user: [
        [
          '2819c223',
          `${ISSUER}|ada`,
          'ada@example.com',
          'ada@example.com',
          'Ada Byron',
          'active',
          true,
          Date.parse('2026-01-05T09:00:00Z'),
          null,
          null,
        ],
        ['b', null, 'b', null, null, 'inactive', false, null, null, null],
      ],
      idp_group: [['g1', 'engineering']],
      idp_member: [['g1', '2819c223']],
    });
  });

  it.each([
    [
      'one page of several',
      { totalResults: 250, Resources: [ADA] },
      'users: it holds 1 of 250 resources; export all pages',
    ],
    ['no resources', { totalResults: 0 }, 'users: it has no list of Resources'],
    ['no JSON', 'id,active', /^users: not strict JSON/],
    ['a user without id', list({ active: true }), 'a user has no id'],
    ['a user of unknown state', list({ id: 'a' }), 'the user a does not say whether it is active'],
    ['what is no object', list('a'), 'users: a resource is no object'],
  ])('%s: nothing is taken', async (_, users, problem) => {
    await expect(scim(users)).rejects.toThrow(problem);
  });
});

const csv = (text: string): Promise<IdentityRows> =>
  csvSource({ issuer: ISSUER, source: 'csv:x', bytes: bytes(text) }).read(
    () => undefined,
    () => undefined,
  );

describe('a CSV export', () => {
  it('gives users, and their groups', async () => {
    const text =
      'user_id,status,login,mfa,groups,last_login\n1,active,ada,true,eng;ops,2026-11-19T08:00:00Z\n2,inactive,,,,\n';
    expect(checkRows(await csv(text))).toEqual({
      idp_user: [
        ['1', `${ISSUER}|1`, 'ada', null, null, 'active', true, null, Date.parse('2026-11-19T08:00:00Z'), true],
        ['2', `${ISSUER}|2`, '2', null, null, 'inactive', false, null, null, null],
      ],
      idp_group: [
        ['eng', 'eng'],
        ['ops', 'ops'],
      ],
      idp_member: [
        ['eng', '1'],
        ['ops', '1'],
      ],
    });
  });

  it.each([
    ['an empty file', '', 'the file is empty'],
    ['a missing column', 'user_id\n1\n', 'line 1: the column status is missing'],
    ['an unknown column', 'user_id,status,shoe\n', 'line 1: the column shoe is not known, or stands twice'],
    ['no id', 'user_id,status\n,active\n', 'record 2, column user_id: it is empty'],
    ['a status in other words', 'user_id,status\n1,enabled\n', 'record 2, column status: active or inactive is wanted'],
    [
      'a factor in other words',
      'user_id,status,mfa\n1,active,yes\n',
      'record 2, column mfa: true, false or nothing is wanted',
    ],
    [
      'a time without its offset',
      'user_id,status,created\n1,active,2026-11-19\n',
      /^record 2, column created: a time with its offset/,
    ],
    ['a record that is cut', 'user_id,status\n1\n', 'record 2: it has 1 fields, not 2'],
    ['an open quote', 'user_id,status\n"1,active\n', /quote/],
  ])('%s: nothing is taken, and the place is named', async (_, text, problem) => {
    await expect(csv(text)).rejects.toThrow(problem);
  });

  it('one id twice is refused when it is taken', async () => {
    const rows = await csv('user_id,status\n1,active\n1,inactive\n');
    expect(() => checkRows(rows)).toThrow('1 stands twice in idp_user');
  });
});
