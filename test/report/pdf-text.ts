/** Reads text back out of a PDF as pdfkit writes it: subset fonts with ToUnicode maps, hexadecimal strings. */
import { inflateSync } from 'node:zlib';

const streamOf = (body: string): string | undefined => {
  const start = body.indexOf('stream\n');
  if (start < 0) return undefined;
  const length = Number(/\/Length (\d+)/.exec(body)?.[1]);
  const bytes = Buffer.from(body.slice(start + 7, start + 7 + length), 'latin1');
  return (/FlateDecode/.test(body) ? inflateSync(bytes) : bytes).toString('latin1');
};

/** Glyph number to text, from `beginbfrange <0000> <00ff> [<0041> …]`. */
const unicodeMap = (cmap: string): ReadonlyMap<number, string> => {
  const map = new Map<number, string>();
  for (const range of cmap.matchAll(/<([0-9a-f]+)> <[0-9a-f]+> \[([^\]]*)\]/gi)) {
    let glyph = Number.parseInt(range[1] ?? '0', 16);
    for (const entry of (range[2] ?? '').matchAll(/<([0-9a-f ]*)>/gi)) {
      const units = (entry[1] ?? '').replaceAll(' ', '').match(/.{4}/g) ?? [];
      map.set(glyph++, String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16))));
    }
  }
  return map;
};

const decode = (strings: string, map: ReadonlyMap<number, string>): string =>
  [...strings.matchAll(/<([0-9a-f]+)>/gi)]
    .flatMap((found) => (found[1] ?? '').match(/.{4}/g) ?? [])
    .map((glyph) => map.get(Number.parseInt(glyph, 16)) ?? '')
    .join('');

type Fonts = ReadonlyMap<string, ReadonlyMap<number, string>>;

const objectsOf = (pdf: Buffer): ReadonlyMap<string, string> => {
  const objects = new Map<string, string>();
  for (const found of pdf.toString('latin1').matchAll(/(?:^|\n)(\d+) 0 obj\n([\s\S]*?)\nendobj/g)) {
    objects.set(found[1] ?? '', found[2] ?? '');
  }
  return objects;
};

/** Strings drawn, each in the font that was chosen before it. */
const stringsOf = (stream: string, fonts: Fonts): readonly string[] => {
  const lines: string[] = [];
  let current: ReadonlyMap<number, string> = new Map();
  for (const part of stream.matchAll(/\/(F\d+) [\d.]+ Tf|\[([^\]]*)\] TJ/g)) {
    if (part[1] === undefined) lines.push(decode(part[2] ?? '', current));
    else current = fonts.get(part[1]) ?? new Map();
  }
  return lines;
};

/** The text of each page, one line per string drawn. */
export const pdfPages = (pdf: Buffer): readonly string[] => {
  const objects = objectsOf(pdf);
  const at = (body: string, name: string): string =>
    objects.get(new RegExp(`/${name} (\\d+) 0 R`).exec(body)?.[1] ?? '') ?? '';
  const fontsOf = (page: string): Fonts => {
    const resources = at(page, 'Resources') || page;
    return new Map(
      [...resources.matchAll(/\/(F\d+) (\d+) 0 R/g)].map((font) => {
        const cmap = streamOf(at(objects.get(font[2] ?? '') ?? '', 'ToUnicode')) ?? '';
        return [font[1] ?? '', unicodeMap(cmap)];
      }),
    );
  };
  return [...objects.values()]
    .filter((body) => /\/Type \/Page\n/.test(body))
    .map((page) => stringsOf(streamOf(at(page, 'Contents')) ?? '', fontsOf(page)).join('\n'));
};
