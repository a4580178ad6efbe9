import { BaseCommand, configFlag } from '../../cli/base.js';
import { state } from '../../cli/print.js';
import { checkPolicy, loadSettings, type PolicyChecked } from '../../index.js';

export default class PolicyCheck extends BaseCommand {
  static override summary = 'Check the policy: its rules are valid, each can decide, and the tools they name exist.';
  static override description =
    'Loads the configuration, which checks every rule and condition with its place, and then looks for rules that ' +
    'another rule always forestalls, and for tools that no server has listed. The tools are those in the ledger, so ' +
    'a server that nobody has used yet is not judged. Ends with 10 where something is found.';
  static override examples = [
    '<%= config.bin %> policy check',
    '<%= config.bin %> policy check -c ./countersign.yaml --json',
  ];
  static override flags = { config: configFlag };

  async run(): Promise<PolicyChecked> {
    const { flags } = await this.parse(PolicyCheck);
    const checked = await checkPolicy(await loadSettings(flags.config));
    for (const { rule, message } of checked.findings) {
      this.log(`${this.out.paint('yellow', '▲')} ${this.out.paint('bold', rule)}  ${message}`);
    }
    if (checked.findings.length === 0) {
      this.log(`${state(this.out, 'pass')}  ${checked.rules} rules, and each of them can decide`);
    }
    if (checked.toolsKnown.length === 0) {
      this.logToStderr('No server has listed its tools yet, so their names were not checked.');
    }
    this.finish(checked.exit);
    return checked;
  }
}
