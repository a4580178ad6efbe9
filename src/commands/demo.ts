import { relative } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { type ServedDemo, type Tone, type TourResult, tour } from '../index.js';

const GLYPHS: Readonly<Record<Tone, string>> = {
  title: '',
  step: '·',
  allowed: '✓',
  held: '◆',
  denied: '✗',
  planted: '▲',
  note: '·',
  good: '✓',
  bad: '✗',
  next: '›',
};
const STYLES = {
  title: 'bold',
  allowed: 'green',
  good: 'green',
  held: 'yellow',
  denied: 'red',
  planted: 'yellow',
  bad: 'red',
} as const;

const isStyled = (tone: Tone): tone is keyof typeof STYLES => tone in STYLES;

/** Breaks a line at spaces, so that it fits; what follows stands under the text, not under the glyph. */
const wrap = (text: string, width: number): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};

const BIN = 'node bin/run.js';

/** As it is written in this folder. */
const here = (path: string): string => {
  const below = relative(process.cwd(), path);
  return below.startsWith('..') ? path : below;
};

export default class Demo extends BaseCommand {
  static override summary = 'Run the whole job on this machine: calls, approvals, a report, its verification.';
  static override description =
    'Starts an identity provider, official MCP servers, a sample AWS account and the gateway, all on loopback; needs no ' +
    'account and sends nothing elsewhere. Checks its own report against what it planted, and leaves a folder that the ' +
    'other commands work on.';
  static override examples = [
    '<%= config.bin %> demo',
    '<%= config.bin %> demo --serve',
    '<%= config.bin %> demo --dir /tmp/tour --seed 7',
  ];
  static override flags = {
    dir: Flags.string({
      summary: 'folder to work in; emptied if an earlier demo made it',
      default: 'countersign-demo',
      helpValue: 'DIR',
    }),
    seed: Flags.integer({
      summary: 'varies people, calls and what is planted',
      default: 1,
      min: 0,
      max: 2_147_483_647,
    }),
    serve: Flags.boolean({
      summary: 'leave gateway, page of approvals and report running, with logins to try, until Ctrl-C',
      exclusive: ['json'],
    }),
  };

  private narrate(tone: Tone, text: string): void {
    if (tone === 'title') return this.log(`\n${this.out.paint('bold', text)}`);
    const glyph = isStyled(tone) ? this.out.paint(STYLES[tone], GLYPHS[tone]) : GLYPHS[tone];
    const [first = '', ...rest] = wrap(text, this.out.width - 4);
    this.log(`  ${glyph} ${first}`);
    for (const line of rest) this.log(`    ${line}`);
  }

  async run(): Promise<TourResult> {
    const { flags } = await this.parse(Demo);
    const narrate = (tone: Tone, text: string): void => this.narrate(tone, text);
    const { result, served } = await tour({ dir: flags.dir, seed: flags.seed, serve: flags.serve, narrate });
    this.log(`\n${this.out.paint('bold', 'Done: the report is what was planted')}`);
    this.log(`  report    ${here(result.pdf)}`);
    this.log(`            ${here(result.page)}`);
    this.log(`  package   ${here(result.package)}`);
    if (served) await this.serve(served, `${here(result.dir)}/countersign.yaml`);
    else this.tellNext(result);
    return result;
  }

  private tellNext({ package: dir, trust, dir: folder }: TourResult): void {
    const today = new Date().toISOString().slice(0, 10);
    this.log(`\n${this.out.paint('bold', 'Try next')}`);
    this.log(`  ${BIN} verify ${here(dir)} --trust ${here(trust)}`);
    this.log(`  ${BIN} report --period ${today} -c ${here(folder)}/countersign.yaml`);
  }

  /** Says what runs and who can log in, and waits for the signal that ends it. */
  private async serve(served: ServedDemo, config: string): Promise<void> {
    const { approvals, report, servers, logins } = served;
    const ended = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    const bold = (text: string): void => this.log(`\n${this.out.paint('bold', text)}`);
    bold('Running on this machine alone, until Ctrl-C');
    this.log(`  approvals ${approvals}`);
    this.log(`  report    ${report}`);
    servers.forEach((url, i) => this.log(`  ${i === 0 ? 'servers' : '       '}   ${url}`));
    bold('Log in as one of these, without a password');
    const width = Math.max(...logins.map(({ name }) => name.length));
    for (const { name, groups, reviewer } of logins)
      this.log(
        `  ${name.padEnd(width)}  ${groups.join(', ')}${reviewer ? this.out.paint('green', '  may approve') : ''}`,
      );
    bold('In another terminal');
    this.log(`  ${BIN} login -c ${config}`);
    this.log(`  ${BIN} approvals watch -c ${config}`);
    this.log(`  ${BIN} ledger tail --follow -c ${config}`);
    bold('What happens now');
    served.begin();
    await ended;
    this.log('\nStopping …');
    await served.close();
    this.log('Everything has ended; the folder stays.');
  }
}
