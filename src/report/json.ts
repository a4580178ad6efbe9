import { type JsonValue, parseJson, toValue } from '../base/json.js';

/** Plain data as JSON, by way of its text: what cannot be JSON fails here and not in a reader's hands. */
export const jsonOf = (value: object): JsonValue => toValue(parseJson(Buffer.from(JSON.stringify(value))));
