/** Looks for clear secrets in everything the gateway wrote, also encoded and also inside compressed files. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, inflateSync } from 'node:zlib';

const MAX_UNPACKED = 1 << 28;

/** The forms in which a value can stand in a file: as it is, in JSON, in a URL, and in base64 at each of 3 offsets. */
const forms = (value: string): readonly Buffer[] => {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // The first and last characters depend on the neighbours; what is between does not.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
  const escaped = JSON.stringify(value).slice(1, -1);
  const unicode = escaped.replace(/[@+/=]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
  const texts = [
    value,
    escaped,
    unicode,
    encodeURIComponent(value),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
  return [...new Set(texts)].filter((text) => text.length >= 8).map((text) => Buffer.from(text));
};

const STREAM = Buffer.from('stream');

/** The streams of a PDF that unpack. */
const pdfStreams = (bytes: Buffer): Buffer[] => {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(STREAM); at >= 0; at = bytes.indexOf(STREAM, at + 6)) {
    const start = bytes[at + 6] === 0x0d ? at + 8 : at + 7;
    const end = bytes.indexOf('endstream', start);
    if (end < 0) break;
    try {
      found.push(inflateSync(bytes.subarray(start, end), { maxOutputLength: MAX_UNPACKED }));
    } catch {
      // Not every stream is deflated; as it is, it was searched with the file.
    }
    at = end;
  }
  return found;
};

const contents = (name: string, bytes: Buffer): readonly Buffer[] => {
  const views = [bytes];
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) views.push(gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED }));
  if (name.endsWith('.pdf')) views.push(...pdfStreams(bytes));
  return views;
};

const filesBelow = async (dir: string): Promise<string[]> => {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

export interface Searched {
  readonly files: number;
  /** Files that hold one of the values, in any form. */
  readonly found: readonly string[];
}

/** Searches all files below the folders for all values. */
export const searchFor = async (values: readonly string[], folders: readonly string[]): Promise<Searched> => {
  const needles = values.flatMap(forms);
  const found: string[] = [];
  let files = 0;
  for (const folder of folders) {
    for (const file of await filesBelow(folder)) {
      files++;
      const views = contents(file, await readFile(file));
      if (views.some((view) => needles.some((needle) => view.includes(needle)))) found.push(file);
    }
  }
  return { files, found };
};
