import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { table } from '../../cli/print.js';
import { progress } from '../../cli/progress.js';
import { type CollectSummary, CountersignError, collectCloudTrail, loadSettings } from '../../index.js';

interface Line {
  readonly what: string;
  readonly count: number;
  readonly note: string;
}

const MAX_NAMED = 50;

/** Start of a day, milliseconds since 1970, UTC. */
const dayOf = (text: string): number | undefined => {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
};

const lines = (summary: CollectSummary): readonly Line[] => {
  const { digests, logs, matches } = summary;
  const signed = `${digests.valid} with a valid signature, ${digests.unsigned} unsigned, ${digests.noKey} without a key`;
  const all = digests.valid + digests.unsigned + digests.noKey + digests.invalid;
  return [
    { what: 'files', count: summary.files, note: `${summary.problems.length} not taken whole` },
    {
      what: 'events',
      count: summary.events,
      note: summary.conflicts > 0 ? `${summary.conflicts} differ between files` : '',
    },
    { what: 'duplicates', count: summary.duplicates, note: 'same id and account, kept once' },
    { what: 'rejected', count: summary.rejected, note: 'records that are no events' },
    { what: 'digests', count: all, note: all === 0 ? 'without them nothing shows that logs are unchanged' : signed },
    { what: 'logs as digested', count: logs.valid, note: `${logs.missing} missing, ${logs.uncovered} in no digest` },
    ...(logs.lookedUp > 0
      ? [
          {
            what: 'lookups',
            count: logs.lookedUp,
            note: 'windows of LookupEvents: unverified, no proof of completeness',
          },
        ]
      : []),
    ...Object.entries(matches).map(([what, count]) => ({
      what: what.toLowerCase().replaceAll('_', ' '),
      count,
      note: '',
    })),
  ];
};

export default class CollectCloudTrail extends BaseCommand {
  static override summary = 'Collect CloudTrail files and join them with the recorded calls.';
  static override description =
    'Reads log files, digests and public keys from the trail buckets and folders of the configuration, or below a ' +
    'folder, and looks up the events of accounts without a trail; keeps all as delivered, checks logs against digests, and rebuilds the warehouse. A file that cannot be taken is named and ' +
    'skipped (exit 11); a log that is not what its digest says is exit 12.';
  static override examples = [
    '<%= config.bin %> collect cloudtrail --from-dir ./trail-bucket',
    '<%= config.bin %> collect cloudtrail -c countersign.yaml --json',
  ];
  static override flags = {
    config: configFlag,
    'from-dir': Flags.string({
      summary: 'the folder to read (default: the folders and buckets under collect.cloudtrail)',
      helpValue: 'DIR',
    }),
    lookup: Flags.boolean({
      summary: 'only ask LookupEvents of the accounts under collect.cloudtrail[].lookup (unverified, 90 days at most)',
      exclusive: ['from-dir'],
    }),
    since: Flags.string({
      summary: 'list buckets again from this day on (default: a month before what was collected last)',
      helpValue: 'YYYY-MM-DD',
      parse: (text) => {
        if (dayOf(text) === undefined)
          throw new CountersignError('USAGE', { problem: `--since ${text}: write YYYY-MM-DD` });
        return Promise.resolve(text);
      },
    }),
  };

  async run(): Promise<CollectSummary> {
    const { flags } = await this.parse(CollectCloudTrail);
    const settings = await loadSettings(flags.config);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const from = flags['from-dir'];
    const since = flags.since === undefined ? undefined : dayOf(flags.since);
    const summary = await collectCloudTrail({
      settings,
      ...(from !== undefined && { from }),
      ...(since !== undefined && { since }),
      ...(flags.lookup && { lookup: true }),
      onProgress: bar.update,
    }).finally(bar.stop);
    this.name('red', 'changed', summary.integrity);
    this.name('yellow', 'not taken', summary.problems);
    this.name('yellow', 'incomplete', summary.missing);
    const columns = [
      { head: 'CloudTrail', cell: ({ what }: Line) => what },
      { head: 'count', cell: ({ count }: Line) => String(count), align: 'right' as const },
      { head: '', cell: ({ note }: Line) => note },
    ];
    for (const line of table(this.out, columns, lines(summary))) this.log(line);
    this.finish(summary.exit);
    return summary;
  }

  private name(style: 'red' | 'yellow', word: string, problems: CollectSummary['problems']): void {
    for (const { file, reason } of problems.slice(0, MAX_NAMED)) {
      this.logToStderr(`${this.err.paint(style, word)}  ${file}: ${reason}`);
    }
    if (problems.length > MAX_NAMED) this.logToStderr(`and ${problems.length - MAX_NAMED} more; --json names all`);
  }
}
