import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { table } from '../cli/print.js';
import { progress } from '../cli/progress.js';
import { type Sample, sample } from '../index.js';

type Item = Sample['sample'][number];

export default class SampleCommand extends BaseCommand {
  static override summary = 'Draw the auditor’s reproducible sample from a population of a package.';
  static override description =
    'The seed is SHA-256 of the population’s hash in hex, a line feed and the nonce; items are ranked by HMAC-SHA-256 ' +
    'of the item under the seed, and the lowest are taken. The auditor names the nonce when the package is in hand, so ' +
    'nobody can steer the sample. A larger size keeps the items of a smaller one. Beside the table stand a PDF with a ' +
    'page for each item, which traces it from request to AWS event, and a proof file of the records it names.';
  static override examples = [
    '<%= config.bin %> sample evidence/2026-Q3 --control CS-APP-01 --nonce 4f7c2a90e1',
    '<%= config.bin %> sample evidence/2026-Q3 --control CS-APP-01 --nonce 4f7c2a90e1 --size 60 --out more.csv --json',
  ];
  static override args = { package: Args.string({ description: 'folder of the package', required: true }) };
  static override flags = {
    control: Flags.string({ summary: 'id of the control', helpValue: 'ID', required: true }),
    nonce: Flags.string({ summary: 'at least 8 characters of the auditor’s choice', helpValue: 'N', required: true }),
    size: Flags.integer({ summary: 'how many items', helpValue: 'N', default: 25 }),
    out: Flags.string({
      summary: 'table to write; the PDF and the proof file stand beside it, and none may exist',
      helpValue: 'FILE',
      default: 'samples.csv',
    }),
    raw: Flags.string({ summary: 'the objects of AWS, where the package was made without them', helpValue: 'DIR' }),
    pages: Flags.boolean({ summary: 'trace each item on a page of a PDF', default: true, allowNo: true }),
  };

  async run(): Promise<Sample> {
    const { args, flags } = await this.parse(SampleCommand);
    const { control, nonce, size, out, pages, raw } = flags;
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const asked = {
      dir: args.package,
      control,
      nonce,
      size,
      out,
      pages,
      onProgress: bar.update,
      ...(raw !== undefined && { raw }),
    };
    const drawn = await sample(asked).finally(bar.stop);
    const columns = [
      { head: 'rank', cell: ({ rank }: Item) => String(rank), align: 'right' as const },
      { head: 'item', cell: ({ item }: Item) => item },
      { head: 'time', cell: ({ about }: Item) => about.time },
      { head: 'person', cell: ({ about }: Item) => about.person },
      { head: 'what', cell: ({ about }: Item) => about.what },
    ];
    for (const line of table(this.out, columns, drawn.sample)) this.log(line);
    this.log(`\n${drawn.sample.length} of ${drawn.items} items, population ${drawn.population.slice(0, 16)}…`);
    const { table: file, pages: pdf, proof } = drawn.files;
    for (const path of [file, pdf, proof]) if (path !== null) this.log(path);
    return drawn;
  }
}
