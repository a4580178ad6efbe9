/**
 * Every place where the official schemas of MCP, of both eras, let a string stand, so that a new field of the protocol
 * shows here by itself.
 */
import { isSchema, OFFICIAL, type Schema } from './official-schemas.js';

/** A message type and the path of a string in it: `.a` a member, `[]` an item, `.*` any member, `~any` any value. */
export interface Position {
  readonly type: string;
  readonly path: string;
}

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

function* ofMembers(
  { type, properties, additionalProperties: more }: Schema,
  path: string,
  walk: Walk,
): Generator<string> {
  for (const [name, one] of Object.entries(isSchema(properties) ? properties : {}))
    if (isSchema(one)) yield* paths(one, `${path}.${name}`, walk);
  if (type !== 'object' || more === undefined || more === false) return;
  yield `${path}.*`;
  if (isSchema(more) && Object.keys(more).length > 0) yield* paths(more, `${path}.*`, walk);
}

const isFree = (schema: Schema): boolean =>
  [schema['type']].flat().includes('string') && schema['enum'] === undefined && schema['const'] === undefined;

/** Paths of strings below one JSON Schema; those a constant or an enumeration fixes are left out. */
function* paths(schema: Schema, path: string, walk: Walk): Generator<string> {
  if (typeof schema['$ref'] === 'string') yield* referred(schema['$ref'], path, walk);
  for (const one of ['anyOf', 'oneOf', 'allOf'].flatMap((kind) => schemas(schema[kind]))) yield* paths(one, path, walk);
  if (isFree(schema)) yield path;
  if (isSchema(schema['items'])) yield* paths(schema['items'], `${path}[]`, walk);
  yield* ofMembers(schema, path, walk);
  if (Object.keys(schema).every((key) => NOTES.has(key))) yield `${path}~any`;
}

/** Types that are unions of others, or what others extend. */
const NOT_A_MESSAGE =
  /^(?:Client|Server|Paginated|Cacheable|JSONRPC(?!Error)|Input(?:Request|Response)$)|^(?:Request|Notification|Error)$|ResultResponse$/;

const isMessage = (name: string): boolean =>
  /(?:Result|Notification|Request|Error|ErrorResponse)$/.test(name) && !NOT_A_MESSAGE.test(name);

interface Protocol {
  readonly positions: readonly Position[];
  /** The method of each type of request and notification. */
  readonly methods: ReadonlyMap<string, string>;
}

const messagesOf = (root: Schema): readonly (readonly [type: string, schema: Schema])[] =>
  Object.entries(isSchema(root['$defs']) ? root['$defs'] : {}).flatMap(([type, schema]) =>
    isMessage(type) && isSchema(schema) ? [[type, schema] as const] : [],
  );

const methodOf = ({ properties }: Schema): string | undefined => {
  const method = isSchema(properties) && isSchema(properties['method']) ? properties['method']['const'] : undefined;
  return typeof method === 'string' ? method : undefined;
};

const protocolOf = (root: Schema): Protocol => {
  const messages = messagesOf(root);
  return {
    positions: messages.flatMap(([type, schema]) =>
      [...new Set(paths(schema, '', { root, seen: ['#'] }))].map((path) => ({ type, path })),
    ),
    methods: new Map(messages.flatMap(([type, schema]) => (methodOf(schema) ? [[type, methodOf(schema) ?? '']] : []))),
  };
};

/** What each revision lets stand where. */
export const PROTOCOLS: ReadonlyMap<string, Protocol> = new Map(
  Array.from(OFFICIAL, ([revision, schema]) => [revision, protocolOf(schema)]),
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
  if (step === '.*' && rest.length === 0) return { extra: text, ...object, [text]: 'as a name' };
  const name = step === '.*' ? 'extra' : step.slice(1);
  return { ...object, [name]: put(object[name], rest, text) };
};

/** Names of members in the schemas have dots in them, such as `io.modelcontextprotocol/serverInfo`. */
const stepsOf = (path: string): readonly string[] =>
  path.match(/\[\]|~any|\.(?:\*|io\.modelcontextprotocol\/[A-Za-z-]+|[^.[\]~]+)/g) ?? [];

/** A message of a type that bears `text` at each of the paths. */
export const plantAt = (positions: readonly Position[], text: string): Json =>
  positions.reduce<Json>((message, { path }) => put(message, stepsOf(path), text), {});
