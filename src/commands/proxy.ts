import { BaseCommand, configFlag } from '../cli/base.js';
import { runProxy } from '../index.js';

export default class Proxy extends BaseCommand {
  static override aliases = ['gateway'];
  static override summary = 'Run the gateway in front of the configured MCP servers.';
  static override description =
    'Serves each server under its own path until it is told to stop (SIGINT or SIGTERM), then ends the sessions and ' +
    'closes the ledger. Its log goes to standard error, one JSON object a line.';
  static override examples = [
    '<%= config.bin %> proxy -c countersign.yaml',
    'COUNTERSIGN_CONFIG=/etc/countersign.yaml <%= config.bin %> proxy',
  ];
  static override flags = { config: configFlag };

  async run(): Promise<{ stopped: string }> {
    const { flags } = await this.parse(Proxy);
    const running = await runProxy(flags.config);
    this.log(`${this.out.paint('green', '●')} recording to ${running.ledgerDir}`);
    for (const { id, url } of running.servers) this.log(`  ${id.padEnd(16)} ${url}`);
    this.log(`  ${'approvals'.padEnd(16)} ${running.adminUrl}`);
    return { stopped: await running.stopped };
  }
}
