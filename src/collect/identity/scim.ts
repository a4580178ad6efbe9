/**
 * Users and groups from SCIM 2.0 exports: the JSON of `GET /Users` and `GET /Groups`. Source: RFC 7643 §4 (User, Group)
 * and RFC 7644 §3.4.2 (ListResponse). SCIM says nothing of logins or second factors.
 */
import { isArray, isObject, JsonError, type JsonObject, type JsonValue, parseJson, toValue } from '../../base/json.js';
import type { IdentityRow, IdentityRows } from '../../model/identity-snapshot.js';
import { IdentityError, type IdentitySource } from './source.js';

export interface ScimAsk {
  readonly issuer: string;
  /** Which attribute tokens of the issuer carry as `sub`. */
  readonly subject: 'id' | 'userName' | 'externalId';
  /** Name of the source. */
  readonly source: string;
  readonly users: () => Promise<Buffer>;
  /** Null where groups are not exported. */
  readonly groups: (() => Promise<Buffer>) | null;
}

const text = (object: JsonObject, name: string): string | null => {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : null;
};

const listOf = (value: JsonValue | undefined): readonly JsonObject[] =>
  value !== undefined && isArray(value) ? value.filter(isObject) : [];

/** The resources of a list response, which must hold all of them, or of a bare list. */
const resourcesOf = (bytes: Buffer, what: string): readonly JsonObject[] => {
  let value: JsonValue;
  try {
    value = toValue(parseJson(bytes));
  } catch (error) {
    if (error instanceof JsonError) throw new IdentityError(`${what}: not strict JSON: ${error.message}`);
    throw error;
  }
  const list = isObject(value) ? value['Resources'] : value;
  if (list === undefined || !isArray(list)) throw new IdentityError(`${what}: it has no list of Resources`);
  const resources = list.filter(isObject);
  if (resources.length !== list.length) throw new IdentityError(`${what}: a resource is no object`);
  const total = isObject(value) ? value['totalResults'] : list.length;
  if (total !== list.length) {
    throw new IdentityError(
      `${what}: it holds ${list.length} of ${typeof total === 'number' ? total : 'an unknown number of'} resources; export all pages`,
    );
  }
  return resources;
};

const idOf = (resource: JsonObject, what: string): string => {
  const id = text(resource, 'id');
  if (id === null) throw new IdentityError(`${what} has no id`);
  return id;
};

const emailOf = (user: JsonObject): string | null => {
  const emails = listOf(user['emails']);
  const chosen = emails.find((email) => email['primary'] === true) ?? emails[0];
  return chosen === undefined ? null : text(chosen, 'value');
};

const createdOf = (user: JsonObject): number | null => {
  const meta = isObject(user['meta']) ? user['meta'] : {};
  const ms = Date.parse(text(meta, 'created') ?? '');
  return Number.isNaN(ms) ? null : ms;
};

const userRow = (user: JsonObject, { issuer, subject }: ScimAsk): IdentityRow => {
  const id = idOf(user, 'a user');
  const name = isObject(user['name']) ? text(user['name'], 'formatted') : null;
  const known = text(user, subject);
  const active = user['active'];
  if (typeof active !== 'boolean') throw new IdentityError(`the user ${id} does not say whether it is active`);
  const status = active ? 'active' : 'inactive';
  const principal = known === null ? null : `${issuer}|${known}`;
  const shown = text(user, 'displayName') ?? name;
  return [
    id,
    principal,
    text(user, 'userName') ?? id,
    emailOf(user),
    shown,
    status,
    active,
    createdOf(user),
    null,
    null,
  ];
};

const membersOf = (group: JsonObject): readonly IdentityRow[] => {
  const id = idOf(group, 'a group');
  const people = listOf(group['members']).filter((member) => member['type'] !== 'Group');
  return [...new Set(people.flatMap((member) => text(member, 'value') ?? []))].map((user) => [id, user]);
};

/** The exports of one provider. */
export const scimSource = (ask: ScimAsk): IdentitySource => ({
  kind: 'scim',
  source: ask.source,
  read: async (onProgress): Promise<IdentityRows> => {
    onProgress('users', 0, 1);
    const users = resourcesOf(await ask.users(), 'users');
    const groups = ask.groups === null ? [] : resourcesOf(await ask.groups(), 'groups');
    return {
      idp_user: users.map((user) => userRow(user, ask)),
      idp_group: groups.map((group) => [idOf(group, 'a group'), text(group, 'displayName') ?? idOf(group, 'a group')]),
      idp_member: groups.flatMap(membersOf),
    };
  },
});
