/** From the results of a period to its package, and what is told of it. */
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { EXIT, type ExitCode, worstExit } from '../../base/errors.js';
import type { NoteSigner } from '../../base/note.js';
import { populationQuery } from '../../controls/run.js';
import type { LoadedWaivers } from '../../controls/waivers.js';
import { ledgerFolder } from '../../ledger/format.js';
import type { Manifest, TestResult, Verification } from '../../model/evidence.js';
import type { Settings } from '../../model/settings.js';
import type { Answers } from '../../report/answers.js';
import { type AccessOutcome, buildPackage, type PackageInput } from '../../report/package.js';
import { identitySnapshots } from '../../warehouse/load-identity.js';
import { registerSnapshots } from '../../warehouse/load-registers.js';
import { openRawEvidence } from '../../warehouse/raw.js';
import type { ControlSet } from './control-set.js';
import { type ReportJob, recordAccess } from './ledger.js';
import type { Performed } from './perform.js';

export interface ReportSummary {
  /** Folder of the package. */
  readonly dir: string;
  readonly pdf: string;
  /** The same report as a page for the browser. */
  readonly page: string;
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

/** A period that was tested, and everything else that its package is made from. */
export interface Prepared extends Performed {
  readonly set: ControlSet;
  readonly waived: LoadedWaivers;
  readonly signer: NoteSigner;
  /** Where packages go. */
  readonly outDir: string;
  /** When the report was asked for, and as of when its standing is judged; milliseconds since 1970. */
  readonly started: number;
  readonly asOf: number;
  /** Whose ledger records that the report was made. */
  readonly recorder: Settings;
  readonly answers?: Answers;
}

const packageInput = async (
  ask: ReportJob,
  prepared: Prepared,
): Promise<Omit<PackageInput, 'recordAccess' | 'run'>> => {
  const { settings, period } = ask;
  const { set, waived, ledger, results, incomplete, signer, warehouse, outDir, asOf, answers } = prepared;
  const { dataDir } = settings.gateway;
  const { head, dir, verification } = ledger;
  return {
    settings,
    period,
    results,
    reader: warehouse,
    ledgers: head === null ? [] : [{ head, dir, folder: ledgerFolder(head.origin) }],
    raw: {
      dir: join(dataDir, 'raw'),
      objects: (await openRawEvidence(dataDir)).objects,
      leftOut: ask.withoutRaw === true,
    },
    snapshots: {
      dir: join(dataDir, 'snapshots'),
      registers: await registerSnapshots(dataDir),
      identities: await identitySnapshots(dataDir),
    },
    verification,
    criteria: { lines: set.criteria, text: set.criteriaText },
    definitions: set.controls.flatMap(({ files }) => files),
    waivers: { lines: waived.waivers, files: waived.files },
    ...(answers && { answers }),
    populationSql: populationQuery,
    incomplete,
    version: ask.version,
    outDir,
    reportKey: signer,
    now: asOf,
    onStep: (step) => ask.onProgress?.(step, 0, 1),
  };
};

/** Writes the package and has it recorded. */
export const makePackage = async (ask: ReportJob, prepared: Prepared): Promise<ReportSummary> => {
  const { started, recorder, results, incomplete, ledger } = prepared;
  const by = userInfo().username;
  let access: AccessOutcome = { recorded: false, reason: null };
  const { dir, manifest, manifestHash } = await buildPackage({
    ...(await packageInput(ask, prepared)),
    run: { by, host: hostname(), started },
    recordAccess: async (hash) => {
      access = await recordAccess({ ...ask, settings: recorder }, hash, by);
      return access;
    },
  });
  const { report: id, status, evidenceRoot } = manifest;
  return {
    dir,
    pdf: join(dir, 'report.pdf'),
    page: join(dir, 'report.html'),
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
