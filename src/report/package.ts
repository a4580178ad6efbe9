import { join } from 'node:path';
import { removeAbandoned } from '../base/abandoned.js';
import { canonical } from '../base/canonical.js';
import { timestamp } from '../base/clock.js';
import { sha256 } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import { type NoteSigner, signNote } from '../base/note.js';
import { manifestText, sealRun } from '../base/seal.js';
import type { Manifest, Period, RawObject, TestResult, Verification, Waiver } from '../model/evidence.js';
import { type Answers, writeAnswers } from './answers.js';
import type { CriterionLine, ReportContent } from './content.js';
import { gatherCoverage } from './gather-coverage.js';
import { gatherDistributions } from './gather-distributions.js';
import { gatherReconciliations } from './gather-reconcile.js';
import { gatherDatasets, gatherScope, gatherTotals } from './gather-scope.js';
import { reportPage } from './html/page.js';
import { jsonOf } from './json.js';
import { contentTables, evidenceIndex } from './lists.js';
import { writePdf } from './pdf/document.js';
import { readmeText } from './readme.js';
import { chooseRevision, nextRevision, publish, type Revision } from './revision.js';
import { numberOf, only, type Reader } from './rows.js';
import { copySources, type Sources } from './sources.js';
import { evidenceRoot, openStaging, type Staging } from './staging.js';
import { draftReasons, notesOf } from './standing.js';
import { supplementTable, supplementTo } from './supplement.js';
import { POPULATION_COLUMNS, QUERY_TABLES, writeQuery } from './tables.js';
import { plural } from './words.js';

/** Who made the report, and how; stands in run.json alone. */
export interface RunFacts {
  readonly by: string;
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly started: number;
}

/** What became of the record that this report was made. */
export interface AccessOutcome {
  readonly recorded: boolean;
  readonly reason: string | null;
}

export interface PackageInput extends Sources {
  readonly period: Period;
  readonly results: readonly TestResult[];
  readonly reader: Reader;
  readonly verification: Verification;
  readonly criteria: { readonly lines: readonly CriterionLine[]; readonly text: string };
  /** Files of the controls, below `controls/`. */
  readonly definitions: readonly { readonly path: string; readonly text: string }[];
  /** Those that bear on the period, and their files, below `waivers/`. */
  readonly waivers: {
    readonly lines: readonly Waiver[];
    readonly files: readonly { readonly path: string; readonly text: string }[];
  };
  /** Of a revision that answers an earlier package; absent in a report of its own. */
  readonly answers?: Answers;
  /** The statement that lists a population, from a control's own. */
  readonly populationSql: (sql: string) => string;
  /** Why sources are not complete, in sentences; empty where they are. */
  readonly incomplete: readonly string[];
  readonly version: string;
  readonly outDir: string;
  readonly reportKey: NoteSigner;
  /** Milliseconds since 1970; decides between DRAFT and FINAL, and stands in run.json. */
  readonly now: number;
  readonly run: RunFacts;
  /** Records that the report was made, once the manifest's hash is known. */
  readonly recordAccess: (manifestHash: string) => Promise<AccessOutcome>;
  readonly onStep?: (step: string) => void;
}

export interface BuiltPackage {
  readonly dir: string;
  readonly manifest: Manifest;
  readonly manifestHash: string;
}

const SIGNATURES = `SELECT count(*) FILTER (signature = 'valid') AS valid, count(*) FILTER (signature = 'invalid') AS invalid,
  count(*) FILTER (signature IN ('unsigned', 'no_key')) AS open FROM ct_digest`;

const signatureWords = async (reader: Reader): Promise<string> => {
  const row = await only(reader, SIGNATURES);
  const valid = numberOf(row.valid);
  const open = numberOf(row.open);
  if (valid + open + numberOf(row.invalid) === 0)
    return 'Without digests, nothing shows that the log files are complete.';
  const rest = open > 0 ? ` ${open} could not be checked, for want of a signature or key.` : '';
  return `${plural(valid, 'digest')} ${valid === 1 ? 'bears' : 'bear'} a signature that fits a key in this package.${rest} Whether those keys are AWS’s own is for the auditor’s trust file to say.`;
};

const gather = async (input: PackageInput, { revision, before }: Revision): Promise<ReportContent> => {
  const { settings, period, reader } = input;
  const reasons = draftReasons(input);
  const ledgers = input.ledgers.map(({ head }) => head);
  const status = reasons.length === 0 ? 'FINAL' : 'DRAFT';
  const supplement = before === null ? null : await supplementTo(before, input.results, input.raw.objects);
  const count = (kind: RawObject['kind']): number => input.raw.objects.filter((object) => object.kind === kind).length;
  return {
    organization: settings.organization.name,
    accent: settings.organization.accent,
    report: `CS-${period.label}-${String(revision).padStart(2, '0')}`,
    revision,
    status,
    draftReasons: reasons,
    notes: notesOf(input, status, supplement),
    supplement,
    demo: settings.demo,
    version: input.version,
    period,
    results: input.results,
    criteria: input.criteria.lines,
    responses: input.answers?.responses ?? [],
    waivers: input.waivers.lines,
    scope: await gatherScope(reader, period),
    totals: await gatherTotals(reader, period),
    coverage: await gatherCoverage(reader, period),
    distributions: await gatherDistributions(reader, period),
    reconciliations: await gatherReconciliations(reader, period, ledgers),
    datasets: await gatherDatasets(reader),
    ledgers,
    cloudtrail: {
      logs: count('cloudtrail-log'),
      digests: count('cloudtrail-digest'),
      signatures: await signatureWords(reader),
      leftOut: input.raw.leftOut,
    },
    verification: input.verification,
    reportKey: input.reportKey.key,
  };
};

const tested = ({ result }: TestResult): boolean => result !== 'not_testable' && result !== 'error';

const writePopulations = async (staging: Staging, input: PackageInput): Promise<void> => {
  for (const result of input.results.filter(tested)) {
    input.onStep?.('tables');
    const file = `population_${result.control}.csv`;
    const sql = input.populationSql(result.sql.population);
    const rows = await writeQuery(staging, input.reader, { file, columns: POPULATION_COLUMNS, sql }, input.period);
    if (rows !== result.population) {
      throw new CountersignError('COUNTS_DIFFER', {
        what: file,
        problem: `${result.population} tested, ${rows} written`,
      });
    }
  }
};

const writeEvidence = async (staging: Staging, input: PackageInput, content: ReportContent): Promise<void> => {
  for (const { control, sql } of input.results) {
    await staging.write(`sql/${control}.population.sql`, sql.population);
    await staging.write(`sql/${control}.exceptions.sql`, sql.exceptions);
  }
  for (const table of QUERY_TABLES) {
    input.onStep?.('tables');
    await staging.write(`sql/csv.${table.file.replace('.csv', '.sql')}`, `${table.sql}\n`);
    await writeQuery(staging, input.reader, table, input.period);
  }
  await writePopulations(staging, input);
  for (const [file, text] of Object.entries(contentTables(content))) await staging.write(`csv/${file}`, text);
  if (content.supplement) await staging.write('csv/supplement.csv', supplementTable(content.supplement));
  await staging.write('csv/evidence_index.csv', evidenceIndex(content, staging));
  await staging.write('controls/criteria.yaml', input.criteria.text);
  for (const { path, text } of input.definitions) await staging.write(`controls/${path}`, text);
  for (const { path, text } of input.waivers.files) await staging.write(`waivers/${path}`, text);
  if (input.answers) await writeAnswers(staging, input.answers);
  const { results, responses, waivers, report, status } = content;
  const { label, from, to } = content.period;
  const period = { label, from: timestamp(from), to: timestamp(to) };
  await staging.write(
    'results.json',
    `${canonical(jsonOf({ v: 1, report, status, period, results, responses, waivers }))}\n`,
  );
};

const manifestOf = (content: ReportContent, staging: Staging, root: string, answers?: Answers): Manifest => ({
  v: 1,
  kind: 'countersign-evidence',
  report: content.report,
  organization: content.organization,
  period: {
    label: content.period.label,
    from: timestamp(content.period.from),
    to: timestamp(content.period.to),
  },
  status: content.status,
  demo: content.demo,
  tool: { name: 'countersign', version: content.version },
  evidenceRoot: root,
  ledgers: content.ledgers,
  cloudtrail: {
    logs: content.cloudtrail.logs,
    digests: content.cloudtrail.digests,
    ...(content.cloudtrail.leftOut && { leftOut: true as const }),
  },
  ...(content.supplement && {
    revises: { report: content.supplement.report, manifest: content.supplement.manifest },
  }),
  ...(answers && { revises: { report: answers.to.report, manifest: sha256(answers.to.manifest) } }),
  files: staging.files(),
});

const seal = async (staging: Staging, input: PackageInput, manifest: Manifest): Promise<string> => {
  const text = `${canonical(jsonOf(manifest))}\n`;
  const hash = sha256(text);
  await staging.write('manifest.json', text);
  await staging.write('manifest.sig', signNote(manifestText(hash), [input.reportKey]));
  const access = await input.recordAccess(hash);
  const { by, host, started } = input.run;
  const run = {
    v: 1,
    manifest: hash,
    report: manifest.report,
    by,
    host,
    node: process.version,
    started: timestamp(started),
    now: timestamp(input.now),
    access: { recorded: access.recorded, reason: access.reason },
  };
  await staging.write('run.json', sealRun(run, [input.reportKey]));
  return hash;
};

const fill = async (staging: Staging, input: PackageInput, revision: Revision): Promise<Omit<BuiltPackage, 'dir'>> => {
  const step = (name: string) => input.onStep?.(name);
  step('figures');
  const content = await gather(input, revision);
  step('tables');
  await writeEvidence(staging, input, content);
  step('sources');
  await copySources(staging, input);
  await staging.write('README.txt', readmeText(content));
  const root = evidenceRoot(staging.files());
  step('pdf');
  await writePdf(join(staging.dir, 'report.pdf'), content, root);
  await staging.adopt('report.pdf');
  await staging.write('report.html', reportPage(content, root));
  const manifest = manifestOf(content, staging, root, input.answers);
  step('seal');
  return { manifest, manifestHash: await seal(staging, input, manifest) };
};

/** What a process that was killed had written of a package, and a draft that it was about to replace. */
const UNFINISHED = /^\..+\.(\d{1,10})\.[A-Za-z0-9]{6}(?:\.old)?$/;

/**
 * Writes the evidence package of a period aside and gives it its name when it is whole. A draft of the same
 * period is replaced; a final report never is: the next one is a further revision, which names the one before and
 * lists what differs.
 * The same inputs and version give the same bytes, but for run.json.
 * @throws CountersignError EVIDENCE_CHANGED, COUNTS_DIFFER, PACKAGE_UNSOUND, and what the warehouse throws; nothing is left behind
 */
export const buildPackage = async (input: PackageInput): Promise<BuiltPackage> => {
  const choose = input.answers ? nextRevision : chooseRevision;
  const revision = await choose(input.outDir, input.period.label);
  const { dir } = revision;
  await removeAbandoned(input.outDir, UNFINISHED);
  const staging = await openStaging(join(input.outDir, `.${input.period.label}.${process.pid}.`));
  try {
    const built = await fill(staging, input, revision);
    await publish(staging.dir, dir);
    return { dir, ...built };
  } catch (error) {
    await staging.discard();
    throw error;
  }
};
