import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { table } from '../cli/print.js';
import { type LoginSummary, tokenStore, whoAmI } from '../index.js';

const left = ({ secondsLeft, renews }: LoginSummary): string => {
  const minutes = Math.floor(secondsLeft / 60);
  const time = minutes >= 120 ? `${Math.floor(minutes / 60)} h` : minutes > 0 ? `${minutes} min` : `${secondsLeft} s`;
  return renews ? `${time}, then renewed` : time;
};

export default class Whoami extends BaseCommand {
  static override summary = 'Show who is logged in, for what and until when.';
  static override description = 'Ends with 14 where nobody is logged in.';
  static override examples = ['<%= config.bin %> whoami', '<%= config.bin %> whoami --json'];
  static override flags = {
    store: Flags.string({
      summary: 'where the login is stored (default: your configuration folder)',
      helpValue: 'FILE',
    }),
  };

  async run(): Promise<{ logins: readonly LoginSummary[] }> {
    const { flags } = await this.parse(Whoami);
    const logins = whoAmI(tokenStore(flags.store));
    const columns = [
      { head: 'use', cell: ({ use }: LoginSummary) => use },
      { head: 'person', cell: ({ name, email, subject }: LoginSummary) => name ?? email ?? subject },
      { head: 'until', cell: ({ expiresAt }: LoginSummary) => expiresAt },
      { head: 'left', cell: left },
      { head: 'logged in', cell: ({ loggedInAt }: LoginSummary) => loggedInAt ?? 'not said' },
      { head: 'audience', cell: ({ audience }: LoginSummary) => audience },
      { head: 'issuer', cell: ({ issuer }: LoginSummary) => issuer },
    ];
    for (const line of table(this.out, columns, logins)) this.log(line);
    return { logins };
  }
}
