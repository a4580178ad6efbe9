import { BaseCommand, configFlag } from '../../cli/base.js';
import { table } from '../../cli/print.js';
import { progress } from '../../cli/progress.js';
import { auditMasking, EXIT, loadSettings, type MaskingAudit } from '../../index.js';

type Missed = MaskingAudit['missed'][number];

export default class MaskingAuditCommand extends BaseCommand {
  static override summary = 'Search what was recorded with a second detector.';
  static override description =
    'Reads every payload of the ledger with rules that masking does not use (secretlint, and patterns for personal ' +
    'data) and lists what they find, by record and place, never the value. Exits 10 where they find anything.';
  static override examples = ['<%= config.bin %> masking audit', '<%= config.bin %> masking audit --json'];
  static override flags = { config: configFlag };

  async run(): Promise<MaskingAudit> {
    const { flags } = await this.parse(MaskingAuditCommand);
    const settings = await loadSettings(flags.config);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    // How many records there are is known only at the end.
    const result = await auditMasking(settings, (records) => bar.update(`${records} records`, 0, 1)).finally(() =>
      bar.stop(),
    );
    const columns = [
      { head: 'record', cell: ({ seq }: Missed) => String(seq), align: 'right' as const },
      { head: 'time', cell: ({ t }: Missed) => t },
      { head: 'type', cell: ({ type }: Missed) => type },
      { head: 'what', cell: ({ kind }: Missed) => kind },
      { head: 'found by', cell: ({ by }: Missed) => by },
      { head: 'place', cell: ({ payload, pointer }: Missed) => payload + pointer },
    ];
    if (result.missed.length > 0) for (const line of table(this.out, columns, result.missed)) this.log(line);
    const more = result.more > 0 ? `, and ${result.more} more that are not listed` : '';
    this.log(`${result.payloads} payloads of ${result.records} records read; ${result.missed.length} findings${more}`);
    if (result.missed.length > 0) this.finish(EXIT.exceptions);
    return result;
  }
}
