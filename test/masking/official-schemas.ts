/**
 * The official JSON Schemas of MCP, by revision. The official conformance suite holds them inside its bundle, as object
 * literals; they are read from there, so that they are those of the version that is installed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runInNewContext } from 'node:vm';

export interface Schema {
  readonly [key: string]: unknown;
}
export const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** The end of the object literal that begins at `start`: braces inside strings do not count. */
const literalEnd = (source: string, start: number): number => {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    const character = source.charAt(i);
    if ('`"\''.includes(character)) {
      for (i++; i < source.length && source.charAt(i) !== character; i++) if (source.charAt(i) === '\\') i++;
    } else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return i + 1;
  }
  return source.length;
};

const bundle = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('conformance-2026/package.json')), 'dist/index.js'),
  'utf8',
);

const HEAD = '{$schema:`https://json-schema.org/draft/2020-12/schema`,$defs:{';

function* literals(): Generator<Schema> {
  for (let at = bundle.indexOf(HEAD); at >= 0; at = bundle.indexOf(HEAD, at + 1)) {
    const value: unknown = runInNewContext(`(${bundle.slice(at, literalEnd(bundle, at))})`, {}, { timeout: 1_000 });
    if (isSchema(value) && isSchema(value['$defs']) && 'CallToolRequest' in value['$defs']) yield value;
  }
}

const isModern = (schema: Schema): boolean => isSchema(schema['$defs']) && 'DiscoverRequest' in schema['$defs'];

/** The newest revision of each era, and its schema. */
export const OFFICIAL: ReadonlyMap<string, Schema> = new Map(
  Array.from(literals(), (schema) => [isModern(schema) ? '2026-07-28' : '2025-11-25', schema] as const),
);
