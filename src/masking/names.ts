/** Member names that hold data, such as an address as the key of a table. */
import type { ObjectNode } from '../base/json.js';
import { spliceText } from './splice.js';
import { type Rules, type TextEdits, textEdits } from './text.js';

export interface WrittenName {
  /** The name as it is written out. */
  readonly name: string;
  readonly found: TextEdits;
}

/** Names longer than any path or sentence are data all the same, but no JSON is looked for in them. */
const NO_NESTING = Number.MAX_SAFE_INTEGER;

/** The masked names of an object, undefined where a name stays. Two that would be equal get `#2`, `#3`. */
export const memberNames = (rules: Rules, { members }: ObjectNode): readonly (WrittenName | undefined)[] => {
  const found = members.map(({ key }) => textEdits(rules, key.value, '', NO_NESTING));
  if (found.every(({ edits }) => edits.length === 0)) return [];
  const taken = new Set(members.filter((_, i) => found[i]?.edits.length === 0).map(({ key }) => key.value));
  const next = new Map<string, number>();
  return members.map(({ key }, i) => {
    const one = found[i];
    if (!one || one.edits.length === 0) return undefined;
    const masked = spliceText(key.value, one.edits);
    let count = next.get(masked) ?? 1;
    const numbered = (): string => (count === 1 ? masked : `${masked}#${count}`);
    while (taken.has(numbered())) count++;
    const name = numbered();
    next.set(masked, count + 1);
    taken.add(name);
    if (name === masked) return { name, found: one };
    const suffix = { start: key.value.length, end: key.value.length, replacement: name.slice(masked.length) };
    return { name, found: { ...one, edits: [...one.edits, suffix] } };
  });
};
