import { BaseCommand, configFlag } from '../../cli/base.js';
import { table } from '../../cli/print.js';
import { progress } from '../../cli/progress.js';
import { collectIdentity, type IdentitySummary, loadSettings } from '../../index.js';

type Taken = IdentitySummary['taken'][number];

const MAX_NAMED = 50;

export default class CollectIdentity extends BaseCommand {
  static override summary = 'Take snapshots of people, groups, roles and trails from identity providers and AWS.';
  static override description =
    'Asks every source under collect.identity, keeps what it says, dated and hashed, under snapshots/ of the data folder, ' +
    'and says what differs from the last time. The newest snapshot of a source is in force. A source that cannot be ' +
    'read whole is named and nothing of it is taken (exit 11).';
  static override examples = [
    '<%= config.bin %> collect identity',
    '<%= config.bin %> collect identity -c countersign.yaml --json',
  ];
  static override flags = { config: configFlag };

  async run(): Promise<IdentitySummary> {
    const { flags } = await this.parse(CollectIdentity);
    const settings = await loadSettings(flags.config);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const summary = await collectIdentity({ settings, onProgress: bar.update }).finally(bar.stop);
    for (const { source, reason } of summary.problems) {
      this.logToStderr(`${this.err.paint('yellow', 'not taken')}  ${source}: ${reason}`);
    }
    for (const role of summary.excluded)
      this.logToStderr(`${this.err.paint('yellow', 'out of scope')}  ${role}, by the configuration`);
    const columns = [
      { head: 'source', cell: ({ snapshot }: Taken) => snapshot.source },
      { head: 'rows', cell: ({ snapshot }: Taken) => String(snapshot.rows), align: 'right' as const },
      { head: 'added', cell: ({ snapshot }: Taken) => String(snapshot.added), align: 'right' as const },
      { head: 'changed', cell: ({ snapshot }: Taken) => String(snapshot.changed), align: 'right' as const },
      { head: 'gone', cell: ({ snapshot }: Taken) => String(snapshot.gone), align: 'right' as const },
      { head: 'SHA-256', cell: ({ snapshot }: Taken) => snapshot.sha256.slice(0, 16) },
    ];
    if (summary.taken.length > 0) for (const line of table(this.out, columns, summary.taken)) this.log(line);
    for (const one of summary.taken) this.tell(one);
    this.finish(summary.exit);
    return summary;
  }

  /** What differs, unless all of it is new: a first snapshot has nothing to differ from. */
  private tell({ snapshot, changes }: Taken): void {
    if (snapshot.added === snapshot.rows && snapshot.changed === 0 && snapshot.gone === 0) return;
    for (const { table: name, how, row, columns } of changes.slice(0, MAX_NAMED)) {
      this.log(`${how.padEnd(7)} ${name} ${row}${columns.length > 0 ? `: ${columns.join(', ')}` : ''}`);
    }
    if (changes.length > MAX_NAMED) this.log(`and ${changes.length - MAX_NAMED} more; --json names all`);
  }
}
