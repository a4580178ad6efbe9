import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../cli/base.js';
import { untilStopped } from '../cli/follow.js';
import { type Exported, exportRecords, loadSettings, printedRecords } from '../index.js';

type Loaded = Awaited<ReturnType<typeof loadSettings>>;

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

  async run(): Promise<Exported | undefined> {
    const { args, flags } = await this.parse(Export);
    const settings = await loadSettings(flags.config);
    const following = flags.follow ? untilStopped(process.stdout) : undefined;
    try {
      if (args.name !== undefined) return await this.send(settings, args.name, following?.signal);
      for await (const line of printedRecords(settings, flags.format, following?.signal)) {
        process.stdout.write(`${line}\n`);
      }
      return undefined;
    } finally {
      following?.done();
    }
  }

  private async send(settings: Loaded, name: string, follow: AbortSignal | undefined): Promise<Exported> {
    const onProblem = (problem: string | null): void =>
      this.logToStderr(problem === null ? `${name} takes records again` : `${name}: ${problem}; it is tried again`);
    const done = await exportRecords(settings, { name, follow, onProblem });
    this.log(`${done.sent} events sent to ${name}, up to record ${done.seq ?? 'none'}`);
    if (done.refused > 0) this.log(`${done.refused} were refused for good; they lie in ${done.deadLetters}`);
    return done;
  }
}
