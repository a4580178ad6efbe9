/** The organisation's colour where text must be read in it: as near to it as contrast allows. */

type Rgb = readonly [number, number, number];

/** What WCAG 2.2 asks of text (success criterion 1.4.3). */
const CONTRAST = 4.5;

const parse = (hex: string): Rgb => {
  const at = (i: number): number => Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
  return [at(0), at(1), at(2)];
};

/** WCAG 2.2, relative luminance. */
const luminance = (color: Rgb): number => {
  const [r = 0, g = 0, b = 0] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

const contrast = (one: Rgb, other: Rgb): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

const mixed = (from: Rgb, to: Rgb, share: number): Rgb => {
  const at = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * share);
  return [at(0), at(1), at(2)];
};

const hexOf = (color: Rgb): string => `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`;

/**
 * The colour, mixed with black or white until it can be read on this paper.
 * @param accent `#rrggbb`
 * @param paper `#rrggbb`
 */
export const readable = (accent: string, paper: string): string => {
  const [from, ground] = [parse(accent), parse(paper)];
  const end: Rgb = luminance(ground) > 0.5 ? [0, 0, 0] : [255, 255, 255];
  for (let share = 0; share < 1; share += 0.05) {
    const color = mixed(from, end, share);
    if (contrast(color, ground) >= CONTRAST) return hexOf(color);
  }
  return hexOf(end);
};
