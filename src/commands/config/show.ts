import { Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { printable, type ShownConfig, type ShownField, showConfig } from '../../index.js';

export default class ConfigShow extends BaseCommand {
  static override summary = 'Show the configuration: every value in force, and where it comes from.';
  static override description =
    'Checks the file as every command does. With --resolved, values that the file does not say are shown too, as ' +
    'defaults. Of secrets it shows where they are, never what they are.';
  static override examples = ['<%= config.bin %> config show', '<%= config.bin %> config show --resolved --json'];
  static override flags = {
    config: configFlag,
    resolved: Flags.boolean({ summary: 'show defaults too' }),
  };

  private origin({ line }: ShownField): string {
    return this.out.paint('dim', line === null ? 'default' : `line ${line}`);
  }

  async run(): Promise<ShownConfig> {
    const { flags } = await this.parse(ConfigShow);
    const read = await showConfig(flags.config);
    const fields = read.fields.filter(({ line }) => flags.resolved || line !== null);
    const width = Math.min(48, Math.max(...fields.map(({ field }) => field.length)));
    this.log(this.out.paint('dim', `${read.file}  ${read.digest.slice(0, 12)}`));
    for (const shown of fields) {
      const value = [shown.value].flat().map((one) => printable(String(one)));
      this.log(
        `${shown.field.padEnd(width)}  ${value.length === 0 ? 'none' : value.join(', ')}  ${this.origin(shown)}`,
      );
    }
    return { ...read, fields };
  }
}
