/** Line breaking: everything that was given comes out again, on as many lines as it takes. */

/** Width of a text in points. */
export type Measure = (text: string) => number;

/** Where a long word may be broken without being cut anywhere: after these characters. */
const SOFT = /(?<=[/_.,:;|@=&?-])/;

/** The longest start of `word` that fits, at least one character. */
const fitting = (word: string, width: number, measure: Measure): string => {
  const characters = Array.from(word);
  let low = 1;
  let high = characters.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (measure(characters.slice(0, middle).join('')) <= width) low = middle;
    else high = middle - 1;
  }
  return characters.slice(0, low).join('');
};

/** Parts of a word that is too long for a line: at soft places where they exist, else anywhere. */
const parts = (word: string, width: number, measure: Measure): string[] => {
  const out: string[] = [];
  for (const piece of word.split(SOFT)) {
    const last = out.at(-1);
    if (last !== undefined && measure(last + piece) <= width) {
      out[out.length - 1] = last + piece;
      continue;
    }
    let rest = piece;
    while (measure(rest) > width && rest.length > 1) {
      const head = fitting(rest, width, measure);
      out.push(head);
      rest = rest.slice(head.length);
    }
    if (rest !== '') out.push(rest);
  }
  return out;
};

const wrapLine = (line: string, width: number, measure: Measure): string[] => {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const candidate = current === '' ? word : `${current} ${word}`;
    if (measure(candidate) <= width) {
      current = candidate;
      continue;
    }
    if (current !== '') lines.push(current);
    const pieces = measure(word) <= width ? [word] : parts(word, width, measure);
    lines.push(...pieces.slice(0, -1));
    current = pieces.at(-1) ?? '';
  }
  lines.push(current);
  return lines;
};

/** Breaks text into lines no wider than `width`. Line feeds are kept; nothing is dropped but the spaces at breaks. */
export const wrap = (text: string, width: number, measure: Measure): readonly string[] =>
  text.split('\n').flatMap((line) => wrapLine(line, width, measure));
