/** Scanning until nothing more shows: a mask changes what stands beside it, so a second look may find more. */

import type { Finding } from './detector.js';
import { maskOf } from './marks.js';
import { merge } from './merge.js';
import { type Edit, spliceText } from './splice.js';

/** Looks at most; texts made to need more are masked as far as this goes. */
const MOST_LOOKS = 4;

/** Findings as edits of their text. */
const editsOf = (findings: readonly Finding[]): readonly Edit[] =>
  findings.map(({ start, end, detector, replacement }) => ({
    start,
    end,
    replacement: replacement ?? maskOf(detector),
  }));

/** Translates offsets in the masked text, ascending, back to the clear one; inside a mask to one of its sides. */
const translator = (edits: readonly Edit[]): ((offset: number, side: 'start' | 'end') => number) => {
  let next = 0;
  let shift = 0;
  return (offset, side) => {
    for (;;) {
      const edit = edits[next];
      if (!edit || offset <= edit.start + shift) return offset - shift;
      const end = edit.start + shift + edit.replacement.length;
      if (offset < end) return edit[side];
      shift += edit.replacement.length - (edit.end - edit.start);
      next++;
    }
  };
};

/** Whether one finding is the whole of a text, and a mask all that stands in its place. */
const isWhole = (findings: readonly Finding[], { length }: string): boolean => {
  const [only] = findings;
  return findings.length === 1 && only?.start === 0 && only.end === length && only.replacement === undefined;
};

/** What `look` finds in a text, and in what is left of it once that is masked. */
export const settle = (s: string, look: (s: string) => readonly Finding[]): readonly Finding[] => {
  let findings = look(s);
  // A mask alone is no secret.
  if (isWhole(findings, s)) return findings;
  for (let looks = 1; findings.length > 0 && looks < MOST_LOOKS; looks++) {
    const edits = editsOf(findings);
    const more = look(spliceText(s, edits));
    if (more.length === 0) break;
    const back = translator(edits);
    const translated = more.map((finding) => ({
      ...finding,
      start: back(finding.start, 'start'),
      end: back(finding.end, 'end'),
    }));
    findings = merge([...findings, ...translated]);
  }
  return findings;
};
