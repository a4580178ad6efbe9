import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { state, table } from '../cli/print.js';
import { progress } from '../cli/progress.js';
import { stopOnSignal } from '../cli/stop.js';
import {
  CountersignError,
  loadSettings,
  type Period,
  parsePeriod,
  periodBetween,
  type ReportSummary,
  report,
  type TestResult,
} from '../index.js';

export default class Report extends BaseCommand {
  static override summary = 'Write the evidence package of a period: PDF, tables, signed manifest.';
  static override description =
    'Verifies the ledger, joins it with what was collected, runs every test of control over its whole population, ' +
    'and writes a folder that an auditor can check alone. Ends with 10 where tests found exceptions, 11 where ' +
    'something could not be tested or is not complete, 12 where the ledger does not verify.';
  static override examples = [
    '<%= config.bin %> report --period 2026-Q3',
    '<%= config.bin %> report --from 2026-11-24T05:00:00Z --to 2026-11-24T07:00:00Z --json',
  ];
  static override flags = {
    config: configFlag,
    period: Flags.string({
      summary: 'the period, in UTC: 2026, 2026-Q3, 2026-11, 2026-11-24, 2026-11-24T05, FY2026 or FY2026-Q3',
      helpValue: 'P',
      exclusive: ['from', 'to'],
    }),
    from: Flags.string({ summary: 'start of the period (RFC 3339)', helpValue: 'TIME', dependsOn: ['to'] }),
    to: Flags.string({ summary: 'end of the period, not included', helpValue: 'TIME', dependsOn: ['from'] }),
    'without-raw': Flags.boolean({
      summary: 'leave the bytes of CloudTrail objects out: their index alone goes into the package',
    }),
  };

  async run(): Promise<ReportSummary> {
    const { flags } = await this.parse(Report);
    const settings = await loadSettings(flags.config);
    const period = periodOf(flags, settings.organization.fiscalYearStart);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const { version } = this.config;
    const asked = { settings, period, version, withoutRaw: flags['without-raw'], onProgress: bar.update };
    const stop = stopOnSignal((text) => this.logToStderr(text));
    const summary = await report({ ...asked, signal: stop.signal }).finally(() => {
      stop.done();
      bar.stop();
    });
    this.print(summary);
    this.finish(summary.exit);
    return summary;
  }

  private print(summary: ReportSummary): void {
    const columns = [
      { head: 'control', cell: ({ control }: TestResult) => control },
      { head: 'population', cell: populationOf, align: 'right' as const },
      { head: 'exceptions', cell: exceptionsOf, align: 'right' as const },
      { head: 'result', cell: ({ result }: TestResult) => state(this.out, result) },
    ];
    for (const line of table(this.out, columns, summary.results)) this.log(line);
    for (const reason of summary.incomplete) this.logToStderr(`${this.err.paint('yellow', 'incomplete')}  ${reason}`);
    this.log(`\n${summary.status} ${summary.report}, evidence root ${summary.evidenceRoot.slice(0, 16)}…`);
    this.log(summary.pdf);
    this.log(summary.page);
  }
}

const periodOf = (
  flags: { period?: string | undefined; from?: string | undefined; to?: string | undefined },
  fiscalYearStart: number | undefined,
): Period => {
  if (flags.period !== undefined) return parsePeriod(flags.period, fiscalYearStart);
  if (flags.from !== undefined && flags.to !== undefined) return periodBetween(flags.from, flags.to);
  throw new CountersignError('USAGE', { problem: 'name the period: --period P, or --from and --to' });
};

const untested = ({ result }: TestResult): boolean => result === 'not_testable' || result === 'error';

const populationOf = (result: TestResult): string => (untested(result) ? '-' : String(result.population));

/** What falls under a waiver is an exception all the same. */
const exceptionsOf = (result: TestResult): string => {
  if (untested(result)) return '-';
  const waived = result.exceptions.filter(({ waiver }) => waiver !== null).length;
  return `${waived === 0 ? '' : `${waived} waived, `}${result.exceptions.length}`;
};
