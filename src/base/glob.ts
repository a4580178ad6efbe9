/**
 * Compiles a glob in which `*` stands for any run of characters, the empty one included, and nothing
 * else is special: names may hold `/`, `:` and `.`. The leftmost fit of each piece is enough, so there
 * is no backtracking and a hostile name costs no more than its length times that of the pattern.
 */
export const compileGlob = (pattern: string): ((text: string) => boolean) => {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (text) => text === pattern;
  const middle = rest.filter((piece) => piece !== '');
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found === -1 || found + piece.length > end) return false;
      at = found + piece.length;
    }
    return true;
  };
};

/** One matcher for a list: true where any glob fits. An empty list fits nothing. */
export const compileGlobs = (patterns: readonly string[]): ((text: string) => boolean) => {
  const globs = patterns.map(compileGlob);
  return (text) => globs.some((glob) => glob(text));
};
