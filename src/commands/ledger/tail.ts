import { Args, Flags } from '@oclif/core';
import { BaseCommand, configFlag } from '../../cli/base.js';
import { untilStopped } from '../../cli/follow.js';
import { printable, recordText, type TailedRecord, tailLedger } from '../../index.js';

/** Wide enough for the longest type and for ten million records. */
const TYPE_WIDTH = 8;
const SEQ_WIDTH = 8;

/** Refusals stand out, and so does what happened to the ledger and the gateway. */
const STYLES: Readonly<Record<string, 'red' | 'yellow' | 'cyan'>> = {
  refuse: 'red',
  auth: 'red',
  masking: 'red',
  recover: 'yellow',
  approval: 'yellow',
  seg: 'cyan',
  start: 'cyan',
  stop: 'cyan',
  config: 'cyan',
};

const styleOf = ({ type, d }: TailedRecord): 'red' | 'yellow' | 'cyan' | undefined =>
  type === 'call' && d['forwarded'] !== true ? 'red' : STYLES[type];

export default class LedgerTail extends BaseCommand {
  static override summary = 'Print the last records of a ledger, verified, and with --follow each further one.';
  static override description =
    'Reads the ledger from its first record on and checks links, roots, signatures and payloads on the way; where ' +
    'something does not hold it ends with 12 and names the place. With --json each line is one record.';
  static override examples = [
    '<%= config.bin %> ledger tail --follow --filter type=call --filter server=files',
    '<%= config.bin %> ledger tail data/ledger/example.com_mcp_gw-1 -n 100 --json',
  ];
  static override args = { path: Args.string({ description: 'folder of the ledger (default: of the configuration)' }) };
  static override flags = {
    config: configFlag,
    lines: Flags.integer({
      char: 'n',
      summary: 'most records shown of those that are there',
      default: 20,
      min: 0,
      max: 1_000_000,
    }),
    follow: Flags.boolean({ char: 'f', summary: 'go on with what is written later, until interrupted' }),
    filter: Flags.string({
      summary: 'only records with this value, such as type=call or principal.sub=alice',
      helpValue: 'MEMBER=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
  };

  private show(entry: TailedRecord): void {
    if (this.jsonEnabled()) {
      const { seq, t, type, d, payloads } = entry;
      process.stdout.write(`${JSON.stringify({ seq, t, type, d, payloads })}\n`);
      return;
    }
    const style = styleOf(entry);
    const type = entry.type.padEnd(TYPE_WIDTH);
    const facts = `${entry.t}  ${String(entry.seq).padStart(SEQ_WIDTH)}`;
    const text = printable(recordText(entry));
    this.log(`${this.out.paint('dim', facts)}  ${style ? this.out.paint(style, type) : type}  ${text}`.trimEnd());
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(LedgerTail);
    const following = flags.follow ? untilStopped(process.stdout) : undefined;
    try {
      const { path: dir } = args;
      const { config, lines: last, filter: filters = [] } = flags;
      const follow = following?.signal;
      for await (const entry of tailLedger({ dir, config, last, filters, follow })) this.show(entry);
    } finally {
      following?.done();
    }
  }
}
