/**
 * Snapshots of who exists: people of identity providers, and accounts, roles and trails of AWS. One document holds the
 * tables of one source; the warehouse has the same tables.
 */
import { canonical } from '../base/canonical.js';
import { isArray, isObject, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';

export const IDENTITY_KINDS = ['okta', 'scim', 'csv', 'aws'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

type ColumnType = 'text' | 'text?' | 'time?' | 'flag' | 'flag?' | 'count' | 'json?';

interface IdentityTable {
  readonly says: string;
  /** How many columns from the first name a row: what has the same names and other values has changed. */
  readonly named: number;
  readonly columns: Readonly<Record<string, ColumnType>>;
}

/** The tables; in the warehouse `source` stands before the columns. */
export const IDENTITY_TABLES = {
  idp_user: {
    says: "Users of identity providers. `principal`: `issuer|subject` of their tokens, NULL where the source does not say. `status` in the provider's words; `active`: whether they may log in. `mfa`: whether a second factor is enrolled, NULL where the source does not say.",
    named: 1,
    columns: {
      user_id: 'text',
      principal: 'text?',
      login: 'text',
      email: 'text?',
      name: 'text?',
      status: 'text',
      active: 'flag',
      created_t: 'time?',
      last_login_t: 'time?',
      mfa: 'flag?',
    },
  },
  idp_factor: {
    says: 'Second factors of users, each kind once.',
    named: 3,
    columns: { user_id: 'text', factor: 'text', provider: 'text', status: 'text' },
  },
  idp_group: {
    says: 'Groups of identity providers.',
    named: 1,
    columns: { group_id: 'text', name: 'text' },
  },
  idp_member: {
    says: 'Who is in which group.',
    named: 2,
    columns: { group_id: 'text', user_id: 'text' },
  },
  iam_credential: {
    says: 'The IAM credential report: users with long-lived credentials, the root user among them as `<root_account>`.',
    named: 2,
    columns: {
      account_id: 'text',
      user_name: 'text',
      arn: 'text',
      created_t: 'time?',
      password_enabled: 'flag?',
      password_last_used_t: 'time?',
      mfa: 'flag',
      active_keys: 'count',
      key_last_used_t: 'time?',
    },
  },
  sso_assignment: {
    says: 'Assignments of IAM Identity Center: who may take which permission set in which account.',
    named: 4,
    columns: { account_id: 'text', permission_set: 'text', principal_kind: 'text', principal_id: 'text' },
  },
  aws_account: {
    says: 'Accounts of the AWS organisation. `active`: neither suspended nor about to be closed; one of which no trail was collected is a finding.',
    named: 1,
    columns: { account_id: 'text', name: 'text?', status: 'text', active: 'flag', joined_t: 'time?' },
  },
  aws_role: {
    says: 'Roles with their trust policies. `source_identity_required`: no statement that lets somebody assume the role goes without `sts:SourceIdentity`. `governed`: it asks for a source identity of the gateway, `cs-*`. `excluded`: the configuration leaves it out of scope.',
    named: 1,
    columns: {
      arn: 'text',
      account_id: 'text',
      name: 'text',
      trust: 'json?',
      governed: 'flag',
      source_identity_required: 'flag',
      excluded: 'flag',
    },
  },
  trail_config: {
    says: 'Trails, whether they log, and what their selectors select.',
    named: 1,
    columns: {
      arn: 'text',
      name: 'text',
      home_region: 'text?',
      bucket: 'text',
      multi_region: 'flag',
      organization: 'flag',
      validation: 'flag',
      logging: 'flag',
      selectors: 'json?',
    },
  },
  trail_bucket: {
    says: 'Buckets of trails: policy, versions and Object Lock. `lock_days` of the default retention, 0 where there is none.',
    named: 1,
    columns: { bucket: 'text', policy: 'json?', versioning: 'text?', lock_mode: 'text?', lock_days: 'count' },
  },
} as const satisfies Readonly<Record<string, IdentityTable>>;

export type IdentityTableName = keyof typeof IDENTITY_TABLES;

/** Times are milliseconds since 1970; JSON is canonical text. */
export type IdentityCell = string | number | boolean | null;

/** Cells in the order of the columns. */
export type IdentityRow = readonly IdentityCell[];

export type IdentityRows = Readonly<Partial<Record<IdentityTableName, readonly IdentityRow[]>>>;

/** What one source said at one time. */
export interface IdentityDocument {
  readonly kind: IdentityKind;
  /** Such as `okta:example.okta.com`. */
  readonly source: string;
  readonly tables: IdentityRows;
}

/** One line of `snapshots/identity.ndjson`. */
export interface IdentitySnapshot {
  readonly kind: IdentityKind;
  readonly source: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** RFC 3339 with milliseconds, UTC. */
  readonly taken: string;
  /** Rows, against the snapshot of the source before it. */
  readonly added: number;
  readonly changed: number;
  readonly gone: number;
}

export const MAX_SNAPSHOT_BYTES = 256 * 1024 ** 2;

const NAMES: readonly IdentityTableName[] = [
  'idp_user',
  'idp_factor',
  'idp_group',
  'idp_member',
  'iam_credential',
  'sso_assignment',
  'aws_account',
  'aws_role',
  'trail_config',
  'trail_bucket',
];

/** Names of the tables, in the order of the warehouse. */
export const identityTables = (): readonly IdentityTableName[] => NAMES;

/** What names a row within its table. */
export const rowName = (table: IdentityTableName, row: IdentityRow): string =>
  row.slice(0, IDENTITY_TABLES[table].named).join(' ');

const CHECKS: Readonly<Record<ColumnType, (cell: JsonValue) => boolean>> = {
  text: (cell) => typeof cell === 'string' && cell !== '',
  'text?': (cell) => cell === null || typeof cell === 'string',
  'json?': (cell) => cell === null || typeof cell === 'string',
  'time?': (cell) => cell === null || (typeof cell === 'number' && Number.isSafeInteger(cell)),
  count: (cell) => typeof cell === 'number' && Number.isSafeInteger(cell) && cell >= 0,
  flag: (cell) => typeof cell === 'boolean',
  'flag?': (cell) => cell === null || typeof cell === 'boolean',
};

/** Name of the copy below `snapshots/`. */
export const identityName = ({ kind, sha256 }: { readonly kind: IdentityKind; readonly sha256: string }): string =>
  `identity-${kind}-${sha256.slice(0, 32)}.json`;

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** The document as it is kept: canonical JSON (RFC 8785), rows sorted, so that the same state has the same hash. */
export const formatIdentity = ({ kind, source, tables }: IdentityDocument): Buffer => {
  const sorted = NAMES.flatMap((name): [string, JsonValue][] => {
    const rows = tables[name];
    if (rows === undefined) return [];
    return [[name, [...rows].sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))]];
  });
  return Buffer.from(`${canonical({ v: 1, kind, source, tables: Object.fromEntries(sorted) })}\n`);
};

const isCell = (cell: JsonValue): cell is IdentityCell => cell === null || typeof cell !== 'object';

const rowOf = (table: IdentityTableName, value: JsonValue): IdentityRow => {
  const types: readonly ColumnType[] = Object.values(IDENTITY_TABLES[table].columns);
  if (!isArray(value) || value.length !== types.length) throw new Error(`a row of ${table} has other columns`);
  return value.map((cell, i) => {
    const type = types[i];
    if (isCell(cell) && type !== undefined && CHECKS[type](cell)) return cell;
    throw new Error(`${Object.keys(IDENTITY_TABLES[table].columns)[i]} of ${table} is of another type`);
  });
};

/**
 * Checks rows that a source made, as strictly as those that are read back.
 * @throws Error naming table and column
 */
export const checkRows = (tables: IdentityRows): IdentityRows => {
  for (const name of NAMES) {
    const seen = new Set<string>();
    for (const row of tables[name] ?? []) {
      rowOf(name, row);
      if (seen.has(rowName(name, row))) throw new Error(`${rowName(name, row)} stands twice in ${name}`);
      seen.add(rowName(name, row));
    }
  }
  return tables;
};

const objectOf = (value: JsonValue | undefined, what: string): JsonObject => {
  if (isObject(value)) return value;
  throw new Error(`${what} is missing or no object`);
};

/**
 * Reads what `formatIdentity` wrote.
 * @throws Error where it is anything else
 */
export const parseIdentity = (bytes: Uint8Array): IdentityDocument => {
  const document = objectOf(toValue(parseJson(bytes)), 'the document');
  const kind = IDENTITY_KINDS.find((known) => known === document['kind']);
  const { source } = document;
  if (document['v'] !== 1 || kind === undefined || typeof source !== 'string') throw new Error('it is no snapshot');
  const tables: Partial<Record<IdentityTableName, readonly IdentityRow[]>> = {};
  for (const [name, rows] of Object.entries(objectOf(document['tables'], 'tables'))) {
    const table = NAMES.find((known) => known === name);
    if (table === undefined || !isArray(rows)) throw new Error(`${name} is no table`);
    tables[table] = rows.map((row) => rowOf(table, row));
  }
  return { kind, source, tables: checkRows(tables) };
};

/** The lines of `snapshots/identity.ndjson`, oldest first. */
export const formatIdentityIndex = (snapshots: readonly IdentitySnapshot[]): string =>
  snapshots
    .map(
      ({ kind, source, sha256, bytes, rows, taken, added, changed, gone }) =>
        `${JSON.stringify({ kind, source, sha256, bytes, rows, taken, added, changed, gone })}\n`,
    )
    .join('');

const TAKEN = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

const lineOf = (text: string, line: number): IdentitySnapshot => {
  const fail = (name: string): never => {
    throw new Error(`line ${line}: ${name} is missing or of the wrong type`);
  };
  const value = objectOf(toValue(parseJson(Buffer.from(text))), `line ${line}`);
  const word = (name: string): string => {
    const found = value[name];
    return typeof found === 'string' ? found : fail(name);
  };
  const count = (name: string): number => {
    const found = value[name];
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : fail(name);
  };
  const kind = IDENTITY_KINDS.find((known) => known === value['kind']) ?? fail('kind');
  const [sha256, taken] = [word('sha256'), word('taken')];
  if (!/^[0-9a-f]{64}$/.test(sha256)) fail('sha256');
  if (!TAKEN.test(taken)) fail('taken');
  const [bytes, rows, added] = [count('bytes'), count('rows'), count('added')];
  return {
    kind,
    source: word('source'),
    sha256,
    bytes,
    rows,
    taken,
    added,
    changed: count('changed'),
    gone: count('gone'),
  };
};

/**
 * Reads what `formatIdentityIndex` wrote.
 * @throws Error naming the line
 */
export const parseIdentityIndex = (bytes: Uint8Array): readonly IdentitySnapshot[] => {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  if (lines.pop() !== '') throw new Error('the last line is cut');
  return lines.map((text, at) => lineOf(text, at + 1));
};
