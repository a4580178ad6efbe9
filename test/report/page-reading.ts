/** Reads the page of the report back as text: its tables row by row, and what its charts say. */

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const plain = (markup: string): string =>
  markup
    .replaceAll(/<\/div><div[^>]*>/g, ' ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? '');

/** Markup of the section of this id. */
export const sectionOf = (page: string, id: string): string =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`).exec(page)?.[0] ?? '';

/** Cells of every row of its tables, heads aside. */
export const rowsOf = (markup: string): readonly (readonly string[])[] =>
  [...markup.matchAll(/<tr>([\s\S]*?)<\/tr>/g)]
    .map(([, row = '']) =>
      [...row.matchAll(/<(td|th scope="row")[^>]*>([\s\S]*?)<\/t[dh]>/g)].map(([, , cell = '']) => plain(cell)),
    )
    .filter((cells) => cells.length > 0);

/** What its charts say where the pointer rests. */
export const titlesOf = (markup: string): readonly string[] =>
  [...markup.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text = '']) => plain(text));

/** All of its text. */
export const textOf = (page: string): string =>
  plain(page.replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, ''));
