/** Member names that hold data, such as an address as the key of a table. */
import type { ObjectNode } from '../base/json.js';
import type { MaskName } from './marks.js';
import type { Scanner } from './scan.js';
import { spliceText } from './splice.js';
import { type NameFacts, type Rules, type TextEdits, textEdits } from './text.js';

export interface WrittenName {
  /** The name as it is written out. */
  readonly name: string;
  readonly found: TextEdits;
}

/** In names no JSON is looked for. */
const NO_NESTING = Number.MAX_SAFE_INTEGER;

/** Names kept in memory at most, and the longest; names that hold data are never kept. */
const MOST_KEPT = 4096;
const LONGEST_KEPT = 64;

/** A name on its own: as part of a document it would keep all of that in memory. */
const copyOf = (name: string): string => Buffer.from(name, 'utf16le').toString('utf16le');

export const createNameFacts = (scanner: Scanner): NameFacts => {
  const labels = new Map<string, MaskName | undefined>();
  const mayHold = (name: string): boolean => !labels.has(name) && scanner.find(name).length > 0;
  return {
    mayHold,
    label: (name) => {
      const known = labels.get(name);
      if (known !== undefined || labels.has(name)) return known;
      const label = scanner.keys.of(name);
      if (name.length <= LONGEST_KEPT && !mayHold(name)) {
        if (labels.size >= MOST_KEPT) labels.clear();
        labels.set(copyOf(name), label);
      }
      return label;
    },
  };
};

const NOTHING: TextEdits = { edits: [], masked: [] };

/** The masked names of an object, undefined where a name stays. Two that would be equal get `#2`, `#3`. */
export const memberNames = (
  rules: Rules,
  { members }: ObjectNode,
  pointer: () => string,
): readonly (WrittenName | undefined)[] => {
  if (!members.some(({ key }) => rules.names.mayHold(key.value))) return [];
  const found = members.map(({ key }) =>
    rules.names.mayHold(key.value) ? textEdits(rules, key.value, { name: '', pointer }, NO_NESTING) : NOTHING,
  );
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
