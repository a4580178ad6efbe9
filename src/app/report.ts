/** The report of a period: verify, load, test, package. */
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.js';
import { EXIT, type ExitCode, worstExit } from '../base/errors.js';
import { createNoteSigner, type NoteSigner } from '../base/note.js';
import { populationQuery } from '../controls/run.js';
import type { LoadedWaivers } from '../controls/waivers.js';
import { ledgerFolder } from '../ledger/format.js';
import type { Manifest, TestResult, Verification } from '../model/evidence.js';
import type { Settings } from '../model/settings.js';
import { type AccessOutcome, buildPackage, type PackageInput } from '../report/package.js';
import { identitySnapshots } from '../warehouse/load-identity.js';
import { registerSnapshots } from '../warehouse/load-registers.js';
import { openRawEvidence } from '../warehouse/raw.js';
import { refuseKnownKey } from './config.js';
import type { ReportAsk } from './report/ask.js';
import { type ControlSet, controlSet } from './report/control-set.js';
import { type ReportJob, recordAccess, signingKey } from './report/ledger.js';
import { type Performed, perform } from './report/perform.js';
import { assertBegun } from './report/period.js';
import { waiversOf } from './report/waivers.js';

export { controlSet } from './report/control-set.js';
export { parsePeriod, periodBetween } from './report/period.js';

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

interface Prepared extends Performed {
  readonly set: ControlSet;
  readonly waived: LoadedWaivers;
  readonly signer: NoteSigner;
}

const packageInput = async (
  ask: ReportJob,
  prepared: Prepared,
): Promise<Omit<PackageInput, 'recordAccess' | 'run'>> => {
  const { settings, period, clock } = ask;
  const { set, waived, ledger, results, incomplete, signer, warehouse } = prepared;
  const { dataDir } = settings.gateway;
  const { head, dir, verification } = ledger;
  return {
    settings,
    period,
    results,
    reader: warehouse,
    ledgers: head === null ? [] : [{ head, dir, folder: ledgerFolder(head.origin) }],
    raw: { dir: join(dataDir, 'raw'), objects: (await openRawEvidence(dataDir)).objects },
    snapshots: {
      dir: join(dataDir, 'snapshots'),
      registers: await registerSnapshots(dataDir),
      identities: await identitySnapshots(dataDir),
    },
    verification,
    criteria: { lines: set.criteria, text: set.criteriaText },
    definitions: set.controls.flatMap(({ files }) => files),
    waivers: { lines: waived.waivers, files: waived.files },
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
 * @throws CountersignError PERIOD_INVALID, CONTROL_INVALID, CONTROL_DUPLICATE, WAIVER_INVALID, KEY_FILE, SECRET_MISSING, and what building throws
 */
export const report = async (asked: ReportAsk): Promise<ReportSummary> => {
  const ask: ReportJob = { clock: systemClock(), environment: process.env, ...asked };
  const { settings, clock } = ask;
  const started = clock.now();
  assertBegun(ask.period, started);
  const set = await controlSet(settings.evidence.controls);
  const signer = await reportSigner(settings, ask.environment);
  const waived = await waiversOf(settings.evidence.waivers, settings, set.controls, ask.period);
  const plan = { controls: set.controls, waivers: waived.waivers };
  return perform({ ...ask, now: started }, plan, (performed) =>
    makePackage(ask, { ...performed, set, waived, signer }, started),
  );
};
