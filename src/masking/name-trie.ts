/** A list of names, looked up from their last letter back. */

/** A node is a number; the root is 0, and so is "none" of what comes after it. */
export interface NameTrie<T> {
  /** The node behind `code` in lower case, one letter further to the left; 0 where no name goes on so. */
  step(node: number, code: number): number;
  /** What the name that begins at a node stands for. */
  at(node: number): T | undefined;
}

const LETTERS = 32;
const isLetter = (code: number): boolean => code >= 0x61 && code <= 0x7a;

/** @param names in lower case, each with what it stands for */
export const createNameTrie = <T>(names: ReadonlyMap<string, T>): NameTrie<T> => {
  const most = 1 + [...names.keys()].reduce((sum, { length }) => sum + length, 0);
  const letters = new Uint16Array(most * LETTERS);
  /** Digits and what is beyond ASCII. */
  const others = new Map<number, number>();
  const values: (T | undefined)[] = [undefined];
  const step = (node: number, code: number): number =>
    isLetter(code) ? (letters[node * LETTERS + (code & 31)] ?? 0) : (others.get(node * 65_536 + code) ?? 0);
  for (const [name, value] of names) {
    let node = 0;
    for (let k = name.length - 1; k >= 0; k--) {
      const code = name.charCodeAt(k);
      let next = step(node, code);
      if (next === 0) {
        next = values.push(undefined) - 1;
        if (isLetter(code)) letters[node * LETTERS + (code & 31)] = next;
        else others.set(node * 65_536 + code, next);
      }
      node = next;
    }
    values[node] = value;
  }
  return { step, at: (node) => values[node] };
};
