import { Args } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { flagsText, toolTable } from '../../cli/tools.js';
import { loadSettings, type Pinned, pinTools, printable } from '../../index.js';

export default class ToolsPin extends BaseCommand {
  static override summary = 'Pin definitions of tools as they are now.';
  static override description =
    'Writes their digests into the file that pins.file of the configuration names, which the gateway reads again when ' +
    'it changes. Look at the definitions before: tools list, tools diff. A marked one is pinned only where it is named.';
  static override examples = ['<%= config.bin %> tools pin', '<%= config.bin %> tools pin files write_file'];
  static override strict = false;
  static override args = {
    server: Args.string({ description: 'id of the server (default: all)' }),
    tools: Args.string({ description: 'names of tools (default: all of the server that are not marked)' }),
  };
  static override flags = { config: configFlag };

  async run(): Promise<Pinned> {
    const { args, argv, flags } = await this.parse(ToolsPin);
    const tools = argv.slice(1).map(String);
    const result = await pinTools(await loadSettings(flags.config), { server: args.server, tools });
    if (result.pinned.length > 0) {
      for (const line of toolTable(
        this.out,
        result.pinned.map((view) => ({ ...view, state: 'pinned' as const })),
      ))
        this.log(line);
      this.log(`Written to ${result.file}.`);
    } else this.log('Nothing new to pin.');
    for (const view of result.flagged) {
      const name = `${view.server} ${printable(view.tool)}`;
      this.log(
        `${this.out.paint('red', '▲')} ${name} was left out: ${flagsText(view)}. Look at it, then name it to pin it.`,
      );
    }
    return result;
  }
}
