/** Builds the warehouse: records, CloudTrail and configuration into one file, correlated. */
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { removeAbandoned } from '../base/abandoned.js';
import { sourceIdentity } from '../base/aws-identity.js';
import { sha256 } from '../base/digest.js';
import { makeFolder, realFiles } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { TrailCheck } from '../base/trail-chain.js';
import type { TrailFinding } from '../base/trail-findings.js';
import type { Period } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { clockFindings } from './clock.js';
import { CORRELATE } from './correlate.js';
import { loadDataEvents } from './data-events.js';
import { DERIVE_CALLS, DERIVE_REST, PRINCIPALS } from './derive.js';
import { DERIVE_PEER_CALLS, DERIVE_PEER_SESSIONS } from './derive-peers.js';
import type { FileRow } from './load-events.js';
import { loadIdentity } from './load-identity.js';
import { loadPeers, type PeerRecords } from './load-peers.js';
import {
  type LedgerEntryLike,
  type LoadedRecords,
  loadRecords,
  problemOf,
  type Rescan,
  UNIQUE,
} from './load-records.js';
import { loadRegisters } from './load-registers.js';
import { appendFindings, type LoadedTrail, loadTrail } from './load-trail.js';
import { type Builder, openBuilder } from './open.js';
import { openRawEvidence } from './raw.js';
import { TABLES } from './schema.js';
import { GOVERNED_ROLES, loadScope } from './scope.js';

export interface BuildOptions {
  readonly dataDir: string;
  /** The ledger's records in order, as its reader yields them. */
  readonly records: AsyncIterable<LedgerEntryLike>;
  readonly settings: Settings;
  /** Ledgers of other gateways; fill `peer_ledger` and `peer_record`. */
  readonly peers?: readonly PeerRecords[];
  /** Where given, CloudTrail events more than a day outside are left out, and counted as excluded. */
  readonly period?: Period;
  /** The second detector, run over every recorded result; fills `rescan`. */
  readonly rescan?: Rescan;
  /** Findings of verifying the ledger's files; fills `ledger_check`. */
  readonly ledgerCheck?: readonly {
    readonly origin: string;
    readonly ok: boolean;
    readonly code: string | null;
    readonly message: string | null;
  }[];
  /** Told before each step, for progress. */
  readonly onStep?: (step: BuildStep, done: number, total: number) => void;
}

const STEPS = ['records', 'cloudtrail', 'correlation', 'publish'] as const;
export type BuildStep = (typeof STEPS)[number];

export interface BuiltWarehouse {
  readonly file: string;
  readonly records: number;
  /** Events kept, one per (event id, account). */
  readonly events: number;
  /** Same id and account with different content. */
  readonly conflicts: number;
  readonly files: readonly FileRow[];
  readonly trail: TrailCheck;
  readonly findings: readonly TrailFinding[];
}

const DAY = 86_400_000;

/** Where the warehouse of a data folder lies. */
export const warehouseFile = (dataDir: string): string => join(dataDir, 'warehouse.duckdb');

const assertUnique = async (builder: Builder): Promise<void> => {
  for (const [what, sql] of UNIQUE) {
    const [row] = await builder.query(`${sql} ORDER BY 1 LIMIT 1`);
    if (row) throw new CountersignError('WAREHOUSE_NOT_UNIQUE', { what, problem: JSON.stringify(row['item']) });
  }
};

/** What each principal must show in AWS: computed here, since SQL has no base 32. */
const loadIdentities = async (builder: Builder): Promise<void> => {
  await builder.run('CREATE TEMP TABLE principal_identity (principal VARCHAR, source_identity VARCHAR)');
  const rows = await builder.query(PRINCIPALS);
  const to = await builder.appender('principal_identity');
  for (const { issuer, subject } of rows) {
    if (typeof issuer !== 'string' || typeof subject !== 'string') continue;
    to.add([`${issuer}|${subject}`, sourceIdentity(issuer, subject)]);
  }
  to.close();
};

const loadGateway = async (builder: Builder, options: BuildOptions): Promise<LoadedRecords> => {
  const loaded = await loadRecords(builder, options.records, options.settings.servers, options.rescan);
  const callTimeout = options.settings.gateway.callTimeout;
  for (const sql of [...DERIVE_CALLS, ...DERIVE_PEER_CALLS]) await builder.run(sql, { callTimeout });
  await loadIdentities(builder);
  for (const sql of [...DERIVE_REST, ...DERIVE_PEER_SESSIONS]) await builder.run(sql);
  await builder.run('DROP TABLE principal_identity');
  await builder.run(GOVERNED_ROLES);
  const checks = await builder.appender('ledger_check');
  for (const { origin, ok, code, message } of options.ledgerCheck ?? []) checks.add([origin, ok, code, message]);
  checks.close();
  await assertUnique(builder);
  return loaded;
};

/** `sha256sum` lines of the inputs, hashed. */
const hashOfFiles = (files: readonly FileRow[]): string =>
  sha256(files.map((file) => `${file.sha256}  ${file.key}\n`).join(''));

const appendDatasets = async (
  builder: Builder,
  options: BuildOptions,
  records: LoadedRecords,
  files: readonly FileRow[],
): Promise<void> => {
  const to = await builder.appender('dataset');
  const { origin } = options.settings.ledger;
  to.add(['Gateway records', 'ledger', origin, records.count, records.count, 0, 0, 0, records.sha256]);
  const logs = files.filter((file) => ['log', 'insight', 'network'].includes(file.kind));
  const sum = (of: (file: FileRow) => number): number => logs.reduce((total, file) => total + of(file), 0);
  const read = [sum((f) => f.rowsRead), sum((f) => f.out), sum((f) => f.rejected), sum((f) => f.duplicate)];
  const excluded = sum((f) => f.excluded);
  to.add(['CloudTrail events', 'CloudTrail log files', `${logs.length} files`, ...read, excluded, hashOfFiles(logs)]);
  const digests = files.filter((file) => file.kind === 'digest');
  const bad = digests.filter((file) => file.reason !== null).length;
  const good = digests.length - bad;
  const locator = `${digests.length} files`;
  to.add([
    'CloudTrail digests',
    'CloudTrail digest files',
    locator,
    digests.length,
    good,
    bad,
    0,
    0,
    hashOfFiles(digests),
  ]);
  const { provenance } = options.settings;
  const { length: parts } = provenance.files;
  to.add([
    'Configuration',
    'countersign.yaml',
    provenance.files[0]?.path ?? '',
    parts,
    parts,
    0,
    0,
    0,
    provenance.digest,
  ]);
  to.close();
};

const fill = async (builder: Builder, stage: string, options: BuildOptions): Promise<Omit<BuiltWarehouse, 'file'>> => {
  const step = (name: BuildStep): void => options.onStep?.(name, STEPS.indexOf(name), STEPS.length);
  for (const { sql } of TABLES) await builder.run(sql);
  step('records');
  await loadScope(builder, options.settings);
  await loadRegisters(builder, options.dataDir);
  await loadIdentity(builder, options.dataDir);
  await loadPeers(builder, options.peers ?? [], options.settings.servers);
  const records = await loadGateway(builder, options);
  step('cloudtrail');
  const { period } = options;
  const window = period && { from: period.from - DAY, to: period.to + DAY };
  const trail: LoadedTrail = await loadTrail(builder, stage, await openRawEvidence(options.dataDir), window);
  step('correlation');
  await loadDataEvents(builder);
  for (const sql of CORRELATE) await builder.run(sql);
  const clocks = await clockFindings(builder);
  await appendFindings(builder, clocks);
  await appendDatasets(builder, options, records, trail.files);
  step('publish');
  await builder.run('CHECKPOINT');
  const [counts] = await builder.query(
    'SELECT (SELECT count(*) FROM ct_event) AS events, (SELECT count(*) FROM ct_conflict) AS conflicts',
  );
  const { events, conflicts } = { events: Number(counts?.['events']), conflicts: Number(counts?.['conflicts']) };
  return {
    records: records.count,
    events,
    conflicts,
    files: trail.files,
    trail: trail.check,
    findings: [...trail.findings, ...clocks],
  };
};

const fillAndClose = async (
  builder: Builder,
  stage: string,
  options: BuildOptions,
): Promise<Omit<BuiltWarehouse, 'file'>> => {
  try {
    return await fill(builder, stage, options);
  } finally {
    await builder.close();
  }
};

/** Durable under its name, or not there. */
const publish = async (built: string, file: string, dataDir: string): Promise<void> => {
  const handle = await open(built, 'r+');
  await handle.chmod(0o600);
  await handle.sync();
  await handle.close();
  await rename(built, file);
  await realFiles.syncFolder(dataDir);
};

/** A build that was killed leaves its folder, which may be large. */
const STAGES = /^\.warehouse-(\d{1,10})-/;

/**
 * Builds `<dataDir>/warehouse.duckdb` aside and renames it: readers see the old one or the new one.
 * What it holds follows from the records, the raw evidence, the registers and the settings alone.
 * @throws CountersignError RAW_INDEX, RAW_CHANGED, WAREHOUSE_NOT_UNIQUE, COUNTS_DIFFER, WAREHOUSE_FAILED
 */
export const buildWarehouse = async (options: BuildOptions): Promise<BuiltWarehouse> => {
  const dataDir = resolve(options.dataDir);
  await makeFolder(dataDir);
  await removeAbandoned(dataDir, STAGES);
  const stage = await mkdtemp(join(dataDir, `.warehouse-${process.pid}-`));
  try {
    const built = join(stage, 'warehouse.duckdb');
    const builder = await openBuilder(built, stage);
    const filled = await fillAndClose(builder, stage, options);
    await publish(built, warehouseFile(dataDir), dataDir);
    return { file: warehouseFile(dataDir), ...filled };
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('WAREHOUSE_FAILED', { problem: problemOf(error) }, { cause: error });
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
};
