import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { state, table } from '../cli/print.js';
import { progress } from '../cli/progress.js';
import { type Reperformance, type Reperformed, reperform } from '../index.js';

export default class Reperform extends BaseCommand {
  static override summary = 'Run every test of an evidence package again, from the package alone.';
  static override description =
    'Builds the database anew from the ledger and the CloudTrail objects of the package, runs the tests of its controls ' +
    'and compares each result with the one the package shows. The queries can read that database and nothing else. A ' +
    'control whose SQL is not the one this program ships is marked MODIFIED; one the program does not ship, OWN. Ends ' +
    'with 12 where a result differs. Who signed the package is for `verify` to say.';
  static override examples = [
    '<%= config.bin %> reperform evidence/2026-Q3',
    '<%= config.bin %> reperform evidence/2026-Q3 --json',
  ];
  static override flags = {
    raw: Flags.string({
      summary: 'folder of the CloudTrail objects that the package leaves out, by hash',
      helpValue: 'DIR',
    }),
  };
  static override args = { package: Args.string({ description: 'folder of the package', required: true }) };

  async run(): Promise<Reperformance> {
    const { args, flags } = await this.parse(Reperform);
    const bar = progress(this.err.interactive && !this.jsonEnabled());
    const { version } = this.config;
    const asked = { dir: args.package, version, ...(flags.raw === undefined ? {} : { raw: flags.raw }) };
    const done = await reperform({ ...asked, onProgress: bar.update }).finally(bar.stop);
    this.print(done);
    this.finish(done.exit);
    return done;
  }

  private print({ report, version, tests }: Reperformance): void {
    const columns = [
      { head: 'control', cell: ({ control }: Reperformed) => control },
      { head: 'again', cell: ({ differs }: Reperformed) => state(this.out, differs.length === 0 ? 'pass' : 'fail') },
      { head: 'result', cell: resultOf },
      {
        head: 'SQL',
        cell: ({ definition }: Reperformed) => (definition === 'shipped' ? '' : definition.toUpperCase()),
      },
    ];
    for (const line of table(this.out, columns, tests)) this.log(line);
    if (version.package !== version.here) {
      this.logToStderr(`${report} was made by version ${version.package}; this is ${version.here}.`);
    }
    const same = tests.filter(({ differs }) => differs.length === 0).length;
    this.log(`\n${report}: ${same} of ${tests.length} results are the same again.`);
  }
}

const words = (shown: Reperformed['shown']): string =>
  shown === null ? 'none' : `${shown.result}, ${shown.exceptions} of ${shown.population}`;

const resultOf = ({ shown, again, differs }: Reperformed): string =>
  differs.length === 0
    ? words(again)
    : `package: ${words(shown)}; again: ${words(again)}; differs in ${differs.join(', ')}`;
