import { BaseCommand, configFlag } from '../cli/base.js';
import { state } from '../cli/print.js';
import { type Checkup, checkUp, printable } from '../index.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check what can go wrong before the first call, and say how to mend it.';
  static override description =
    'Looks at Node.js, the configuration, ports, keys and secrets with their permissions, the identity providers and ' +
    'the clock against theirs, the servers, the disk and the folders of trails. Starts no server and changes nothing. ' +
    'Ends with 2 where the gateway would not start or calls would fail, 11 where something is missing. The ledger has ' +
    'a doctor of its own: countersign ledger doctor.';
  static override examples = ['<%= config.bin %> doctor', '<%= config.bin %> doctor -c ./countersign.yaml --json'];
  static override flags = { config: configFlag };

  async run(): Promise<Checkup> {
    const { flags } = await this.parse(Doctor);
    const found = await checkUp({ config: flags.config });
    for (const { what, state: name, message, mend } of found.checks) {
      const text = message.split('\n').map(printable).join('\n');
      this.log(`${state(this.out, name)}  ${this.out.paint('bold', printable(what))}  ${text}`);
      if (mend !== null) this.log(`  ${this.out.paint('dim', printable(`mend: ${mend}`))}`);
    }
    this.finish(found.exit);
    return found;
  }
}
