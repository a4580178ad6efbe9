import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { type LoginSummary, loadSettings, logIn, tokenStore } from '../index.js';

export default class Login extends BaseCommand {
  static override summary = 'Log in for calls and for approvals, in the browser.';
  static override description =
    'Opens the login page of the configured issuer and waits for it on a loopback address. A login for approvals asks ' +
    'for you anew. A login for calls is renewed by itself where the issuer gives a refresh token. The tokens are stored in a file that you alone can read; they are never printed.';
  static override examples = [
    '<%= config.bin %> login',
    '<%= config.bin %> login --device',
    '<%= config.bin %> login -c demo/countersign.yaml --use approval --no-browser',
  ];
  static override flags = {
    config: configFlag,
    issuer: Flags.string({ summary: 'the issuer, where several are configured', helpValue: 'URL' }),
    use: Flags.option({ options: ['mcp', 'approval'] as const, summary: 'log in for this alone' })(),
    store: Flags.string({
      summary: 'where the login is stored (default: your configuration folder)',
      helpValue: 'FILE',
    }),
    port: Flags.integer({
      summary: 'fixed port of the loopback address (default: any)',
      min: 0,
      max: 65_535,
      default: 0,
    }),
    device: Flags.boolean({
      summary: 'log in on another device, for calls alone: a code is shown here and entered there',
      default: false,
      exclusive: ['port'],
    }),
    browser: Flags.boolean({ summary: 'open the browser', default: true, allowNo: true }),
  };

  async run(): Promise<{ logins: readonly LoginSummary[] }> {
    const { flags } = await this.parse(Login);
    const settings = await loadSettings(flags.config);
    const ask = {
      port: flags.port,
      device: flags.device,
      ...(flags.use && { uses: [flags.use] }),
      ...(flags.issuer !== undefined && { issuer: flags.issuer }),
    };
    const store = tokenStore(flags.store);
    const logins = await logIn(settings, ask, {
      store,
      announce: (url, use) => {
        this.logToStderr(`To log in for ${use === 'approval' ? 'approvals' : 'calls'}, open\n  ${url.href}`);
      },
      prompt: ({ code, address, complete, seconds }) => {
        this.logToStderr(`To log in for calls, open\n  ${address}\nand enter\n  ${code}`);
        if (complete !== null) this.logToStderr(`or open\n  ${complete}`);
        this.logToStderr(
          `The code is good for ${Math.round(seconds / 60)} minutes. Enter it only if you asked for it.`,
        );
      },
      ...(!flags.browser && { open: () => undefined }),
    });
    for (const { use, name, subject, audience, expiresAt } of logins) {
      this.log(`${this.out.paint('green', '✓')} ${name ?? subject} for ${use} (${audience}) until ${expiresAt}`);
    }
    this.log(this.out.paint('dim', `stored in ${store.file}`));
    return { logins };
  }
}
