import type { JsonValue } from '../base/json.js';

/** Whether a client says that it can do something, such as `elicitation`, `url`. */
export const declares = (capabilities: JsonValue, ...path: readonly string[]): boolean => {
  let value: JsonValue | undefined = capabilities;
  // A value that is no object has no members; what stands behind an own name alone counts.
  for (const name of path) value = new Map(Object.entries(value ?? {})).get(name);
  return value !== undefined;
};
