/** Arguments of calls as the ledger holds them: masked where they had to be. */
import { isObject, type JsonObject, type JsonValue, parseJson, toValue } from '../base/json.js';

/** Longest arguments that are looked into, characters. */
const LARGEST = 1024 ** 2;

/** A value that masking put there, or took away. */
const MASK = /\[(?:redacted|token|dropped)[^\]]*\]/;

export const isMasked = (value: JsonValue): boolean => typeof value === 'string' && MASK.test(value);

/** The object that a recorded text holds; undefined where it holds none, or is longer than is looked into. */
export const readObject = (text: string): JsonObject | undefined => {
  if (text.length > LARGEST) return undefined;
  try {
    const value = toValue(parseJson(Buffer.from(text)));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
