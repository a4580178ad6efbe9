/**
 * Every place where the official schemas of MCP, of both eras, let a string stand. Taken from the SDK's own schemas, so
 * that a new field of the protocol shows here by itself.
 */
import * as core from '@modelcontextprotocol/core';
import { z } from 'zod';

/** A message type and the path of a string in it: `.a` a member, `[]` an item, `.*` any member, `~any` any value. */
export interface Position {
  readonly type: string;
  readonly path: string;
}

interface Schema {
  readonly [key: string]: unknown;
}
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null;
const schemas = (value: unknown): readonly Schema[] => (Array.isArray(value) ? value.filter(isSchema) : []);

const NOTES = new Set(['description', 'title', '$schema', '$defs', 'default', 'deprecated']);

interface Walk {
  readonly root: Schema;
  /** References on the way here: a type may hold itself. */
  readonly seen: readonly string[];
}

function* referred(ref: string, path: string, { root, seen }: Walk): Generator<string> {
  const definitions = root['$defs'];
  const target = ref === '#' ? root : isSchema(definitions) ? definitions[ref.replace('#/$defs/', '')] : undefined;
  if (seen.includes(ref) || !isSchema(target)) yield `${path}~any`;
  else yield* paths(target, path, { root, seen: [...seen, ref] });
}

function* ofMembers({ type, properties, additionalProperties }: Schema, path: string, walk: Walk): Generator<string> {
  for (const [name, one] of Object.entries(isSchema(properties) ? properties : {}))
    if (isSchema(one)) yield* paths(one, `${path}.${name}`, walk);
  if (type === 'object' && additionalProperties !== undefined && additionalProperties !== false) yield `${path}.*`;
}

const isFree = (schema: Schema): boolean =>
  schema['type'] === 'string' && schema['enum'] === undefined && schema['const'] === undefined;

/** Paths of strings below one JSON Schema; those a constant or an enumeration fixes are left out. */
function* paths(schema: Schema, path: string, walk: Walk): Generator<string> {
  if (typeof schema['$ref'] === 'string') yield* referred(schema['$ref'], path, walk);
  for (const one of ['anyOf', 'oneOf', 'allOf'].flatMap((kind) => schemas(schema[kind]))) yield* paths(one, path, walk);
  if (isFree(schema)) yield path;
  if (isSchema(schema['items'])) yield* paths(schema['items'], `${path}[]`, walk);
  yield* ofMembers(schema, path, walk);
  if (Object.keys(schema).every((key) => NOTES.has(key))) yield `${path}~any`;
}

/** Types that are unions of others, or what others extend, or no messages of MCP. */
const NOT_A_MESSAGE =
  /^(?:OAuth|IdJag|OpenId|JSONRPC(?!Error)|Client|Server|Compatibility|Paginated|Base)|^(?:Request|Notification)Schema$/;

const isMessage = (name: string): boolean =>
  /(?:Result(?:WithTools)?|Notification|Request|ErrorResponse)Schema$/.test(name) && !NOT_A_MESSAGE.test(name);

const jsonSchemaOf = (schema: z.ZodType): Schema => ({
  ...z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' }),
});

const positionsOf = (name: string, schema: z.ZodType): readonly Position[] => {
  const root = jsonSchemaOf(schema);
  const type = name.replace(/Schema$/, '');
  return [...new Set(paths(root, '', { root, seen: ['#'] }))].map((path) => ({ type, path }));
};

/** In the order of the SDK's exports. */
export const POSITIONS: readonly Position[] = Object.entries(core).flatMap(([name, schema]) =>
  isMessage(name) && schema instanceof z.ZodType ? positionsOf(name, schema) : [],
);

/** The method of each type of request and notification. */
export const METHODS: ReadonlyMap<string, string> = new Map(
  Object.entries(core).flatMap(([name, schema]): [string, string][] => {
    if (!isMessage(name) || !(schema instanceof z.ZodType)) return [];
    const { properties } = jsonSchemaOf(schema);
    const method = isSchema(properties) && isSchema(properties['method']) ? properties['method']['const'] : undefined;
    return typeof method === 'string' ? [[name.replace(/Schema$/, ''), method]] : [];
  }),
);

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const put = (into: Json | undefined, steps: readonly string[], text: string): Json => {
  const [step, ...rest] = steps;
  if (step === undefined || step === '~any') return text;
  if (step === '[]') {
    const list = Array.isArray(into) ? into : [];
    return [put(list[0], rest, text), ...list.slice(1)];
  }
  const object = into !== undefined && into !== null && typeof into === 'object' && !Array.isArray(into) ? into : {};
  if (step === '.*') return { ...object, extra: text, [text]: 'as a name' };
  const name = step.slice(1);
  return { ...object, [name]: put(object[name], rest, text) };
};

/** Names of members in the schemas have dots in them, such as `io.modelcontextprotocol/serverInfo`. */
const stepsOf = (path: string): readonly string[] =>
  path.match(/\[\]|~any|\.(?:\*|io\.modelcontextprotocol\/[A-Za-z-]+|[^.[\]~]+)/g) ?? [];

/** A message of a type that bears `text` at each of the paths. */
export const plantAt = (positions: readonly Position[], text: string): Json =>
  positions.reduce<Json>((message, { path }) => put(message, stepsOf(path), text), {});
