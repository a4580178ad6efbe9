/** Strict shapes of parsed JSON, with node built-ins only. Each problem names the field. */
import { isArray, JsonError, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';

/** What is wrong with a document. Never holds its content. */
export class ShapeError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'ShapeError';
  }
}

/** Strict JSON, or a ShapeError that says why not. */
export const readJson = (bytes: Uint8Array): JsonValue => {
  try {
    return toValue(parseJson(bytes));
  } catch (error) {
    if (error instanceof JsonError) throw new ShapeError(`not strict JSON: ${error.message}`);
    throw error;
  }
};

/** An object with these members and no others; `optional` ones may be absent. */
export const objectOf = (
  value: JsonValue | undefined,
  where: string,
  names: readonly string[],
  optional: readonly string[] = [],
): JsonObject => {
  if (typeof value !== 'object' || value === null || isArray(value)) throw new ShapeError(`${where} is not an object`);
  for (const name of Object.keys(value)) {
    if (!names.includes(name) && !optional.includes(name))
      throw new ShapeError(`${where} has an unknown field "${name}"`);
  }
  for (const name of names) {
    if (!Object.hasOwn(value, name)) throw new ShapeError(`${where} lacks the field "${name}"`);
  }
  return value;
};

export const textOf = (value: JsonValue | undefined, where: string): string => {
  if (typeof value !== 'string') throw new ShapeError(`${where} is not a text`);
  return value;
};

export const hashOf = (value: JsonValue | undefined, where: string): string => {
  const text = textOf(value, where);
  if (!/^[0-9a-f]{64}$/.test(text)) throw new ShapeError(`${where} is not a SHA-256 in lower-case hex`);
  return text;
};

export const countOf = (value: JsonValue | undefined, where: string): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ShapeError(`${where} is not a whole number from 0`);
  }
  return value;
};

export const listOf = <T>(
  value: JsonValue | undefined,
  where: string,
  item: (value: JsonValue, where: string) => T,
): readonly T[] => {
  if (value === undefined || !isArray(value)) throw new ShapeError(`${where} is not a list`);
  return value.map((entry, index) => item(entry, `${where}[${index}]`));
};

export const oneOf = <T extends string>(value: JsonValue | undefined, where: string, words: readonly T[]): T => {
  const found = words.find((word) => word === value);
  if (found === undefined) throw new ShapeError(`${where} is none of ${words.join(', ')}`);
  return found;
};
