import { isArray, type JsonValue } from './json.js';

/**
 * Canonical JSON (RFC 8785): member names in UTF-16 order, numbers and strings as ECMAScript prints them.
 * The input comes from `toValue`, so it holds no lone surrogates and no duplicate names.
 */
export const canonical = (value: JsonValue): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const members = Object.entries(value);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
};
