import { Args } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { flagsText } from '../../cli/tools.js';
import { diffTools, loadSettings, printable, type ToolDiff } from '../../index.js';

export default class ToolsDiff extends BaseCommand {
  static override summary = 'Show what is different in the definitions of tools.';
  static override description =
    'Holds each definition against the pinned one, or where there is none against the one before. Letters nobody sees ' +
    'are named. Ends with 10 where something is different or not pinned.';
  static override examples = ['<%= config.bin %> tools diff', '<%= config.bin %> tools diff files write_file'];
  static override args = {
    server: Args.string({ description: 'id of the server (default: all)' }),
    tool: Args.string({ description: 'name of the tool (default: all)' }),
  };
  static override flags = { config: configFlag };

  private side(sign: '-' | '+', text: string | null): void {
    if (text === null) return;
    for (const line of text.split('\n')) {
      this.log(this.out.paint(sign === '-' ? 'red' : 'green', `    ${sign} ${printable(line)}`));
    }
  }

  private show(diff: ToolDiff): void {
    const { server, tool, against, digest, changes } = diff;
    const flags = flagsText(diff);
    const marks = flags === '' ? '' : `  ${this.out.paint('red', `look at: ${flags}`)}`;
    this.log(`${this.out.paint('yellow', '▲')} ${this.out.paint('bold', `${server} ${printable(tool)}`)}${marks}`);
    if (against === null) return this.log('  It was never pinned.');
    this.log(`  ${against.slice(0, 12)} → ${digest.slice(0, 12)}`);
    if (changes === null)
      return this.log('  One of the two definitions is not in this ledger, so only their digests differ.');
    for (const { what, before, after } of changes) {
      this.log(`  ${printable(what)}`);
      this.side('-', before);
      this.side('+', after);
    }
  }

  async run(): Promise<readonly ToolDiff[]> {
    const { args, flags } = await this.parse(ToolsDiff);
    const tools = args.tool === undefined ? [] : [args.tool];
    const { diffs, exit } = await diffTools(await loadSettings(flags.config), { server: args.server, tools });
    for (const diff of diffs) this.show(diff);
    if (diffs.length === 0) this.log('No definition is different.');
    this.finish(exit);
    return diffs;
  }
}
