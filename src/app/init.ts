/** `init`: a first configuration, cases of its policy, and keys. */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isSystemError, makeFolder, readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { createDigestKey, createSigningKey } from '../ledger/keys.js';
import { checkConfiguration } from './config.js';
import { type Imported, importServers, type ServerEntry } from './init/import.js';
import { type InitAnswers, renderCases, renderConfiguration } from './init/render.js';

/** What is taken where nobody answers: examples, to be replaced before real use. */
export const INIT_DEFAULTS: InitAnswers = {
  organization: 'Example Inc',
  publicUrl: 'https://mcp.example.com',
  issuer: 'https://login.example.com',
  audience: '',
  clientId: 'countersign-cli',
  group: 'engineering',
  reviewers: 'platform-leads',
  cloudtrail: '',
};

export interface InitAsk {
  readonly dir: string;
  /** Absent answers are the defaults; without `audience` it is the public URL. */
  readonly answers: Partial<InitAnswers>;
  /** Files of MCP clients whose servers are taken over. */
  readonly imports: readonly string[];
}

export interface InitResult {
  /** Absolute paths of what was written. */
  readonly files: readonly string[];
  readonly servers: readonly string[];
  /** Environment variables that must hold the secrets of imported servers. */
  readonly variables: readonly string[];
  /** Servers that were not taken over, each with the reason. */
  readonly skipped: readonly string[];
  /** Answers that are still examples; `servers` where none was imported. */
  readonly examples: readonly string[];
  /** The three commands to run next. */
  readonly next: readonly string[];
}

const MAX_BYTES = 1_048_576;
const KEYS = { ledger: 'data/keys/ledger.key', report: 'data/keys/report.key', digest: 'data/keys/digest.key' };
const EXAMPLE: Readonly<Record<string, ServerEntry>> = {
  files: { stdio: { command: 'mcp-server-filesystem', args: ['/srv/files'] } },
};

const usage = (problem: string, cause?: unknown): CountersignError =>
  new CountersignError('USAGE', { problem }, { cause });

const template = (name: string): Promise<string> =>
  readFile(new URL(`../../templates/init/${name}`, import.meta.url), 'utf8');

const readImports = async (files: readonly string[]): Promise<Imported> => {
  const texts: string[] = [];
  for (const file of files) {
    try {
      const text = (await readBounded(file, MAX_BYTES)).toString('utf8');
      importServers([text]);
      texts.push(text);
    } catch (error) {
      throw usage(`the servers of ${file} cannot be imported: ${reason(error)}`, error);
    }
  }
  return importServers(texts);
};

/** The text of the configuration, known to load. */
const configurationText = async (
  answers: InitAnswers,
  servers: Readonly<Record<string, ServerEntry>>,
  file: string,
): Promise<string> => {
  const text = renderConfiguration(await template('countersign.yaml'), answers, servers);
  const checked = checkConfiguration(text, file);
  if (checked.ok) return text;
  throw usage(
    `the answers make no valid configuration: ${checked.problems.map((p) => `\n  ${p.field}: ${p.message}`).join('')}`,
  );
};

const refuseExisting = async (files: readonly string[]): Promise<void> => {
  for (const file of files) {
    if (await realFiles.facts(file)) throw usage(`${file} exists, and init overwrites nothing; name another folder`);
  }
};

const writeNew = async (file: string, text: string): Promise<void> => {
  try {
    const handle = await realFiles.create(file, 0o644);
    try {
      await handle.write(Buffer.from(text));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw usage(`${file} cannot be written: ${isSystemError(error, 'EEXIST') ? 'it exists' : reason(error)}`, error);
  }
};

const answersOf = (given: Partial<InitAnswers>): InitAnswers => {
  const answers = { ...INIT_DEFAULTS, ...given };
  const cloudtrail =
    answers.cloudtrail === '' || answers.cloudtrail.startsWith('s3://')
      ? answers.cloudtrail
      : resolve(answers.cloudtrail);
  return { ...answers, audience: answers.audience || answers.publicUrl, cloudtrail };
};

const EXAMPLES = ['organization', 'publicUrl', 'issuer', 'group', 'reviewers'] as const;

const nextCommands = (dir: string): readonly string[] => {
  const file = join(dir, 'countersign.yaml');
  const flag =
    resolve('.') === dir ? '' : ` -c ${/^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`}`;
  return [`countersign doctor${flag}`, `countersign policy test${flag}`, `countersign proxy${flag}`];
};

/**
 * Writes a first configuration into a folder, with cases of its policy and keys that the owner alone can read.
 * Nothing is overwritten, and nothing is written where the answers make no valid configuration.
 * @throws CountersignError USAGE
 */
export const initialize = async ({ dir, answers: given, imports }: InitAsk): Promise<InitResult> => {
  const folder = resolve(dir);
  const answers = answersOf(given);
  const imported = await readImports(imports);
  const servers = Object.keys(imported.servers).length > 0 ? imported.servers : EXAMPLE;
  const ids = Object.keys(servers);
  const file = join(folder, 'countersign.yaml');
  const casesFile = join(folder, 'policy-cases.yaml');
  const keys = Object.values(KEYS).map((key) => join(folder, key));
  const text = await configurationText(answers, servers, file);
  const cases = renderCases(await template('policy-cases.yaml'), answers, ids[0] ?? '');
  await refuseExisting([file, casesFile, ...keys]);
  await makeFolder(folder);
  await createSigningKey(join(folder, KEYS.ledger));
  await createSigningKey(join(folder, KEYS.report));
  await createDigestKey(join(folder, KEYS.digest));
  await writeNew(casesFile, cases);
  await writeNew(file, text);
  return {
    files: [file, casesFile, ...keys],
    servers: ids,
    variables: imported.variables,
    skipped: imported.skipped,
    examples: [
      ...EXAMPLES.filter((name) => answers[name] === INIT_DEFAULTS[name]),
      ...(servers === EXAMPLE ? ['servers'] : []),
    ],
    next: nextCommands(folder),
  };
};
