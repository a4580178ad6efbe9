import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { table } from '../cli/print.js';
import { timelineLines } from '../cli/timeline.js';
import { loadSettings, printable, type Timeline as TimelineAnswer, timeline } from '../index.js';

type Entry = TimelineAnswer['entries'][number];

export default class Timeline extends BaseCommand {
  static override summary = 'Tell the story of one session, call, approval or CloudTrail event.';
  static override description =
    'Finds what belongs to an item in the ledger and in CloudTrail and prints it in the order of time. CloudTrail ' +
    'has whole seconds, so an event can stand before what caused it. It is as of the last collection or report.';
  static override examples = [
    '<%= config.bin %> timeline 01KB3ZK5M8Q2T7W9Y1A3C5E7G9',
    '<%= config.bin %> timeline 0a1b2c3d-1234-5678-9abc-def012345678 --json',
  ];
  static override args = {
    id: Args.string({ description: 'id of a session, a call, an approval or an event', required: true }),
  };
  static override flags = {
    config: configFlag,
    limit: Flags.integer({ summary: 'most entries', default: 1_000, min: 1, max: 100_000 }),
  };

  async run(): Promise<TimelineAnswer> {
    const { args, flags } = await this.parse(Timeline);
    const answer = await timeline({ settings: await loadSettings(flags.config), id: args.id, limit: flags.limit });
    if (this.out.interactive) for (const line of timelineLines(this.out, answer, args.id)) this.log(line);
    else this.rows(answer, args.id);
    if (answer.more) this.logToStderr(`there are more than ${flags.limit} entries; raise --limit`);
    return answer;
  }

  /** One line for each entry, whole: for pipes. */
  private rows(answer: TimelineAnswer, id: string): void {
    const columns = [
      { head: 'time (UTC)', cell: ({ t }: Entry) => t.replace('T', ' ').replace('Z', '') },
      { head: 'source', cell: ({ source }: Entry) => source },
      { head: 'what', cell: ({ what }: Entry) => printable(what) },
      { head: 'id', cell: ({ ref }: Entry) => printable(ref) },
      { head: `${answer.kind} ${printable(id)}`, cell: ({ detail }: Entry) => printable(detail) },
    ];
    for (const line of table(this.out, columns, answer.entries)) this.log(line);
  }
}
