import { BaseCommand, configFlag } from '../../cli/base.js';
import { state } from '../../cli/print.js';
import { type Anchored, anchorOwnLedger, EXIT } from '../../index.js';

export default class LedgerAnchor extends BaseCommand {
  static override summary = 'Have every anchor of the configuration confirm the ledger now.';
  static override description =
    'The running gateway asks them, and records each answer; where none runs, the command takes the ledger for the moment. ' +
    'Ends with 13 where one does not confirm.';
  static override examples = [
    '<%= config.bin %> ledger anchor',
    '<%= config.bin %> ledger anchor -c /etc/countersign/countersign.yaml --json',
  ];
  static override flags = { config: configFlag };

  async run(): Promise<Anchored> {
    const { flags } = await this.parse(LedgerAnchor);
    const anchored = await anchorOwnLedger({ config: flags.config });
    for (const { name, size, problem } of anchored.anchors) {
      const text = problem === null ? `confirms ${size} records` : `does not confirm ${size} records: ${problem}`;
      this.log(`${state(this.out, problem === null ? 'pass' : 'fail')}  ${name} ${text}.`);
    }
    if (anchored.anchors.some(({ problem }) => problem !== null)) this.finish(EXIT.unanchored);
    return anchored;
  }
}
