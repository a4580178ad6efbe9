import { BaseCommand, configFlag } from '../../cli/base.js';
import { type Rotated, rotateLedger } from '../../index.js';

export default class LedgerRotate extends BaseCommand {
  static override summary = 'End the open segment of the ledger and begin the next, with a key of its own.';
  static override description =
    'The running gateway does it between two records, and no call waits for it noticeably. From then on nobody can sign ' +
    'for the segment that ended, as its key is gone. Useful before a copy is taken, and after somebody had access to the ' +
    'machine. Where no gateway runs, the command takes the ledger for the moment.';
  static override examples = [
    '<%= config.bin %> ledger rotate',
    '<%= config.bin %> ledger rotate -c /etc/countersign/countersign.yaml --json',
  ];
  static override flags = { config: configFlag };

  async run(): Promise<Rotated> {
    const { flags } = await this.parse(LedgerRotate);
    const rotated = await rotateLedger({ config: flags.config });
    const by = rotated.by === 'gateway' ? 'the running gateway' : 'this command, as no gateway runs';
    this.log(`A new segment begins with record ${rotated.segment}, by ${by}.`);
    return rotated;
  }
}
