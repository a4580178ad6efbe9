import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { table } from '../../cli/print.js';
import { progress } from '../../cli/progress.js';
import { collectLedgers, type LedgersSummary, loadSettings } from '../../index.js';

type Taken = LedgersSummary['taken'][number];

export default class CollectLedgers extends BaseCommand {
  static override summary = 'Bring in the ledgers of other gateways, verified while they are read.';
  static override description =
    'Copies each ledger under collect.ledgers, or a folder, verifies the copy, holds it against what was collected ' +
    'before, and loads its records under its origin. One that was changed or tells another history is refused ' +
    '(exit 12), one that cannot be read or has gaps is named (exit 11); what was collected before stays.';
  static override examples = [
    '<%= config.bin %> collect ledgers',
    '<%= config.bin %> collect ledgers --from-dir /mnt/gw-2/ledger/example.com_mcp_gw-2 --json',
  ];
  static override flags = {
    config: configFlag,
    'from-dir': Flags.string({ summary: 'the folder of one ledger (default: collect.ledgers)', helpValue: 'DIR' }),
  };

  async run(): Promise<LedgersSummary> {
    const { flags } = await this.parse(CollectLedgers);
    const settings = await loadSettings(flags.config);
    const from = flags['from-dir'];
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const ask = { settings, onProgress: bar.update, ...(from !== undefined && { from }) };
    const summary = await collectLedgers(ask).finally(bar.stop);
    for (const { source, reason } of summary.refused) {
      this.logToStderr(`${this.err.paint('red', 'refused')}  ${source}: ${reason}`);
    }
    for (const { source, reason } of summary.notes) {
      this.logToStderr(`${this.err.paint('yellow', 'incomplete')}  ${source}: ${reason}`);
    }
    const columns = [
      { head: 'ledger', cell: ({ origin }: Taken) => origin },
      { head: 'records', cell: ({ size }: Taken) => String(size), align: 'right' as const },
      { head: 'new', cell: ({ added }: Taken) => String(added), align: 'right' as const },
      { head: 'from', cell: ({ source }: Taken) => source },
    ];
    if (summary.taken.length > 0) for (const line of table(this.out, columns, summary.taken)) this.log(line);
    this.finish(summary.exit);
    return summary;
  }
}
