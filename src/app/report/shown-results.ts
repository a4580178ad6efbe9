/** The results of a package as its `results.json` shows them, for comparing. */
import { canonical } from '../../base/canonical.js';
import { isArray, isObject, type JsonObject, type JsonValue } from '../../base/json.js';

/** One result: what is told of it, and every field for comparing. */
export interface ShownResult {
  readonly result: string;
  readonly population: number;
  readonly exceptions: number;
  readonly fields: JsonObject;
}

const shownOf = (value: JsonValue): readonly [string, ShownResult] => {
  if (!isObject(value)) throw new Error('a result is not an object');
  const { control, result, population, exceptions } = value;
  if (typeof control !== 'string' || typeof result !== 'string' || typeof population !== 'number')
    throw new Error('a result lacks its control, its word or its population');
  if (exceptions === undefined || !isArray(exceptions)) throw new Error(`${control} lacks its exceptions`);
  return [control, { result, population, exceptions: exceptions.length, fields: value }];
};

/**
 * By control.
 * @throws Error where a result is malformed or a control has two
 */
export const shownResults = (document: JsonValue): ReadonlyMap<string, ShownResult> => {
  const list = isObject(document) ? document['results'] : undefined;
  if (list === undefined || !isArray(list)) throw new Error('it has no list of results');
  const entries = list.map(shownOf);
  const results = new Map(entries);
  if (results.size !== entries.length) throw new Error('a control has two results');
  return results;
};

/** Names of the fields in which two results differ; where one is missing, that is `missing`. */
export const changedFields = (one: ShownResult | null, other: ShownResult | null): readonly string[] => {
  if (one === null || other === null) return ['missing'];
  const names = new Set([...Object.keys(one.fields), ...Object.keys(other.fields)]);
  const text = (value: JsonValue | undefined): string => (value === undefined ? '' : canonical(value));
  return [...names].filter((name) => text(one.fields[name]) !== text(other.fields[name])).sort();
};
