import { createRequire } from 'node:module';
import type { FontName } from './style.js';

const resolve = createRequire(import.meta.url).resolve;

/**
 * Font files by name. Each is given to pdfkit by its path alone: a font known under two names is parsed
 * again at every change of font.
 */
export const FONTS: Readonly<Record<FontName, string>> = {
  light: resolve('@expo-google-fonts/source-sans-3/300Light/SourceSans3_300Light.ttf'),
  regular: resolve('@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf'),
  semibold: resolve('@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf'),
  bold: resolve('@expo-google-fonts/source-sans-3/700Bold/SourceSans3_700Bold.ttf'),
  mono: resolve('@expo-google-fonts/source-code-pro/400Regular/SourceCodePro_400Regular.ttf'),
};

/** What pdfkit's font objects offer and its declarations leave out. */
interface GlyphSource {
  hasGlyphForCodePoint(codePoint: number): boolean;
}

const isGlyphSource = (value: unknown): value is GlyphSource =>
  typeof value === 'object' &&
  value !== null &&
  'hasGlyphForCodePoint' in value &&
  typeof value.hasGlyphForCodePoint === 'function';

/**
 * The glyphs of the font that is current in the document.
 * @throws Error where this release of pdfkit hides them: text could then vanish unseen
 */
export const glyphsOf = (doc: object): GlyphSource => {
  const current: unknown = Reflect.get(doc, '_font');
  const font: unknown = typeof current === 'object' && current !== null && 'font' in current ? current.font : undefined;
  if (!isGlyphSource(font)) throw new Error('the PDF library does not say which glyphs its font has');
  return font;
};
