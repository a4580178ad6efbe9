/** Turns what zod found into problems with a position, the field, what is wrong and the mend. */
import { z } from 'zod';
import { closest } from './closest.js';
import { type FieldPath, fieldName, type Problem, type YamlSource } from './document.js';
import { LATER } from './later.js';
import { configuration } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema of the file (draft 2020-12), as published in docs/countersign.schema.json. */
export const configurationSchema = (): JsonSchema => z.toJSONSchema(configuration, { io: 'input' });

const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

const childSchema = (schema: JsonSchema, step: string | number): JsonSchema | undefined => {
  const { items, properties, additionalProperties } = schema;
  if (typeof step === 'number') return isSchema(items) && !Array.isArray(items) ? items : undefined;
  const child = properties?.[step] ?? additionalProperties;
  return isSchema(child) ? child : undefined;
};

let published: JsonSchema | undefined;

/** The keys that may stand at a path. */
const knownKeys = (path: FieldPath): readonly string[] => {
  published ??= configurationSchema();
  let schema: JsonSchema | undefined = published;
  for (const step of path) schema = schema && childSchema(schema, step);
  return Object.keys(schema?.properties ?? {});
};

const isLater = (path: FieldPath): boolean =>
  LATER.some((pattern) => {
    const steps = pattern.split('.');
    return steps.length === path.length && steps.every((step, at) => step === '*' || step === String(path[at]));
  });

const kindOf = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' ? 'a number' : `${value === true}`;
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text (in quotes, if it looks like a number or a date)',
  object: 'a mapping of keys to values',
  record: 'a mapping of keys to values',
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
};

const UNITS: Readonly<Record<string, string>> = { string: 'characters', array: 'entries', number: '', int: '' };

const bound = (word: string, limit: number | bigint, origin: string): string =>
  `must ${origin === 'number' || origin === 'int' ? 'be' : 'have'} at ${word} ${limit} ${UNITS[origin] ?? ''}`.trim();

const oneOf = (values: readonly unknown[], input: unknown): string => {
  const words = values.map(String);
  const near = typeof input === 'string' ? closest(input, words) : undefined;
  return `must be one of ${words.join(', ')}${near ? `; did you mean ${near}?` : ''}`;
};

/** Our wording of zod's own findings. No value of the file is repeated: it could be a secret in the wrong place. */
export const wordIssue = (issue: z.core.$ZodRawIssue): string => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? 'is missing; it is required'
        : `expected ${EXPECTED[issue.expected] ?? issue.expected}, found ${kindOf(issue.input)}`;
    case 'too_small':
      return bound('least', issue.minimum, issue.origin);
    case 'too_big':
      return bound('most', issue.maximum, issue.origin);
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    default:
      return 'is not valid';
  }
};

const unknownKey = (path: FieldPath, key: string): string => {
  if (isLater([...path, key])) return 'is not supported by this version yet; take it out';
  const known = knownKeys(path);
  const near = closest(key, known);
  return near ? `unknown key; did you mean ${near}?` : `unknown key; known here: ${known.join(', ')}`;
};

const fieldPath = (path: readonly PropertyKey[]): FieldPath =>
  path.map((step) => (typeof step === 'number' ? step : String(step)));

const shown = (key: string): string => (key.length > 60 ? `${key.slice(0, 60)}…` : key);

/** One issue of zod as problems: an object with three unknown keys has three. */
export const issueProblems = (issue: z.core.$ZodIssue, source: YamlSource): readonly Problem[] => {
  const path = fieldPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      ...source.locateKey(path, key),
      field: fieldName([...path, shown(key)]),
      message: unknownKey(path, key),
    }));
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    const message = `the key ${issue.issues[0]?.message ?? 'is not valid'}`;
    return [
      { ...source.locateKey(path.slice(0, -1), key), field: fieldName([...path.slice(0, -1), shown(key)]), message },
    ];
  }
  return [{ ...source.locate(path), field: fieldName(path), message: issue.message }];
};
