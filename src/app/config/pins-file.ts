/** The file of pins: read strictly, written whole. */
import { isUtf8 } from 'node:buffer';
import { stringify } from 'yaml';
import { sha256 } from '../../base/digest.js';
import { isSystemError, readBounded, writeAtomic } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import type { PinSettings } from '../../model/policy-settings.js';
import { type Problem, parseYaml } from './document.js';
import { pinsFile } from './pins-schema.js';
import { issueProblems, wordIssue } from './problems.js';

const MAX_BYTES = 4_194_304;

const lineOf = ({ line, column, field, message }: Problem): string =>
  `\n  ${line}:${column} ${field === '' ? '' : `${field}: `}${message}`;

const readText = async (file: string): Promise<string | null> => {
  const invalid = (problems: string) => new CountersignError('CONFIG_INVALID', { file, problems });
  const bytes = await readBounded(file, MAX_BYTES).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return null;
    throw invalid(reason(error));
  });
  if (bytes === null) return null;
  if (!isUtf8(bytes)) throw invalid('it is not UTF-8 text');
  return bytes.toString('utf8');
};

/**
 * @returns null where there is no such file
 * @throws CountersignError CONFIG_INVALID with every problem and its place
 */
export const readPins = async (
  file: string,
): Promise<{ readonly digest: string; readonly tools: PinSettings['tools'] } | null> => {
  const text = await readText(file);
  if (text === null) return null;
  const source = parseYaml(text);
  const parsed = pinsFile.safeParse(source.value, { error: wordIssue });
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => issueProblems(issue, source));
  const problems = source.problems.length > 0 ? source.problems : issues;
  if (!parsed.success || problems.length > 0) {
    throw new CountersignError('CONFIG_INVALID', { file, problems: problems.map(lineOf).join('') });
  }
  return { digest: sha256(text), tools: parsed.data.tools };
};

const HEAD = '# Definitions of tools that somebody has looked at. countersign tools pin writes this file.\n';

const sorted = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(map).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Writes all pins, sorted, so that a change of one is a change of one line. */
export const writePins = async (file: string, tools: PinSettings['tools']): Promise<void> => {
  const servers = Object.fromEntries(Object.entries(sorted(tools)).map(([server, pins]) => [server, sorted(pins)]));
  await writeAtomic(file, Buffer.from(HEAD + stringify({ version: 1, tools: servers }, { lineWidth: 0 })));
};
