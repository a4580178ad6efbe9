import { Args, Flags } from '@oclif/core';
import { askAll } from '../../cli/ask.js';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { progress } from '../../cli/progress.js';
import { stopOnSignal } from '../../cli/stop.js';
import {
  CountersignError,
  loadSettings,
  type OpenException,
  openExceptions,
  type ReportSummary,
  readText,
  respond,
  responseFile,
} from '../../index.js';

const DISPOSITIONS = 'fixed, will_fix, risk_accepted, disputed';

/** What is asked of each control that has exceptions; an empty disposition leaves it without an answer. */
const questions = ({ control, title, owner, exceptions }: OpenException, today: string) => [
  { text: `\n${control}  ${title}: ${exceptions}. Disposition (${DISPOSITIONS}; empty: none)?`, fallback: '' },
  { text: 'Response?', fallback: '' },
  { text: 'Cause?', fallback: '' },
  { text: 'Action?', fallback: '' },
  { text: 'Owner?', fallback: owner },
  { text: 'Due (such as 2026-12-31)?', fallback: '' },
  { text: 'Answered by?', fallback: '' },
  { text: 'On?', fallback: today },
];

export default class ReportRespond extends BaseCommand {
  static override summary =
    'Answer the exceptions of a package: cause, action, owner, date; as a new, linked revision.';
  static override description =
    'Takes the responses of management from a CSV file, or asks for them on the terminal, control by control, and ' +
    'issues a further revision of the package. The package that is answered is not changed: the revision holds its ' +
    'signed manifest, and `verify` checks that evidence and results are the same. Columns: exception_id (of ' +
    'exceptions.csv, or a control for all of its own), disposition (fixed, will_fix, risk_accepted, disputed), ' +
    'response, owner, by, responded; and cause, action, due.';
  static override examples = [
    '<%= config.bin %> report respond evidence/2026-Q3 --from responses.csv',
    '<%= config.bin %> report respond evidence/2026-Q3 -c countersign.yaml',
  ];
  static override args = { package: Args.string({ description: 'folder of the package', required: true }) };
  static override flags = {
    config: configFlag,
    from: Flags.string({ summary: 'the responses as CSV; asked on the terminal where absent', helpValue: 'FILE' }),
  };

  async run(): Promise<ReportSummary> {
    const { args, flags } = await this.parse(ReportRespond);
    const settings = await loadSettings(flags.config);
    const source = flags.from ?? 'the terminal';
    const responses = flags.from === undefined ? await this.ask(args.package) : await readText(flags.from);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const { version } = this.config;
    const asked = { settings, dir: args.package, responses, source, version };
    const stop = stopOnSignal((text) => this.logToStderr(text));
    const summary = await respond({ ...asked, signal: stop.signal, onProgress: bar.update }).finally(() => {
      stop.done();
      bar.stop();
    });
    this.log(`${summary.status} ${summary.report}, evidence root ${summary.evidenceRoot.slice(0, 16)}…`);
    this.log(summary.pdf);
    this.log(summary.page);
    return summary;
  }

  private async ask(dir: string): Promise<Buffer> {
    if (!process.stdin.isTTY || this.jsonEnabled())
      throw new CountersignError('USAGE', { problem: 'name the responses: --from FILE' });
    const today = new Date().toISOString().slice(0, 10);
    const open = await openExceptions(dir);
    const asked = open.flatMap((one) => questions(one, today));
    const answers = await askAll(asked, process.stdin, process.stderr);
    const rows = open.map(({ control }, i) => {
      const own = answers.slice(i * (asked.length / open.length));
      const [disposition = '', response = '', cause = '', action = '', owner = '', due = '', by = '', on = ''] = own;
      return [control, disposition, response, owner, by, on, cause, action, due];
    });
    return responseFile(rows.filter(([, disposition]) => disposition !== ''));
  }
}
