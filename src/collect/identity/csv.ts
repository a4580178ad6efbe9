/** Users from a CSV export (RFC 4180, UTF-8): for providers that are read in no other way. */
import { instantOf } from '../../base/clock.js';
import { csvRecords } from '../../base/csv-read.js';
import type { IdentityRow, IdentityRows } from '../../model/identity-snapshot.js';
import { IdentityError, type IdentitySource } from './source.js';

export interface CsvAsk {
  readonly issuer: string;
  /** Name of the source. */
  readonly source: string;
  readonly bytes: () => Promise<Buffer>;
}

/** Columns that must be there, and those that may. `groups` are separated by `;`. */
const NEEDED = ['user_id', 'status'] as const;
const OPTIONAL = ['subject', 'login', 'email', 'name', 'created', 'last_login', 'mfa', 'groups'] as const;
type Column = (typeof NEEDED)[number] | (typeof OPTIONAL)[number];

const STATUS: Readonly<Record<string, boolean>> = { active: true, inactive: false };
const FLAG: Readonly<Record<string, boolean | null>> = { '': null, true: true, false: false };

const timeOf = (text: string, place: string): number | null => {
  if (text === '') return null;
  const ms = instantOf(text);
  if (ms === undefined) {
    throw new IdentityError(`${place}: a time with its offset is wanted, such as 2026-10-31T18:00:00+01:00`);
  }
  return ms;
};

type Cells = (column: Column) => string;

const userRow = (cell: Cells, place: string, issuer: string): IdentityRow => {
  const id = cell('user_id');
  const active = STATUS[cell('status')];
  const mfa = FLAG[cell('mfa')];
  if (id === '') throw new IdentityError(`${place}, column user_id: it is empty`);
  if (active === undefined) throw new IdentityError(`${place}, column status: active or inactive is wanted`);
  if (mfa === undefined) throw new IdentityError(`${place}, column mfa: true, false or nothing is wanted`);
  const [created, login] = [
    timeOf(cell('created'), `${place}, column created`),
    timeOf(cell('last_login'), `${place}, column last_login`),
  ];
  const principal = `${issuer}|${cell('subject') || id}`;
  const names = [cell('login') || id, cell('email') || null, cell('name') || null];
  return [id, principal, ...names, cell('status'), active, created, login, mfa];
};

const headOf = (head: readonly string[]): void => {
  const known: readonly string[] = [...NEEDED, ...OPTIONAL];
  const missing = NEEDED.find((name) => !head.includes(name));
  if (missing !== undefined) throw new IdentityError(`line 1: the column ${missing} is missing`);
  const unknown = head.find((name, at) => !known.includes(name) || head.indexOf(name) !== at);
  if (unknown !== undefined) throw new IdentityError(`line 1: the column ${unknown} is not known, or stands twice`);
};

const decode = (bytes: Buffer): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new IdentityError('the file is not UTF-8');
  }
};

const readCsv = async (bytes: Buffer, issuer: string): Promise<IdentityRows> => {
  const [users, members]: [IdentityRow[], IdentityRow[]] = [[], []];
  const groups = new Set<string>();
  let head: readonly string[] | undefined;
  let line = 0;
  for await (const record of csvRecords([decode(bytes)])) {
    line++;
    if (head === undefined) {
      headOf(record);
      head = record;
      continue;
    }
    const columns = head;
    if (record.length !== columns.length)
      throw new IdentityError(`record ${line}: it has ${record.length} fields, not ${columns.length}`);
    const cell: Cells = (column) => record[columns.indexOf(column)] ?? '';
    users.push(userRow(cell, `record ${line}`, issuer));
    for (const group of new Set(
      cell('groups')
        .split(';')
        .filter((name) => name !== ''),
    )) {
      groups.add(group);
      members.push([group, cell('user_id')]);
    }
  }
  if (head === undefined) throw new IdentityError('the file is empty');
  return { idp_user: users, idp_group: [...groups].map((name) => [name, name]), idp_member: members };
};

/** One export, whole or not at all: the first wrong record is named. */
export const csvSource = (ask: CsvAsk): IdentitySource => ({
  kind: 'csv',
  source: ask.source,
  read: async (onProgress) => {
    onProgress('users', 0, 1);
    const bytes = await ask.bytes();
    try {
      return await readCsv(bytes, ask.issuer);
    } catch (error) {
      // The reader of CSV throws plain errors with line and reason.
      throw error instanceof IdentityError || !(error instanceof Error) ? error : new IdentityError(error.message);
    }
  },
});
