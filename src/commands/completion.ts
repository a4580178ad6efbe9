import { Args } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { completionScript, SHELLS } from '../cli/completion.js';

export default class Completion extends BaseCommand {
  static override summary = 'Print what your shell needs to complete commands and flags.';
  static override description =
    'The script holds all names, so that pressing Tab starts nothing. Make it anew after an update.';
  static override examples = [
    { description: 'bash, in ~/.bashrc', command: 'source <(<%= config.bin %> completion bash)' },
    { description: 'zsh, in ~/.zshrc', command: 'source <(<%= config.bin %> completion zsh)' },
  ];
  static override args = {
    shell: Args.string({ description: 'your shell', options: [...SHELLS], required: true }),
  };

  async run(): Promise<{ script: string }> {
    const { args } = await this.parse(Completion);
    const commands = this.config.commands
      .filter(({ hidden }) => !hidden)
      .map(({ id, flags, enableJsonFlag }) => ({
        words: id.split(':'),
        flags: [...Object.keys(flags), 'help', ...(enableJsonFlag ? ['json'] : [])],
      }));
    const script = completionScript(SHELLS.find((shell) => shell === args.shell) ?? 'bash', commands);
    process.stdout.write(this.jsonEnabled() ? '' : script);
    return { script };
  }
}
