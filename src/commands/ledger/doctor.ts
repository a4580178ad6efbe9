import { Args } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { behind, state, stateWidth } from '../../cli/print.js';
import { examineLedger, type LedgerState } from '../../index.js';

/** As wide as the longest topic. */
const TOPIC_WIDTH = 12;

export default class LedgerDoctor extends BaseCommand {
  static override summary = 'Explain what state a ledger is in, and how to mend what is wrong.';
  static override description =
    'Looks at the folder, the lock and its holder, the disk, the keys of the configuration, the last checkpoint and what ' +
    'follows it, the quarantine, and whether all of it verifies. Never changes or deletes anything; a gateway may go on ' +
    'writing. Ends with 0 where writing can go on and all verifies, 11 where something is missing or was cut short, 12 ' +
    'where it was changed, 2 where there is no ledger or its keys cannot be used, 1 where the disk cannot take more.';
  static override examples = [
    '<%= config.bin %> ledger doctor',
    '<%= config.bin %> ledger doctor data/ledger/example.com_mcp_gw-1 --json',
  ];
  static override args = { path: Args.string({ description: 'folder of the ledger (default: of the configuration)' }) };
  static override flags = { config: configFlag };

  async run(): Promise<LedgerState> {
    const { args, flags } = await this.parse(LedgerDoctor);
    const found = await examineLedger({ dir: args.path, config: flags.config });
    const width = stateWidth(found.diagnoses.map((one) => one.state));
    const indent = TOPIC_WIDTH + width + 4;
    for (const { topic, state: name, message, mend } of found.diagnoses) {
      const head = `${topic.padEnd(TOPIC_WIDTH)}  ${state(this.out, name, width)}  `;
      for (const line of behind(this.out, head, indent, message)) this.log(line);
      const mends = mend === null ? [] : behind(this.out, ' '.repeat(indent), indent, `mend: ${mend}`);
      for (const line of mends) this.log(this.out.paint('dim', line));
    }
    this.finish(found.exit);
    return found;
  }
}
