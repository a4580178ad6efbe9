import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { state, table } from '../../cli/print.js';
import { type CaseResult, loadSettings, type PolicyTested, testPolicy } from '../../index.js';

export default class PolicyTest extends BaseCommand {
  static override summary = 'Run the cases of the policy: who calls what, and what must be decided.';
  static override description =
    'The cases stand in policy-cases.yaml beside the configuration, or where --cases says. They run through the ' +
    'engine that decides in the gateway, without one. Ends with 10 where a case fails.';
  static override examples = [
    '<%= config.bin %> policy test',
    '<%= config.bin %> policy test --cases ./policy-cases.yaml --json',
  ];
  static override flags = {
    config: configFlag,
    cases: Flags.string({ summary: 'the file of cases (default: policy-cases.yaml)', helpValue: 'FILE' }),
  };

  async run(): Promise<PolicyTested> {
    const { flags } = await this.parse(PolicyTest);
    const tested = await testPolicy(await loadSettings(flags.config), flags.cases);
    const columns = [
      { head: 'result', cell: ({ passed }: CaseResult) => state(this.out, passed ? 'pass' : 'fail') },
      { head: 'case', cell: ({ name, problem }: CaseResult) => (problem === null ? name : `${name}: ${problem}`) },
    ];
    for (const line of table(this.out, columns, tested.cases)) this.log(line);
    if (tested.untested.length > 0) this.logToStderr(`Rules that decided no case: ${tested.untested.join(', ')}`);
    this.finish(tested.exit);
    return tested;
  }
}
