/**
 * Writes what the documentation takes from the code: docs/errors.md, docs/cli.md, docs/warehouse.md and docs/countersign.schema.json.
 * `npm run docs` runs it on the build; test/docs.test.ts compares its output with the files.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const cell = (text) => text.replaceAll('|', '\\|');
const row = (cells) => `| ${cells.join(' | ')} |`;

/** The exit codes as a Markdown table: also in the README. */
export const exitTable = (exits, meanings) =>
  [
    row(['code', 'meaning']),
    row(['---', '---']),
    ...Object.entries(exits).map(([name, code]) => row([code, cell(meanings[name])])),
  ].join('\n');

const section = (name, { exit, message, hint }) =>
  [
    `### ${name}`,
    '',
    `Exit ${exit}. ${message.replace(/^./, (first) => first.toUpperCase())}.`,
    '',
    `Mend: ${hint}.`,
  ].join('\n');

/** docs/errors.md. */
export const errorsPage = (errors, exits, meanings) =>
  `${[
    '# Errors and exit codes',
    '',
    '<!-- Generated from src/base/errors.ts by `npm run docs`; a test keeps the two equal. -->',
    '',
    'Every command ends with one of these codes. Where several apply, the first of 1, 2, 14, 12, 11, 10, 13 is taken.',
    '',
    exitTable(exits, meanings),
    '',
    'An error is printed as what is wrong, then the mend. With `--json` it is',
    '`{"error":{"code","message","hint","exit"}}` on standard output. Words in braces stand for names, paths and',
    'positions; a message never holds a secret. A denied call is not an error: it is a decision, and a record.',
    '',
    '## Codes',
    '',
    Object.entries(errors)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entry]) => section(name, entry))
      .join('\n\n'),
  ].join('\n')}\n`;

/** docs/countersign.schema.json. */
export const schemaPage = (schema) => `${JSON.stringify({ title: 'countersign.yaml', ...schema }, null, 2)}\n`;

/** `name TYPE` of each column of a CREATE TABLE statement. */
const columnsOf = (sql) =>
  sql
    .slice(sql.indexOf('(') + 1, sql.lastIndexOf(')'))
    .split(',')
    .map((column) => /^\s*"?(\w+)"?\s+(\w+(?:\[\])?)(\s+NOT NULL)?/.exec(column))
    .map(([, name, type, required]) => row([`\`${name}\``, type, required ? '' : 'may be NULL']));

const tableSection = ({ says, sql }) => {
  const [, name] = /CREATE TABLE (\w+)/.exec(sql);
  return [`## ${name}`, '', says, '', row(['column', 'type', '']), row(['---', '---', '---']), ...columnsOf(sql)].join(
    '\n',
  );
};

/** docs/warehouse.md. */
export const warehousePage = (tables) =>
  `${[
    '# The warehouse',
    '',
    '<!-- Generated from src/warehouse/schema.ts by `npm run docs`; a test keeps the two equal. -->',
    '',
    '`<dataDir>/warehouse.duckdb` is derived from the ledger and from what was collected: built aside, renamed, never',
    'migrated. Ask it with `countersign sql`, or open it read-only with any DuckDB client; the gateway never opens it.',
    'All times are UTC, without zone. A principal is `issuer|subject`.',
    '',
    tables.map(tableSection).join('\n\n'),
  ].join('\n')}\n`;

/** The commands of the build. */
export const commands = async (root) => {
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  return Object.values(plugin.manifest.commands);
};

const plain = (text = '') => text.replaceAll('<%= config.bin %>', 'countersign');
const words = (id) => id.replaceAll(':', ' ');

const flagName = (name, { char, type, helpValue, options }) =>
  `\`${char ? `-${char}, ` : ''}--${name}${type === 'option' ? ` ${options?.join('\\|') ?? helpValue ?? 'VALUE'}` : ''}\``;

const flagRows = (flags) =>
  Object.entries(flags)
    .filter(([name, { hidden }]) => !hidden && name !== 'json')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => {
      const { summary, description, default: fallback, required, multiple, allowNo } = flag;
      const more = [
        ...(required ? ['required'] : []),
        ...(multiple ? ['may be repeated'] : []),
        ...(allowNo ? [`\`--no-${name}\` turns it off`] : []),
        ...(['string', 'number'].includes(typeof fallback) ? [`default \`${fallback}\``] : []),
      ];
      return row([flagName(name, flag), cell(plain([summary ?? description, ...more].join('; ')))]);
    });

const argRows = (args) =>
  Object.entries(args).map(([name, { description, required, options }]) =>
    row([
      `\`${name.toUpperCase()}\``,
      cell(
        plain([description, ...(options ? [options.join(', ')] : []), ...(required ? ['required'] : [])].join('; ')),
      ),
    ]),
  );

const example = (one) => (typeof one === 'string' ? plain(one) : `# ${plain(one.description)}\n${plain(one.command)}`);

const commandSection = ({ id, summary, description, args, flags, examples = [] }) => {
  const rows = [...argRows(args), ...flagRows(flags)];
  return [
    `## countersign ${words(id)}`,
    '',
    plain(summary),
    ...(description ? ['', plain(description)] : []),
    ...(rows.length > 0 ? ['', row(['argument or flag', 'meaning']), row(['---', '---']), ...rows] : []),
    '',
    '```sh',
    ...examples.map(example),
    '```',
  ].join('\n');
};

/** docs/cli.md. */
export const cliPage = (all) =>
  `${[
    '# Commands',
    '',
    '<!-- Generated from src/commands by `npm run docs`; a test keeps the two equal. -->',
    '',
    'Every command takes `--help`, and `--json` for an answer that programs read. Errors and exit codes are in',
    '[errors](errors.md). `countersign completion bash` makes your shell complete all of this.',
    '',
    all
      .filter(({ hidden }) => !hidden)
      .toSorted((a, b) => (words(a.id) < words(b.id) ? -1 : 1))
      .map(commandSection)
      .join('\n\n'),
  ].join('\n')}\n`;

const write = (name, text) => writeFileSync(new URL(name, import.meta.url), text);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ERRORS, EXIT, EXIT_MEANINGS } = await import('../dist/base/errors.js');
  const { configurationSchema } = await import('../dist/app/config.js');
  const { TABLES } = await import('../dist/warehouse/schema.js');
  write('warehouse.md', warehousePage(TABLES));
  write('cli.md', cliPage(await commands(fileURLToPath(new URL('..', import.meta.url)))));
  write('errors.md', errorsPage(ERRORS, EXIT, EXIT_MEANINGS));
  write('countersign.schema.json', schemaPage(configurationSchema()));
}
