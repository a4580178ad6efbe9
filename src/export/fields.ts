/** Reads what a record holds, whatever version of the program wrote it. */
import { isArray, type JsonValue } from '../base/json.js';

const member = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !isArray(value) && Object.hasOwn(value, name)
    ? value[name]
    : undefined;

const at = (value: JsonValue, ...path: readonly string[]): JsonValue | undefined =>
  path.reduce<JsonValue | undefined>(member, value);

/** The text at a path; undefined where there is none. */
export const textAt = (value: JsonValue, ...path: readonly string[]): string | undefined => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
};

export const numberAt = (value: JsonValue, ...path: readonly string[]): number | undefined => {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
};

/** The texts of a list; none where it is no list. */
export const textsAt = (value: JsonValue, ...path: readonly string[]): readonly string[] => {
  const found = at(value, ...path);
  return found !== undefined && isArray(found) ? found.filter((item) => typeof item === 'string') : [];
};
