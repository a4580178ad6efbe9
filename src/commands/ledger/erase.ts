import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { erase, type Prepared, prepareErase, type RemovalResult } from '../../index.js';

export default class LedgerErase extends BaseCommand {
  static override summary = "Remove a person's payloads, wherever they stand.";
  static override description =
    'First --prepare ends the open segment and writes an order for every payload of the calls, sessions, logins and ' +
    'approvals of --person, and of each --record; two custodians sign it with `ledger sign`; then --order, with the same ' +
    'person and records, puts it on record and removes. Refused where a legal hold covers it. Cut off in between, the ' +
    'same command goes on. Records and their hashes stay.';
  static override examples = [
    "<%= config.bin %> ledger erase --person 'https://login.example.com|00u1' --prepare erase.order",
    "<%= config.bin %> ledger erase --person 'https://login.example.com|00u1' --order erase.order",
  ];
  static override flags = {
    config: configFlag,
    person: Flags.string({ summary: 'whose payloads', helpValue: 'ISSUER|SUBJECT' }),
    record: Flags.integer({
      summary: 'a record all of whose payloads go',
      min: 0,
      multiple: true,
      multipleNonGreedy: true,
    }),
    prepare: Flags.string({ summary: 'write the order to this file', helpValue: 'FILE' }),
    order: Flags.string({
      summary: 'carry out the signed order in this file',
      helpValue: 'FILE',
      exactlyOne: ['order', 'prepare'],
    }),
  };

  async run(): Promise<Prepared | RemovalResult> {
    const { flags } = await this.parse(LedgerErase);
    const { config, person, record: records = [], prepare } = flags;
    if (prepare !== undefined) {
      const prepared = await prepareErase({ config, person, records, file: prepare });
      this.log(`${prepare}: an order to erase payloads in the first ${prepared.order.size} records.`);
      this.log('Two custodians sign it with `countersign ledger sign`.');
      return prepared;
    }
    const removed = await erase({ config, person, records, order: flags.order ?? '' });
    this.log(`${removed.payloads} payloads were removed.`);
    return removed;
  }
}
