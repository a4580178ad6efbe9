/**
 * Holds what a double is asked and answers to the published API model. The SDK ships that model as schemas: lists that
 * begin with what they are (1 list, 2 map, 3 structure, 9 operation) and end with their members.
 */

/** A schema as `@aws-sdk/client-*` exports it. */
type Schema = unknown;

const STRING = 0;
const NUMBER = 1;
const BOOLEAN = 2;
const TIMES: readonly unknown[] = [4, 5, 6, 7];
/** Lists and maps of simple values are a simple value with a bit of its own. */
const LIST_OF = 64;
const MAP_OF = 128;

const resolve = (schema: Schema): Schema => {
  if (typeof schema === 'function') return resolve(schema());
  // A member with traits of its own is a pair; a schema has its kind, its name space and its name first.
  return Array.isArray(schema) && schema.length === 2 ? resolve(schema[0]) : schema;
};

const simpleProblem = (schema: number, value: unknown, path: string): string | undefined => {
  if (schema >= MAP_OF) return undefined;
  if (schema >= LIST_OF) {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return value.map((item, i) => simpleProblem(schema - LIST_OF, item, `${path}[${i}]`)).find(Boolean);
  }
  const wanted = { [STRING]: 'string', [NUMBER]: 'number', [BOOLEAN]: 'boolean' }[schema];
  if (wanted !== undefined) return typeof value === wanted ? undefined : `${path} is not a ${wanted}`;
  return TIMES.includes(schema) && !(value instanceof Date) ? `${path} is not a time` : undefined;
};

const structureProblem = (schema: readonly unknown[], value: unknown, path: string): string | undefined => {
  const [, , , , names, members, required = 0] = schema;
  if (typeof value !== 'object' || value === null) return `${path} is not a structure`;
  if (!Array.isArray(names) || !Array.isArray(members)) return `${path} has no schema`;
  const absent = names.slice(0, Number(required)).find((name) => !Object.hasOwn(value, String(name)));
  if (absent !== undefined) return `${path}.${absent} is missing`;
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    const at = names.indexOf(name);
    if (at < 0) return `${path}.${name} is not in the model`;
    const problem = modelProblem(members[at], member, `${path}.${name}`);
    if (problem) return problem;
  }
  return undefined;
};

/** What of a value is not as the schema says; undefined where all is. Times are `Date`. */
const modelProblem = (of: Schema, value: unknown, path: string): string | undefined => {
  const schema = resolve(of);
  if (typeof schema === 'number') return simpleProblem(schema, value, path);
  // A simple type of its own name: [0, namespace, name, traits, type].
  if (!Array.isArray(schema)) return typeof schema === 'string' ? undefined : `${path} has no schema`;
  if (schema[0] === 0) return modelProblem(schema[4], value, path);
  if (schema[0] === 1) {
    if (!Array.isArray(value)) return `${path} is not a list`;
    return value.map((item, i) => modelProblem(schema[4], item, `${path}[${i}]`)).find(Boolean);
  }
  return schema[0] === 3 || schema[0] === -3 ? structureProblem(schema, value, path) : undefined;
};

/**
 * Throws where an operation's input or output is not as its schema says.
 * @param operation such as `LookupEvents$` of the client's package
 */
export const holdToModel = (operation: Schema, input: unknown, output?: unknown): void => {
  const schema = resolve(operation);
  if (!Array.isArray(schema) || schema[0] !== 9) throw new Error('no operation of the model');
  const problem =
    modelProblem(schema[4], input, 'input') ??
    (output === undefined ? undefined : modelProblem(schema[5], output, 'output'));
  if (problem) throw new Error(`${String(schema[2])}: ${problem}`);
};
