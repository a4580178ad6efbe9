/** Holds an event to the published schema of OCSF: `ocsf/schema-1.5.0.json`, a part of it that says where it is from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const attribute = z.strictObject({
  type: z.string(),
  object_type: z.string().optional(),
  is_array: z.boolean().optional(),
  requirement: z.enum(['required', 'recommended', 'optional']),
  /** Is there only in events that name this profile. */
  profile: z.string().optional(),
  /** The attribute that says in words what this one says as a number. */
  sibling: z.string().optional(),
  enum: z.array(z.string()).optional(),
});
const shape = z.strictObject({
  uid: z.int().optional(),
  name: z.string(),
  profiles: z.array(z.string()).optional(),
  constraints: z
    .strictObject({ at_least_one: z.array(z.string()).optional(), just_one: z.array(z.string()).optional() })
    .optional(),
  attributes: z.record(z.string(), attribute),
});
const type = z.strictObject({
  type: z.string().optional(),
  regex: z.string().optional(),
  range: z.tuple([z.number(), z.number()]).optional(),
  max_len: z.int().optional(),
});
const published = z
  .strictObject({
    source: z.url(),
    licence: z.string(),
    version: z.string(),
    types: z.record(z.string(), type),
    objects: z.record(z.string(), shape),
    classes: z.record(z.string(), shape),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'ocsf/schema-1.5.0.json'), 'utf8')));

type Attribute = z.output<typeof attribute>;
type Shape = z.output<typeof shape>;

/** The number of `Other`, whose sibling must say what it is. */
const OTHER = '99';

const PRIMITIVES: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean_t: (value) => typeof value === 'boolean',
  float_t: (value) => typeof value === 'number',
  integer_t: (value) => Number.isSafeInteger(value),
  long_t: (value) => Number.isSafeInteger(value),
  string_t: (value) => typeof value === 'string',
  json_t: () => true,
};

const isType = (name: string, value: unknown): boolean => {
  const { type: base, regex, range, max_len: most } = published.types[name] ?? {};
  if (!(PRIMITIVES[base ?? name]?.(value) ?? false)) return false;
  if (regex !== undefined && !new RegExp(regex).test(String(value))) return false;
  if (range && (Number(value) < range[0] || Number(value) > range[1])) return false;
  return most === undefined || String(value).length <= most;
};

const members = z.record(z.string(), z.unknown());

const problemsOfValue = (at: string, one: Attribute, value: unknown, profiles: readonly string[]): string[] => {
  if (one.type === 'object_t') {
    const inner = published.objects[one.object_type ?? ''];
    return inner ? problemsOfShape(at, inner, value, profiles) : [`${at}: ${one.object_type} was not kept`];
  }
  if (!isType(one.type, value)) return [`${at}: ${JSON.stringify(value)} is no ${one.type}`];
  return one.enum && !one.enum.includes(String(value)) ? [`${at}: ${String(value)} is none of its values`] : [];
};

const problemsOfAttribute = (at: string, one: Attribute, value: unknown, profiles: readonly string[]): string[] => {
  if (one.is_array !== true) return problemsOfValue(at, one, value, profiles);
  if (!Array.isArray(value)) return [`${at}: is no array`];
  return value.flatMap((item, i) => problemsOfValue(`${at}[${i}]`, one, item, profiles));
};

const problemsOfConstraints = (at: string, { constraints }: Shape, names: readonly string[]): string[] => {
  const { at_least_one: some, just_one: just } = constraints ?? {};
  const there = (list: readonly string[]): number => list.filter((name) => names.includes(name)).length;
  return [
    ...(some && there(some) === 0 ? [`${at}: needs one of ${some.join(', ')}`] : []),
    ...(just && there(just) !== 1 ? [`${at}: needs just one of ${just.join(', ')}`] : []),
  ];
};

const problemsOfShape = (at: string, of: Shape, value: unknown, profiles: readonly string[]): string[] => {
  const { success, data } = members.safeParse(value);
  if (!success) return [`${at}: is no object`];
  const known = Object.entries(of.attributes).filter(([, { profile }]) => !profile || profiles.includes(profile));
  const names = Object.keys(data);
  const found = new Map(known);
  return [
    ...names.filter((name) => !found.has(name)).map((name) => `${at}.${name}: is not known to ${of.name}`),
    ...known
      .filter(([name, { requirement }]) => requirement === 'required' && !names.includes(name))
      .map(([name]) => `${at}.${name}: is required`),
    ...known.flatMap(([name, one]) =>
      names.includes(name) ? problemsOfAttribute(`${at}.${name}`, one, data[name], profiles) : [],
    ),
    ...known.flatMap(([name, { sibling }]) =>
      sibling && String(data[name]) === OTHER && !names.includes(sibling)
        ? [`${at}.${sibling}: says what ${name} is`]
        : [],
    ),
    ...problemsOfConstraints(at, of, names),
  ];
};

const head = z.looseObject({
  class_uid: z.int(),
  activity_id: z.int(),
  type_uid: z.int(),
  metadata: z.looseObject({ version: z.string(), profiles: z.array(z.string()).default([]) }),
});

/** What the schema does not allow of an event; empty where it holds. */
export const ocsfProblems = (event: unknown): readonly string[] => {
  const { class_uid: uid, activity_id: activity, type_uid: typeUid, metadata } = head.parse(event);
  const of = Object.values(published.classes).find((one) => one.uid === uid);
  if (!of) return [`class ${uid} was not kept`];
  const { version, profiles } = metadata;
  return [
    ...(version === published.version ? [] : [`version ${version} is not ${published.version}`]),
    ...(typeUid === uid * 100 + activity ? [] : ['type_uid is not of its class and activity']),
    ...profiles.filter((name) => !of.profiles?.includes(name)).map((name) => `${of.name} has no profile ${name}`),
    ...problemsOfShape(of.name, of, event, profiles),
  ];
};
