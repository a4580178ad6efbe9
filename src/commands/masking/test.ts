import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { table } from '../../cli/print.js';
import { loadSettings, type MaskingTest, readText, testMasking } from '../../index.js';

export default class MaskingTestCommand extends BaseCommand {
  static override summary = 'Show what masking would do to a text.';
  static override description =
    'Masks a file, or standard input, as an answer of a server would be, and names what was masked by which rule. ' +
    'A JSON object or array is read as such, so that names of members and places count. Nothing is recorded.';
  static override examples = [
    '<%= config.bin %> masking test answer.json --server crm --tool get_person',
    "echo 'password=hunter2' | <%= config.bin %> masking test -",
  ];
  static override args = {
    file: Args.string({ required: true, description: 'the file, or - for standard input' }),
  };
  static override flags = {
    config: configFlag,
    server: Flags.string({ summary: 'the server whose rules hold (default: the first)', helpValue: 'ID' }),
    tool: Flags.string({ summary: 'the tool that was called', helpValue: 'NAME' }),
    group: Flags.string({ summary: 'a group of whoever calls', helpValue: 'GROUP', multiple: true, default: [] }),
  };

  async run(): Promise<MaskingTest> {
    const { args, flags } = await this.parse(MaskingTestCommand);
    const settings = await loadSettings(flags.config);
    const result = await testMasking({
      settings,
      text: await readText(args.file),
      server: flags.server ?? null,
      tool: flags.tool ?? null,
      groups: flags.group,
    });
    this.log(result.masked.replace(/\n$/, ''));
    const columns = [
      { head: 'what', cell: ({ detector }: MaskingTest['counts'][number]) => detector },
      { head: 'times', cell: ({ n }: MaskingTest['counts'][number]) => String(n), align: 'right' as const },
      { head: 'mode', cell: ({ mode }: MaskingTest['counts'][number]) => mode },
      { head: 'rule', cell: ({ rule }: MaskingTest['counts'][number]) => rule ?? 'none; what is found is redacted' },
    ];
    const lines = result.counts.length > 0 ? table(this.err, columns, result.counts) : ['nothing was masked'];
    for (const line of ['', ...lines]) this.logToStderr(line);
    return result;
  }
}
