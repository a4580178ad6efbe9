import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { type Exported, exportRecords, loadSettings, printedRecords } from '../index.js';

export default class Export extends BaseCommand {
  static override summary = 'Send records to another system, or print them, each verified.';
  static override description =
    'With the name of an export of the configuration, sends what its receiver does not have yet, at least once and in ' +
    'order; a receiver that is away is tried again, and what it refuses for good is kept beside. Without a name, prints ' +
    'them, one JSON object a line; heartbeats and the like are no events of OCSF. Payloads stay ' +
    'in the ledger. It reads the ledger, so it never holds up a call.';
  static override examples = ['<%= config.bin %> export siem --follow', '<%= config.bin %> export --format ndjson'];
  static override args = { name: Args.string({ description: 'an export of the configuration (default: print)' }) };
  static override flags = {
    config: configFlag,
    follow: Flags.boolean({ char: 'f', summary: 'go on with records as they come' }),
    format: Flags.option({ options: ['ocsf', 'ndjson'] as const, summary: 'form of what is printed' })({
      default: 'ocsf',
    }),
  };

  private ending(): AbortSignal {
    const ending = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
    return ending.signal;
  }

  async run(): Promise<Exported | undefined> {
    const { args, flags } = await this.parse(Export);
    const settings = await loadSettings(flags.config);
    const follow = flags.follow ? this.ending() : undefined;
    if (args.name === undefined) {
      for await (const line of printedRecords(settings, flags.format, follow)) process.stdout.write(`${line}\n`);
      return undefined;
    }
    const { name } = args;
    const onProblem = (problem: string | null): void =>
      this.logToStderr(problem === null ? `${name} takes records again` : `${name}: ${problem}; it is tried again`);
    const done = await exportRecords(settings, { name, follow, onProblem });
    this.log(`${done.sent} events sent to ${name}, up to record ${done.seq ?? 'none'}`);
    if (done.refused > 0) this.log(`${done.refused} were refused for good; they lie in ${done.deadLetters}`);
    return done;
  }
}
