import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { runWrap, type Snippet, WRAP_PROGRAMS, wrapSnippet } from '../index.js';

export default class Wrap extends BaseCommand {
  static override summary = 'Be one server of a running gateway over standard input and output.';
  static override description =
    'For clients that start servers as processes, such as desktop programs: speaks MCP on standard input and output, and ' +
    'with the gateway as the person who logged in (`countersign login`). Where no login is good, each call is answered ' +
    'with a sentence that says so; a new login counts at once. With --snippet it prints what to put into the ' +
    'configuration of such a program instead.';
  static override examples = [
    '<%= config.bin %> wrap files --snippet claude-desktop',
    '<%= config.bin %> wrap files --gateway https://mcp.example.com',
  ];
  static override args = {
    server: Args.string({ description: 'id of a server in the configuration of the gateway', required: true }),
  };
  static override flags = {
    config: configFlag,
    gateway: Flags.string({
      summary: 'address of the gateway (default: gateway.publicUrl of the configuration)',
      helpValue: 'URL',
    }),
    store: Flags.string({
      summary: 'where the login is stored (default: your configuration folder)',
      helpValue: 'FILE',
    }),
    snippet: Flags.option({ options: WRAP_PROGRAMS, summary: 'print the configuration for this program' })(),
  };

  async run(): Promise<Snippet | { ended: true }> {
    const { args, flags } = await this.parse(Wrap);
    const ask = {
      server: args.server,
      ...(flags.gateway !== undefined && { gateway: flags.gateway }),
      ...(flags.config !== undefined && { config: flags.config }),
      ...(flags.store !== undefined && { store: flags.store }),
    };
    if (flags.snippet !== undefined) {
      const made = await wrapSnippet(flags.snippet, ask, [process.execPath, join(this.config.root, 'bin/run.js')]);
      this.logToStderr(this.err.paint('dim', `for ${made.file}`));
      this.log(made.text);
      return made;
    }
    if (process.stdin.isTTY)
      this.logToStderr('this speaks MCP on standard input; see --snippet for programs that start it');
    await runWrap(ask, {
      input: process.stdin,
      output: process.stdout,
      tell: (sentence) => this.logToStderr(`countersign: ${sentence}`),
    });
    return { ended: true };
  }
}
