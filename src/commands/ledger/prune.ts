import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { type Prepared, preparePrune, prune, type RemovalResult } from '../../index.js';

export default class LedgerPrune extends BaseCommand {
  static override summary = 'Remove payloads, or whole segments, that nobody must keep any more.';
  static override description =
    'First --prepare writes an order for what is older than --before, by whole segments; two custodians sign it with ' +
    '`ledger sign`; then --order puts it on record and removes. Refused where retention has not passed, a legal hold ' +
    'covers it, or no anchor confirms it. Cut off in between, the same command goes on. Records and their hashes stay ' +
    'when payloads go; where segments go, pruned.json says where the ledger begins.';
  static override examples = [
    '<%= config.bin %> ledger prune --before 2025-10-01 --prepare prune.order',
    '<%= config.bin %> ledger prune --before 2019-01-01 --segments --prepare segments.order',
    '<%= config.bin %> ledger prune --order prune.order',
  ];
  static override flags = {
    config: configFlag,
    before: Flags.string({
      summary: 'records before this day or time (UTC)',
      helpValue: 'TIME',
      dependsOn: ['prepare'],
    }),
    segments: Flags.boolean({ summary: 'whole segments, in place of payloads alone', dependsOn: ['prepare'] }),
    prepare: Flags.string({ summary: 'write the order to this file', helpValue: 'FILE', dependsOn: ['before'] }),
    order: Flags.string({
      summary: 'carry out the signed order in this file',
      helpValue: 'FILE',
      exactlyOne: ['order', 'prepare'],
    }),
  };

  async run(): Promise<Prepared | RemovalResult> {
    const { flags } = await this.parse(LedgerPrune);
    const { config, before = '', prepare } = flags;
    if (prepare !== undefined) {
      const what = flags.segments ? 'segments' : 'payloads';
      const prepared = await preparePrune({ config, before, what, file: prepare });
      this.log(
        `${prepare}: an order to remove the ${what} of the first ${prepared.order.size} records, up to ${prepared.to}.`,
      );
      this.log('Two custodians sign it with `countersign ledger sign`.');
      return prepared;
    }
    const removed = await prune({ config, order: flags.order ?? '' });
    const { payloads, segments, days, size } = removed;
    this.log(
      `Of the first ${size} records: ${payloads} payloads, ${segments} segments and ${days} keys of salts were removed.`,
    );
    return removed;
  }
}
