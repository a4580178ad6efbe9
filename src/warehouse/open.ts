/** DuckDB behind a small interface: the only place that imports it, and only when it is used. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DuckDBAppender, DuckDBConnection, DuckDBInstance, DuckDBPreparedStatement, JS } from '@duckdb/node-api';
import { CountersignError, reason } from '../base/errors.js';

/** A plain value: TIMESTAMP as RFC 3339 text in UTC, DATE as `YYYY-MM-DD`, BIGINT as number, JSON as text. */
export type Cell = null | boolean | number | string | readonly Cell[] | { readonly [name: string]: Cell };
/** The text of a cell; empty where it holds none. */
export const cellText = (cell: Cell | undefined): string => (typeof cell === 'string' ? cell : '');
export type Row = Readonly<Record<string, Cell>>;
export type Parameter = null | boolean | number | string;
export type Parameters = Readonly<Record<string, Parameter>>;

export interface Warehouse {
  /**
   * Runs one statement with named parameters (`$from` is `from`); parameters that it does not name are ignored.
   * @throws CountersignError WAREHOUSE_FAILED with the first line of DuckDB's message
   */
  query(sql: string, parameters?: Parameters): Promise<readonly Row[]>;
  /** As `query`, row by row in bounded memory. */
  stream(sql: string, parameters?: Parameters): AsyncGenerator<Row>;
  close(): Promise<void>;
}

/** A warehouse being built. */
export interface Builder extends Warehouse {
  run(sql: string, parameters?: Parameters): Promise<void>;
  /** Appends rows in the order of the table's columns; flushed by `close`. */
  appender(table: string): Promise<Appender>;
}

export interface Appender {
  add(row: readonly AppendCell[]): void;
  close(): void;
}

/** TIMESTAMP columns take milliseconds since 1970 as a number. */
export type AppendCell = null | boolean | number | string | readonly string[];

export interface EngineSettings {
  /** Such as `1GB`. Memory in use goes up to 1.5 times this. */
  readonly memoryLimit?: string;
  readonly threads?: number;
}

const load = () => import('@duckdb/node-api');

const failed = (error: unknown): CountersignError =>
  new CountersignError('WAREHOUSE_FAILED', { problem: reason(error).split('\n')[0] ?? '' }, { cause: error });

const toCell = (value: JS, date: boolean): Cell => {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new RangeError('an integer beyond 2^53 in a result');
    return number;
  }
  if (value instanceof Date) return date ? value.toISOString().slice(0, 10) : value.toISOString();
  if (Array.isArray(value)) return value.map((item) => toCell(item, date));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, toCell(item, date)]));
};

const bind = (statement: DuckDBPreparedStatement, parameters: Parameters): void => {
  for (let i = 1; i <= statement.parameterCount; i++) {
    const name = statement.parameterName(i);
    const value = parameters[name];
    if (value === undefined) throw new Error(`no value for the parameter $${name}`);
    if (value === null) statement.bindNull(i);
    else if (typeof value === 'boolean') statement.bindBoolean(i, value);
    else if (typeof value === 'string') statement.bindVarchar(i, value);
    else if (Number.isSafeInteger(value)) statement.bindBigInt(i, BigInt(value));
    else statement.bindDouble(i, value);
  }
};

async function* rowsOf(connection: DuckDBConnection, sql: string, parameters: Parameters): AsyncGenerator<Row[]> {
  const { DuckDBTypeId } = await load();
  const statement = await connection.prepare(sql);
  try {
    bind(statement, parameters);
    const result = await statement.stream();
    const names = result.deduplicatedColumnNames();
    const dates = names.map((_, i) => result.columnTypeId(i) === DuckDBTypeId.DATE);
    for await (const rows of result.yieldRowsJs()) {
      yield rows.map((row) =>
        Object.fromEntries(names.map((name, i) => [name, toCell(row[i] ?? null, dates[i] ?? false)])),
      );
    }
  } finally {
    statement.destroySync();
  }
}

const query = async (connection: DuckDBConnection, sql: string, parameters: Parameters): Promise<readonly Row[]> => {
  try {
    const all: Row[] = [];
    for await (const rows of rowsOf(connection, sql, parameters)) for (const row of rows) all.push(row);
    return all;
  } catch (error) {
    throw failed(error);
  }
};

/** Each stream has its own connection: a second statement on the same one would end it. */
async function* stream(instance: DuckDBInstance, sql: string, parameters: Parameters): AsyncGenerator<Row> {
  const connection = await instance.connect();
  try {
    for await (const rows of rowsOf(connection, sql, parameters)) yield* rows;
  } catch (error) {
    throw failed(error);
  } finally {
    connection.closeSync();
  }
}

const appendCell = (appender: DuckDBAppender, cell: AppendCell, column: number, api: Api): void => {
  if (cell === null) return appender.appendNull();
  if (typeof cell === 'boolean') return appender.appendBoolean(cell);
  if (typeof cell === 'string') return appender.appendVarchar(cell);
  if (typeof cell !== 'number') return appender.appendList([...cell], api.LIST(api.VARCHAR));
  switch (appender.columnType(column).typeId) {
    case api.DuckDBTypeId.TIMESTAMP:
      return appender.appendTimestamp(new api.DuckDBTimestampValue(BigInt(Math.trunc(cell)) * 1000n));
    case api.DuckDBTypeId.DOUBLE:
      return appender.appendDouble(cell);
    default:
      return appender.appendBigInt(BigInt(cell));
  }
};

type Api = Awaited<ReturnType<typeof load>>;

const openAppender = async (connection: DuckDBConnection, table: string): Promise<Appender> => {
  const api = await load();
  const appender = await connection.createAppender(table);
  return {
    add: (row) => {
      for (const [column, cell] of row.entries()) appendCell(appender, cell, column, api);
      appender.endRow();
    },
    close: () => appender.closeSync(),
  };
};

/** Nothing is fetched, installed or read but what is given; the settings cannot be changed back by a statement. */
const lockDown = async (connection: DuckDBConnection, folders: readonly string[]): Promise<void> => {
  const list = folders.map((folder) => `'${resolve(folder).replaceAll("'", "''")}/'`).join(', ');
  await connection.run(`SET TimeZone = 'UTC'`);
  await connection.run(`SET allowed_directories = [${list}]`);
  await connection.run('SET enable_external_access = false');
  await connection.run('SET lock_configuration = true');
};

/** Ways of packing texts that take over a third of the time of a load: a warehouse is made anew each time, and need not be small. */
const SLOW_PACKING = 'fsst,dict_fsst,zstd';

const connect = async (
  file: string,
  mode: 'READ_ONLY' | 'READ_WRITE',
  spill: string,
  folders: readonly string[],
  engine: EngineSettings,
): Promise<{ readonly instance: DuckDBInstance; readonly connection: DuckDBConnection }> => {
  const api = await load();
  const instance = await api.DuckDBInstance.create(file, {
    access_mode: mode,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
    memory_limit: engine.memoryLimit ?? '1GB',
    threads: String(engine.threads ?? 2),
    temp_directory: spill,
  });
  const connection = await instance.connect();
  if (mode === 'READ_WRITE') await connection.run(`SET disabled_compression_methods = '${SLOW_PACKING}'`);
  await lockDown(connection, folders);
  return { instance, connection };
};

/** One statement at a time: a second on the same connection would end the first without an error, its rows missing. */
const inTurn = (connection: DuckDBConnection): Warehouse['query'] => {
  let last: Promise<unknown> = Promise.resolve();
  return (sql, parameters = {}) => {
    const answer = last.then(() => query(connection, sql, parameters));
    last = answer.catch(() => undefined);
    return answer;
  };
};

const warehouse = (instance: DuckDBInstance, connection: DuckDBConnection, spill: string): Warehouse => ({
  query: inTurn(connection),
  stream: (sql, parameters = {}) => stream(instance, sql, parameters),
  close: async () => {
    connection.closeSync();
    instance.closeSync();
    await rm(spill, { recursive: true, force: true });
  },
});

const spillFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-spill-'));

/**
 * Opens a built warehouse for reading. Several processes may have it open; a rebuild replaces the file
 * and readers keep the one they opened.
 * @throws CountersignError WAREHOUSE_NOT_FOUND, WAREHOUSE_FAILED
 */
export const openWarehouse = async (
  file: string,
  options: EngineSettings & { readonly readOnly: true } = { readOnly: true },
): Promise<Warehouse> => {
  const facts = await stat(file).catch(() => undefined);
  if (!facts?.isFile()) throw new CountersignError('WAREHOUSE_NOT_FOUND', { file });
  const spill = await spillFolder();
  try {
    const { instance, connection } = await connect(file, 'READ_ONLY', spill, [], options);
    return warehouse(instance, connection, spill);
  } catch (error) {
    await rm(spill, { recursive: true, force: true });
    throw failed(error);
  }
};

/** Opens a new file for building. Only files below `stage` can be read by statements. */
export const openBuilder = async (file: string, stage: string, engine: EngineSettings = {}): Promise<Builder> => {
  const { instance, connection } = await connect(file, 'READ_WRITE', join(stage, 'spill'), [stage], engine);
  return {
    ...warehouse(instance, connection, join(stage, 'spill')),
    run: async (sql, parameters = {}) => void (await query(connection, sql, parameters)),
    appender: (table) => openAppender(connection, table),
  };
};
