/**
 * The configuration: `countersign.yaml` in, `Settings` out, or every problem at once with its place.
 * docs/configuration.md describes the fields; docs/countersign.schema.json is generated from the schema.
 */
import { isUtf8 } from 'node:buffer';
import { basename, dirname, resolve } from 'node:path';
import { sha256 } from '../base/digest.js';
import { isSystemError, readBounded } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { Settings } from '../model/settings.js';
import { crossCheck } from './config/checks.js';
import { fieldName, type Problem, parseYaml } from './config/document.js';
import { readPins } from './config/pins-file.js';
import { issueProblems, wordIssue } from './config/problems.js';
import { configuration, sections } from './config/schema.js';
import { toSettings } from './config/settings.js';

export { refuseKnownKey } from './config/known-keys.js';
export { configurationSchema } from './config/problems.js';
export { resolveSecret, sourceName } from './config/secret.js';

const MAX_BYTES = 1_048_576;
const MAX_SHOWN = 50;

/** What became of one file: settings, or what is wrong with it. */
export type ConfigurationCheck =
  | { readonly ok: true; readonly settings: Settings }
  | {
      readonly ok: false;
      readonly problems: readonly Problem[];
      /** All that is wrong is that a demonstration and real use are confused. */
      readonly demo: boolean;
    };

const byPlace = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;

/**
 * Checks the text of a configuration. Reads nothing but its arguments, and the toolsets that ship with the program.
 * @param file path the text came from; relative paths in it are relative to its folder
 */
export const checkConfiguration = (text: string, file: string): ConfigurationCheck => {
  const source = parseYaml(text);
  if (source.problems.length > 0) return { ok: false, problems: source.problems, demo: false };
  const parsed = configuration.safeParse(source.value, { error: wordIssue });
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => issueProblems(issue, source));
  const findings = crossCheck(sections.safeParse(source.value).data ?? {});
  const found = findings.map(({ path, message }) => ({ ...source.locate(path), field: fieldName(path), message }));
  const problems = [...issues, ...found].toSorted(byPlace);
  if (!parsed.success || problems.length > 0) {
    return { ok: false, problems, demo: issues.length === 0 && findings.every(({ demo }) => demo === true) };
  }
  const absolute = resolve(file);
  const digest = sha256(text);
  const provenance = { digest, files: [{ path: basename(absolute), digest }] };
  return { ok: true, settings: toSettings(parsed.data, { file: absolute, folder: dirname(absolute), provenance }) };
};

/** One line for people: `countersign.yaml:12:5 policy[0].id: what is wrong`. */
const problemLine = (file: string, { line, column, field, message }: Problem): string =>
  `${basename(file)}:${line}:${column} ${field === '' ? '' : `${field}: `}${message}`;

const problemText = (file: string, problems: readonly Problem[]): string => {
  const lines = problems.slice(0, MAX_SHOWN).map((problem) => problemLine(file, problem));
  const rest = problems.length - lines.length;
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].map((text) => `\n  ${text}`).join('');
};

const readText = async (file: string): Promise<string> => {
  const invalid = (problems: string) => new CountersignError('CONFIG_INVALID', { file, problems });
  const bytes = await readBounded(file, MAX_BYTES).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) throw new CountersignError('CONFIG_NOT_FOUND', { file }, { cause: error });
    throw invalid(reason(error));
  });
  if (!isUtf8(bytes)) throw invalid('it is not UTF-8 text');
  return bytes.toString('utf8');
};

/** Which file is read: the argument (`-c`), else COUNTERSIGN_CONFIG, else countersign.yaml here. */
export const configurationFile = (file?: string, env: NodeJS.ProcessEnv = process.env): string =>
  resolve(file ?? env['COUNTERSIGN_CONFIG'] ?? 'countersign.yaml');

/** The settings with the pins of the file they name; one that is not there holds none. */
const withPinsFile = async (settings: Settings): Promise<Settings> => {
  const { pins, provenance } = settings;
  if (!pins) return settings;
  const read = await readPins(pins.file);
  if (!read) return settings;
  const files = [...provenance.files, { path: basename(pins.file), digest: read.digest }];
  const digest = sha256(files.map((file) => `${file.digest}  ${file.path}\n`).join(''));
  return { ...settings, pins: { ...pins, tools: read.tools }, provenance: { digest, files } };
};

/**
 * Loads and checks the configuration.
 * @param file what `-c` names; see `configurationFile` for the search order
 * @throws CONFIG_NOT_FOUND, CONFIG_INVALID with every problem and its place, or CONFIG_DEMO where the
 *   only problems are that demonstration and real use are confused; all exit 2
 */
export const loadSettings = async (file?: string, env: NodeJS.ProcessEnv = process.env): Promise<Settings> => {
  const found = configurationFile(file, env);
  const checked = checkConfiguration(await readText(found), found);
  if (checked.ok) return withPinsFile(checked.settings);
  const problems = problemText(found, checked.problems);
  if (checked.demo) throw new CountersignError('CONFIG_DEMO', { file: found, problem: problems });
  throw new CountersignError('CONFIG_INVALID', { file: found, problems });
};
