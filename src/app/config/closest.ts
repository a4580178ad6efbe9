/** Edit distance of two short texts (Levenshtein), one row at a time. */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replace));
    }
    row = next;
  }
  return row[b.length] ?? 0;
};

/** One text begins with the other: `minimum` for `min`. */
const isAbbreviation = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));

const plain = (text: string): string => text.toLowerCase().replace(/[-_. ]/g, '');

/** The candidate a person probably meant, if one is near enough. */
export const closest = (word: string, candidates: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined;
  const limit = Math.max(1, Math.floor(word.length / 3));
  return candidates
    .map((candidate) => {
      const [asked, known] = [plain(word), plain(candidate)];
      return { candidate, far: isAbbreviation(asked, known) ? 0 : distance(asked, known) };
    })
    .filter(({ far }) => far <= limit)
    .toSorted((a, b) => a.far - b.far)[0]?.candidate;
};
