import { BaseCommand } from '../../cli/base.js';
import { controlFlags, controlFolders } from '../../cli/control-folders.js';
import { state, table } from '../../cli/print.js';
import { type CaseOutcome, type ControlsTested, testControls } from '../../index.js';

export default class ControlsTest extends BaseCommand {
  static override summary = 'Run the cases of every control: invented data with the result the test must give.';
  static override description =
    'Each control may have a cases.yaml: rows for a small invented warehouse, and the result its SQL must give over ' +
    'the third quarter of 2026. Runs them for the controls that ship with the program and for those of the folders ' +
    'named. Ends with 10 where a case fails.';
  static override examples = [
    '<%= config.bin %> controls test',
    '<%= config.bin %> controls test --dir ./controls --json',
    '<%= config.bin %> controls test --config countersign.yaml',
  ];
  static override flags = controlFlags;

  async run(): Promise<ControlsTested> {
    const { flags } = await this.parse(ControlsTest);
    const tested = await testControls(await controlFolders(flags));
    const columns = [
      { head: 'control', cell: ({ control }: CaseOutcome) => control },
      { head: 'result', cell: ({ passed }: CaseOutcome) => state(this.out, passed ? 'pass' : 'fail') },
      { head: 'case', cell: ({ name, problem }: CaseOutcome) => (problem === null ? name : `${name}: ${problem}`) },
    ];
    for (const line of table(this.out, columns, tested.cases)) this.log(line);
    for (const id of tested.without) this.logToStderr(`${this.err.paint('yellow', 'no cases')}  ${id}`);
    this.finish(tested.exit);
    return tested;
  }
}
