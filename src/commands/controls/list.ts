import { BaseCommand } from '../../cli/base.js';
import { controlFlags, controlFolders } from '../../cli/control-folders.js';
import { table } from '../../cli/print.js';
import { controlSet } from '../../index.js';

interface Line {
  readonly id: string;
  readonly title: string;
  readonly criteria: readonly string[];
  readonly frameworks: Readonly<Record<string, readonly string[]>>;
  readonly category: readonly string[];
  readonly requires: readonly string[];
  readonly owner: string;
}

export default class ControlsList extends BaseCommand {
  static override summary = 'List the controls with the criteria they speak to.';
  static override description =
    'Lists the controls that ship with the program, and those of the folders named. Each is a folder with ' +
    'control.yaml, population.sql and exceptions.sql; a definition that cannot be used is named with its place.';
  static override examples = [
    '<%= config.bin %> controls list',
    '<%= config.bin %> controls list --dir ./controls --json',
    '<%= config.bin %> controls list --config countersign.yaml',
  ];
  static override flags = controlFlags;

  async run(): Promise<{ controls: readonly Line[] }> {
    const { flags } = await this.parse(ControlsList);
    const set = await controlSet(await controlFolders(flags));
    const controls = set.controls.map(({ id, title, criteria, frameworks, category, requires, owner }) => ({
      id,
      title,
      criteria,
      frameworks,
      category,
      requires,
      owner,
    }));
    const columns = [
      { head: 'control', cell: ({ id }: Line) => id },
      { head: 'criteria', cell: requirements },
      { head: 'what it says', cell: ({ title }: Line) => title },
    ];
    for (const line of table(this.out, columns, controls)) this.log(line);
    return { controls };
  }
}

/** Criteria, and after them the requirements of other frameworks. */
const requirements = ({ criteria, frameworks }: Line): string =>
  [...criteria, ...Object.entries(frameworks).map(([name, ids]) => `${name}: ${ids.join(' ')}`)].join(' ');
