import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { table } from '../cli/print.js';
import { askWarehouse, loadSettings, printable, type SqlAnswer } from '../index.js';

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return '';
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
};

export default class Sql extends BaseCommand {
  static override summary = 'Ask the warehouse, read-only.';
  static override description =
    'Answers one statement over the tables of docs/warehouse.md. The warehouse is opened read-only and locked down: ' +
    'no other file, no network and no extension can be reached. It is as of the last collection or report.';
  static override examples = [
    `<%= config.bin %> sql "SELECT kind, tier, count(*) AS n FROM event_match GROUP BY ALL ORDER BY ALL"`,
    `<%= config.bin %> sql "SELECT * FROM ct_finding" --json`,
  ];
  static override args = {
    statement: Args.string({ description: 'one statement that reads', required: true }),
  };
  static override flags = {
    config: configFlag,
    limit: Flags.integer({ summary: 'most rows that are answered', default: 1_000, min: 1, max: 1_000_000 }),
  };

  async run(): Promise<SqlAnswer> {
    const { args, flags } = await this.parse(Sql);
    const settings = await loadSettings(flags.config);
    const answer = await askWarehouse({ settings, sql: args.statement, limit: flags.limit });
    const names = Object.keys(answer.rows[0] ?? {});
    const columns = names.map((name) => ({
      head: name,
      cell: (row: SqlAnswer['rows'][number]) => textOf(row[name]),
      align: typeof answer.rows[0]?.[name] === 'number' ? ('right' as const) : ('left' as const),
    }));
    for (const line of table(this.out, columns, answer.rows)) this.log(line);
    if (answer.rows.length === 0) this.logToStderr('no rows');
    if (answer.more) this.logToStderr(`there are more than ${flags.limit} rows; raise --limit`);
    return answer;
  }
}
