import { Args } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { toolTable } from '../../cli/tools.js';
import { listTools, loadSettings, type ToolView } from '../../index.js';

export default class ToolsList extends BaseCommand {
  static override summary =
    'List the tools of servers as last seen, whether they are pinned, and what deserves a look.';
  static override description =
    'Reads the ledger: a server tells of its tools when a client lists them through the gateway. A definition with ' +
    'letters nobody sees, or with words that speak to a model, is marked; a mark proves nothing, and neither does its ' +
    'absence.';
  static override examples = ['<%= config.bin %> tools list', '<%= config.bin %> tools list files'];
  static override args = { server: Args.string({ description: 'id of the server (default: all)' }) };
  static override flags = { config: configFlag };

  async run(): Promise<readonly ToolView[]> {
    const { args, flags } = await this.parse(ToolsList);
    const tools = await listTools(await loadSettings(flags.config), { server: args.server });
    if (tools.length === 0) this.logToStderr('No server has listed its tools yet.');
    else for (const line of toolTable(this.out, tools)) this.log(line);
    return tools;
  }
}
