/**
 * Text from outside may hold what cannot be printed or is not what it looks like: controls, directional
 * marks, unassigned and private code points, and characters the font lacks. They are printed as `\u{202e}`.
 */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

export type HasGlyph = (codePoint: number) => boolean;

/** Every character visible, or its code point. Line feeds stay. */
export const visible = (text: string, hasGlyph: HasGlyph): string => {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const printable = character === '\n' || (!HIDDEN.test(character) && hasGlyph(code));
    out += printable ? character : `\\u{${code.toString(16)}}`;
  }
  return out;
};
