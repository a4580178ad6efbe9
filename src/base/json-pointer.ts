/** JSON pointers, RFC 6901. */
import { isArray, type JsonValue } from './json.js';

/** The steps of a pointer (RFC 6901 §4); the pointer must begin with a slash. */
export const pointerSteps = (pointer: string): readonly string[] =>
  pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** What stands where the pointer points to; undefined where nothing does. */
export const valueAt = (value: JsonValue, pointer: string): JsonValue | undefined => {
  let here: JsonValue | undefined = value;
  for (const step of pointerSteps(pointer)) {
    if (typeof here !== 'object' || here === null) return undefined;
    if (isArray(here)) here = /^(?:0|[1-9]\d{0,9})$/.test(step) ? here[Number(step)] : undefined;
    else here = Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
};
