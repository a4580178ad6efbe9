import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { behind } from '../cli/print.js';
import { statusMetrics } from '../cli/status-metrics.js';
import { loadSettings, type Status as StatusAnswer, status } from '../index.js';

type Source = StatusAnswer['calendar'][number];
type DayState = Source['days'][number];

/** Never colour alone. */
const MARKS = {
  full: { glyph: '●', style: 'green' },
  partial: { glyph: '▲', style: 'yellow' },
  none: { glyph: '·', style: 'red' },
} as const;

const DAY = 86_400_000;

/** Runs of days that fit in a line, by month. */
const months = (
  from: string,
  count: number,
): readonly { month: string; start: number; end: number; first: number }[] => {
  const runs: { month: string; start: number; end: number; first: number }[] = [];
  for (let i = 0; i < count; i++) {
    const day = new Date(Date.parse(`${from}T00:00:00Z`) + i * DAY).toISOString();
    const month = day.slice(0, 7);
    const last = runs.at(-1);
    if (last?.month === month) last.end = i + 1;
    else runs.push({ month, start: i, end: i + 1, first: Number(day.slice(8, 10)) });
  }
  return runs;
};

export default class Status extends BaseCommand {
  static override summary = 'Show what was collected so far, day by day, and what a report would miss.';
  static override description =
    'Prints a calendar of each source: the gateway, and the digests of each AWS account and region; then the events ' +
    'by match tier, the files not read, and what a report made now would miss. It is as of the last collection; ' +
    'gaps end with 11.';
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --days 92 --json',
    '<%= config.bin %> status --metrics',
  ];
  static override flags = {
    config: configFlag,
    days: Flags.integer({ summary: 'days up to today, UTC', default: 35, min: 1, max: 1_000 }),
    metrics: Flags.boolean({ summary: 'print it for the textfile collector of Prometheus', exclusive: ['json'] }),
  };

  async run(): Promise<StatusAnswer> {
    const { flags } = await this.parse(Status);
    const answer = await status({ settings: await loadSettings(flags.config), days: flags.days });
    if (flags.metrics) {
      process.stdout.write(statusMetrics(answer, Date.now()));
      return answer;
    }
    this.calendar(answer);
    for (const { kind, tier, count } of answer.matches) {
      this.log(`${String(count).padStart(10)}  ${kind.toLowerCase().replaceAll('_', ' ')} ${tier}`.trimEnd());
    }
    this.log(`${String(answer.unread).padStart(10)}  files not read whole`);
    if (answer.missing.length > 0) this.log(`\n${this.out.paint('bold', 'A report made now would miss')}`);
    for (const sentence of answer.missing) this.sentence(this.out.paint('yellow', '▲'), sentence);
    if (answer.unrecorded.length > 0) this.log(`\n${this.out.paint('bold', 'Not recorded by the trails')}`);
    for (const sentence of answer.unrecorded) this.sentence(this.out.paint('dim', '·'), sentence);
    this.finish(answer.exit);
    return answer;
  }

  private sentence(glyph: string, text: string): void {
    for (const line of behind(this.out, `  ${glyph} `, 4, text)) this.log(line);
  }

  private calendar({ from, calendar }: StatusAnswer): void {
    const width = Math.max(...calendar.map(({ source }) => source.length));
    for (const { month, start, end, first } of months(from, calendar[0]?.days.length ?? 0)) {
      const numbers = Array.from({ length: end - start }, (_, i) => String((first + i) % 10)).join('');
      this.log(this.out.paint('dim', `${(first === 1 ? month : `${month}-${first}`).padEnd(width)}  ${numbers}`));
      for (const { source, days } of calendar) {
        this.log(
          `${source.padEnd(width)}  ${days
            .slice(start, end)
            .map((state) => this.mark(state))
            .join('')}`,
        );
      }
      this.log('');
    }
    this.log(
      this.out.paint('dim', `${MARKS.full.glyph} whole  ${MARKS.partial.glyph} in part  ${MARKS.none.glyph} nothing\n`),
    );
  }

  private mark(state: DayState): string {
    const { glyph, style } = MARKS[state];
    return this.out.paint(style, glyph);
  }
}
