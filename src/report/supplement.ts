/** What a further report of a period says that the final one before it did not: AWS delivers logs for weeks. */
import { join } from 'node:path';
import { sha256 } from '../base/digest.js';
import { readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import { isArray, isObject, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';
import type { RawObject, TestResult } from '../model/evidence.js';
import { parseRawIndex } from '../model/raw-index.js';
import { csv } from './csv.js';
import { listed, plural } from './words.js';

const MAX_BYTES = 1024 ** 3;

/** One line of `supplement.csv`. */
export interface Difference {
  readonly kind: 'result' | 'log';
  /** Control, or key of the log. */
  readonly id: string;
  readonly before: string;
  readonly now: string;
}

export interface Supplement {
  /** Id of the report before, and the SHA-256 of its manifest. */
  readonly report: string;
  readonly manifest: string;
  readonly differences: readonly Difference[];
}

const objects = (value: JsonValue | undefined): readonly JsonObject[] =>
  value !== undefined && isArray(value) ? value.filter(isObject) : [];

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

const words = (result: JsonValue | undefined, exceptions: number): string =>
  `${text(result)}${exceptions === 0 ? '' : ` (${exceptions})`}`;

const resultsIn = (document: JsonValue): ReadonlyMap<string, string> =>
  new Map(
    objects(isObject(document) ? document['results'] : undefined).map(({ control, result, exceptions }) => [
      text(control),
      words(result, objects(exceptions).length),
    ]),
  );

const resultDifferences = (
  before: ReadonlyMap<string, string>,
  results: readonly TestResult[],
): readonly Difference[] => {
  const now = new Map(results.map((one) => [one.control, words(one.result, one.exceptions.length)]));
  return [...new Set([...before.keys(), ...now.keys()])]
    .sort()
    .map((id) => ({
      kind: 'result' as const,
      id,
      before: before.get(id) ?? 'not tested',
      now: now.get(id) ?? 'not tested',
    }))
    .filter((one) => one.before !== one.now);
};

/** What the report before was made from, by its index: the objects themselves may have been left out of it. */
const objectsIn = async (dir: string): Promise<readonly RawObject[]> => {
  const index = join(dir, 'raw', 'index.ndjson');
  return (await realFiles.facts(index)) === undefined ? [] : parseRawIndex(await readBounded(index, MAX_BYTES));
};

const logDifferences = (before: readonly RawObject[], raw: readonly RawObject[]): readonly Difference[] => {
  const known = new Set(before.map(({ sha256: hash }) => hash));
  return raw
    .filter(({ kind, sha256: hash }) => kind === 'cloudtrail-log' && !known.has(hash))
    .map(({ key, sha256: hash }) => ({ kind: 'log' as const, id: key, before: '', now: hash }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
};

/**
 * Compares with the report before.
 * @param dir its folder
 * @throws CountersignError PACKAGE_UNSOUND where it cannot be read: a supplement must name what it supplements
 */
export const supplementTo = async (
  dir: string,
  results: readonly TestResult[],
  raw: readonly RawObject[],
): Promise<Supplement> => {
  try {
    const bytes = await readBounded(join(dir, 'manifest.json'), MAX_BYTES);
    const manifest = toValue(parseJson(bytes));
    if (!isObject(manifest) || typeof manifest['report'] !== 'string') throw new Error('manifest.json names no report');
    const before = resultsIn(toValue(parseJson(await readBounded(join(dir, 'results.json'), MAX_BYTES))));
    const differences = [...resultDifferences(before, results), ...logDifferences(await objectsIn(dir), raw)];
    return { report: manifest['report'], manifest: sha256(bytes), differences };
  } catch (error) {
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: reason(error) }, { cause: error });
  }
};

export const supplementTable = ({ differences }: Supplement): string =>
  csv(
    ['kind', 'id', 'before', 'now'],
    differences.map(({ kind, id, before, now }) => [kind, id, before, now]),
  );

/** In one sentence, for the cover. */
export const supplementWords = ({ report, manifest, differences }: Supplement): string => {
  const logs = differences.filter(({ kind }) => kind === 'log').length;
  const changed = differences.filter(({ kind }) => kind === 'result').map(({ id }) => id);
  const parts = [
    logs > 0 ? `${plural(logs, 'log file')} came since` : 'no log file came since',
    changed.length === 0
      ? 'every result is the same'
      : `${changed.length > 8 ? plural(changed.length, 'result') : `the results of ${listed(changed)}`} differ`,
  ];
  return `It supplements ${report} (manifest ${manifest.slice(0, 16)}…): ${listed(parts)}; see csv/supplement.csv.`;
};
