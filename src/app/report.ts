/** The report of a period: verify, load, test, package. */
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.js';
import { makeFolder, realFiles } from '../base/durable.js';
import { type CountersignError, EXIT, type ExitCode, worstExit } from '../base/errors.js';
import { createNoteSigner, type NoteSigner } from '../base/note.js';
import { populationQuery, runControls } from '../controls/run.js';
import { ledgerFolder } from '../ledger/format.js';
import { rescan } from '../masking/rescan.js';
import type { Manifest, Period, TestResult, Verification } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { type AccessOutcome, buildPackage, type PackageInput } from '../report/package.js';
import { buildWarehouse } from '../warehouse/build.js';
import { openWarehouse, type Warehouse } from '../warehouse/open.js';
import { openRawEvidence } from '../warehouse/raw.js';
import { refuseKnownKey } from './config.js';
import { type ControlSet, controlSet } from './report/control-set.js';
import {
  type CheckedLedger,
  checkLedger,
  ledgerRows,
  type ReportJob,
  recordAccess,
  signingKey,
} from './report/ledger.js';
import { undamaged } from './report/snapshot.js';
import { sourceFacts } from './report/sources.js';

export { controlSet } from './report/control-set.js';
export { parsePeriod, periodBetween } from './report/period.js';

export interface ReportAsk {
  readonly settings: Settings;
  readonly period: Period;
  /** Of this program; stands in the package. */
  readonly version: string;
  /** The machine's, where absent. */
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

export interface ReportSummary {
  /** Folder of the package. */
  readonly dir: string;
  readonly pdf: string;
  readonly report: string;
  readonly status: Manifest['status'];
  readonly evidenceRoot: string;
  readonly manifest: string;
  readonly results: readonly TestResult[];
  /** Why sources are not complete, in sentences. */
  readonly incomplete: readonly string[];
  readonly verification: Verification;
  readonly access: AccessOutcome;
  readonly exit: ExitCode;
}

/** Signs packages; its `key` is what an auditor's trust file names under `reports`. */
export const reportSigner = async (settings: Settings, environment: NodeJS.ProcessEnv): Promise<NoteSigner> => {
  const key = await signingKey(settings.evidence.key, environment);
  refuseKnownKey(settings, 'evidence.key', key);
  return createNoteSigner(`${settings.ledger.origin}/report`, key);
};

async function* nothing(): AsyncGenerator<never> {}

const load = async (ask: ReportJob, ledger: CheckedLedger, damage: string[]): Promise<Warehouse> => {
  const { settings, period } = ask;
  const onDamage = (error: CountersignError): void => {
    damage.push(`Records after the damage are not loaded: ${error.message}.`);
  };
  const there = (await realFiles.facts(ledger.dir)) !== undefined;
  const built = await buildWarehouse({
    dataDir: settings.gateway.dataDir,
    records: there ? undamaged(ledger.dir, onDamage) : nothing(),
    settings,
    period,
    rescan,
    ledgerCheck: ledgerRows(settings.ledger.origin, ledger),
    onStep: (step, done, total) => ask.onProgress?.(step, done, total),
  });
  return openWarehouse(built.file, { readOnly: true });
};

const exitOf = (
  results: readonly TestResult[],
  incomplete: readonly string[],
  verification: Verification,
): ExitCode => {
  const has = (...words: readonly TestResult['result'][]): boolean =>
    results.some(({ result }) => words.includes(result));
  return worstExit([
    verification.findings.some(({ severity }) => severity === 'integrity') ? EXIT.integrity : EXIT.ok,
    has('not_testable', 'error') || incomplete.length > 0 ? EXIT.incomplete : EXIT.ok,
    has('exceptions') ? EXIT.exceptions : EXIT.ok,
  ]);
};

interface Prepared {
  readonly set: ControlSet;
  readonly signer: NoteSigner;
  readonly ledger: CheckedLedger;
  readonly warehouse: Warehouse;
  readonly results: readonly TestResult[];
  readonly incomplete: readonly string[];
}

const test = async (
  ask: ReportJob,
  parts: Omit<Prepared, 'results' | 'incomplete'>,
  damage: readonly string[],
): Promise<Prepared> => {
  const { settings, period } = ask;
  const { warehouse, ledger, set } = parts;
  const facts = await sourceFacts(warehouse, settings, period, ledger.verification);
  const results = await runControls(set.controls, (sql, parameters) => warehouse.query(sql, parameters), {
    period,
    sources: facts.sources,
    onControl: (_id, done, total) => ask.onProgress?.('tests', done, total),
  });
  return { ...parts, results, incomplete: [...damage, ...facts.incomplete] };
};

const packageInput = async (
  ask: ReportJob,
  prepared: Prepared,
): Promise<Omit<PackageInput, 'recordAccess' | 'run'>> => {
  const { settings, period, clock } = ask;
  const { set, ledger, results, incomplete, signer, warehouse } = prepared;
  const { dataDir } = settings.gateway;
  const { head, dir, verification } = ledger;
  return {
    settings,
    period,
    results,
    reader: warehouse,
    ledgers: head === null ? [] : [{ head, dir, folder: ledgerFolder(head.origin) }],
    raw: { dir: join(dataDir, 'raw'), objects: (await openRawEvidence(dataDir)).objects },
    verification,
    criteria: { lines: set.criteria, text: set.criteriaText },
    definitions: set.controls.flatMap(({ files }) => files),
    populationSql: populationQuery,
    incomplete,
    version: ask.version,
    outDir: settings.evidence.outDir,
    reportKey: signer,
    now: clock.now(),
    onStep: (step) => ask.onProgress?.(step, 0, 1),
  };
};

const makePackage = async (ask: ReportJob, prepared: Prepared, started: number): Promise<ReportSummary> => {
  const by = userInfo().username;
  let access: AccessOutcome = { recorded: false, reason: null };
  const { dir, manifest, manifestHash } = await buildPackage({
    ...(await packageInput(ask, prepared)),
    run: { by, host: hostname(), started },
    recordAccess: async (hash) => {
      access = await recordAccess(ask, hash, by);
      return access;
    },
  });
  const { results, incomplete, ledger } = prepared;
  const { report: id, status, evidenceRoot } = manifest;
  return {
    dir,
    pdf: join(dir, 'report.pdf'),
    report: id,
    status,
    evidenceRoot,
    manifest: manifestHash,
    results,
    incomplete,
    verification: ledger.verification,
    access,
    exit: exitOf(results, incomplete, ledger.verification),
  };
};

/**
 * Makes the evidence package of a period from the ledger and from all that was collected.
 * The exit is 12 where the ledger does not verify, 11 where something could not be tested or is not complete,
 * 10 where tests found exceptions.
 * @throws CountersignError CONTROL_INVALID, CONTROL_DUPLICATE, KEY_FILE, SECRET_MISSING, and what building throws
 */
export const report = async (asked: ReportAsk): Promise<ReportSummary> => {
  const ask: ReportJob = { clock: systemClock(), environment: process.env, ...asked };
  const { settings, clock } = ask;
  const started = clock.now();
  const set = await controlSet(settings.evidence.controls);
  const signer = await reportSigner(settings, ask.environment);
  await makeFolder(settings.gateway.dataDir);
  const scratch = await mkdtemp(join(settings.gateway.dataDir, '.report-'));
  try {
    const ledger = await checkLedger(ask, scratch);
    const damage: string[] = [];
    const warehouse = await load(ask, ledger, damage);
    try {
      return await makePackage(ask, await test(ask, { set, signer, ledger, warehouse }, damage), started);
    } finally {
      await warehouse.close();
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};
