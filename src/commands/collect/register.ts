import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { progress } from '../../cli/progress.js';
import { collectRegister, loadSettings, REGISTER_KINDS, type RegisterSummary } from '../../index.js';

const MAX_NAMED = 50;

export default class CollectRegister extends BaseCommand {
  static override summary =
    'Take a register that only your organisation keeps: leavers, reviews, changes, disclosures.';
  static override description =
    'Checks a CSV file line by line and keeps it, dated and hashed, under snapshots/ of the data folder; the newest ' +
    'of a kind is in force. A file with a wrong line is not taken (exit 2): each line and column is named. ' +
    'Tests of control that need a register are not testable without it.';
  static override examples = [
    '<%= config.bin %> collect register --kind leavers leavers-2026-q4.csv',
    '<%= config.bin %> collect register --kind reviews -c countersign.yaml merge-requests.csv --json',
  ];
  static override args = { file: Args.string({ description: 'the CSV file', required: true }) };
  static override flags = {
    config: configFlag,
    kind: Flags.option({ summary: 'which register it is', options: REGISTER_KINDS, required: true })(),
  };

  async run(): Promise<RegisterSummary> {
    const { args, flags } = await this.parse(CollectRegister);
    const settings = await loadSettings(flags.config);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const { file } = args;
    const summary = await collectRegister({ settings, kind: flags.kind, file, onProgress: bar.update }).finally(
      bar.stop,
    );
    this.tell(flags.kind, file, summary);
    this.finish(summary.exit);
    return summary;
  }

  private tell(kind: string, file: string, { snapshot, unchanged, added, gone, problems }: RegisterSummary): void {
    for (const { line, column, problem } of problems.slice(0, MAX_NAMED)) {
      const place = column === null ? `line ${line}` : `line ${line}, column ${column}`;
      this.logToStderr(`${this.err.paint('red', 'wrong')}  ${file} ${place}: ${problem}`);
    }
    if (problems.length > MAX_NAMED) this.logToStderr(`and ${problems.length - MAX_NAMED} more; --json names all`);
    if (snapshot === null) this.logToStderr(`${file} was not taken; nothing was changed`);
    else if (unchanged) this.log(`${kind}: ${snapshot.rows} rows, as taken ${snapshot.taken}; nothing was added`);
    else
      this.log(
        `${kind}: ${snapshot.rows} rows taken, ${added} new, ${gone} gone since the last; SHA-256 ${snapshot.sha256}`,
      );
  }
}
