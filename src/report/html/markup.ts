/** Markup from text: everything that is not ours is escaped, and what would not be seen is written out. */
import { visible } from '../visible.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As content of an element or of a quoted attribute. A browser finds a font for every script, so only what hides is written out. */
export const escaped = (text: string): string =>
  visible(text, () => true).replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/** Attributes by name; those without a value are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

const attributesOf = (attributes: Attributes): string =>
  Object.entries(attributes)
    .map(([name, value]) => (value === undefined ? '' : ` ${name}="${escaped(String(value))}"`))
    .join('');

/** An element around markup. */
export const element = (name: string, attributes: Attributes, ...inner: readonly string[]): string =>
  `<${name}${attributesOf(attributes)}>${inner.join('')}</${name}>`;

/** An element without content, as SVG writes it. */
export const shape = (name: string, attributes: Attributes): string => `<${name}${attributesOf(attributes)}/>`;
