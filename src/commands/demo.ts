import { relative } from 'node:path';
import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { type Tone, type TourResult, tour } from '../index.js';

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

export default class Demo extends BaseCommand {
  static override summary = 'Run the whole job on this machine: calls, approvals, a report, its verification.';
  static override description =
    'Starts an identity provider, official MCP servers, a sample AWS account and the gateway, all on loopback; needs no ' +
    'account and sends nothing elsewhere. Checks its own report against what it planted, and leaves a folder that the ' +
    'other commands work on.';
  static override examples = ['<%= config.bin %> demo', '<%= config.bin %> demo --dir /tmp/tour --seed 7'];
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
    const result = await tour({ dir: flags.dir, seed: flags.seed, narrate });
    const here = (path: string): string => {
      const below = relative(process.cwd(), path);
      return below.startsWith('..') ? path : below;
    };
    this.log(`\n${this.out.paint('bold', 'Done: the report is what was planted')}`);
    this.log(`  report    ${here(result.pdf)}`);
    this.log(`            ${here(result.page)}`);
    this.log(`  package   ${here(result.package)}`);
    this.log(`\n${this.out.paint('bold', 'Try next')}`);
    const bin = 'node bin/run.js';
    this.log(`  ${bin} verify ${here(result.package)} --trust ${here(result.trust)}`);
    this.log(
      `  ${bin} report --period ${new Date().toISOString().slice(0, 10)} -c ${here(result.dir)}/countersign.yaml`,
    );
    return result;
  }
}
