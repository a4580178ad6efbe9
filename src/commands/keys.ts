import { BaseCommand, configFlag } from '../cli/base.js';
import { table } from '../cli/print.js';
import { loadSettings, type VerifierKeys, verifierKeys } from '../index.js';

export default class Keys extends BaseCommand {
  static override summary = 'Print the verifier keys that an auditor’s trust file names.';
  static override description =
    'The root key of the ledger and the key that signs evidence packages, both public. Read them out, or send them by ' +
    'another way than the evidence: keys that came with a package prove nothing of it. With `--json` they have the names ' +
    'of a trust file.';
  static override examples = ['<%= config.bin %> keys', '<%= config.bin %> keys --json'];
  static override flags = { config: configFlag };

  async run(): Promise<VerifierKeys> {
    const { flags } = await this.parse(Keys);
    const keys = await verifierKeys(await loadSettings(flags.config));
    const rows = (['ledgers', 'reports'] as const).flatMap((name) => keys[name].map((key) => ({ name, key })));
    const columns = [
      { head: 'in the trust file', cell: ({ name }: (typeof rows)[number]) => name },
      { head: 'key', cell: ({ key }: (typeof rows)[number]) => key },
    ];
    for (const line of table(this.out, columns, rows)) this.log(line);
    return keys;
  }
}
