/** CloudFormation templates held to the schemas that AWS publishes of its resources (`@aws-cdk/aws-service-spec`). */
import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec';
import type { PropertyType, Resource, SpecDatabase } from '@aws-cdk/service-spec-types';
import { type CollectionTag, isCollection, parseDocument, Scalar, type ScalarTag } from 'yaml';
import { z } from 'zod';

/** A function of a template, such as `!Ref`: what it is worth only AWS knows. */
class Intrinsic {
  readonly name: string;
  readonly argument: unknown;
  constructor(name: string, argument: unknown) {
    this.name = name;
    this.argument = argument;
  }
}

const FUNCTIONS = ['Ref', 'Sub', 'GetAtt', 'If', 'Not', 'Equals'];

const tagsOf = (name: string): (ScalarTag | CollectionTag)[] => [
  { tag: `!${name}`, resolve: (text: string) => new Intrinsic(name, text) },
  {
    tag: `!${name}`,
    collection: 'seq',
    resolve: (list) => new Scalar(new Intrinsic(name, isCollection(list) ? list.toJS(parseDocument('')) : null)),
  },
];

const template = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09'),
  Description: z.string().max(1_024),
  Parameters: z.record(z.string(), z.looseObject({ Type: z.string(), Description: z.string().optional() })),
  Conditions: z.record(z.string(), z.unknown()).optional(),
  Resources: z.record(
    z.string(),
    z.strictObject({
      Type: z.string(),
      DependsOn: z.string().optional(),
      DeletionPolicy: z.literal('Retain').optional(),
      UpdateReplacePolicy: z.literal('Retain').optional(),
      Properties: z.record(z.string(), z.unknown()),
    }),
  ),
  Outputs: z.record(z.string(), z.strictObject({ Description: z.string(), Value: z.unknown() })),
});
export type Template = z.output<typeof template>;

/** CloudFormation reads YAML without aliases. */
export const readTemplate = (text: string): Template => {
  const document = parseDocument(text, { customTags: FUNCTIONS.flatMap(tagsOf) });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) throw problem;
  return template.parse(document.toJS({ maxAliasCount: 0 }));
};

const ofPrimitive: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean' || value === 'true' || value === 'false',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  json: (value) => typeof value === 'object',
  'date-time': (value) => typeof value === 'string',
};

interface Field {
  readonly type: PropertyType;
  readonly required?: boolean;
}

const entries = (value: unknown): readonly (readonly [string, unknown])[] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const faultsOfPrimitive = (type: PropertyType, value: unknown, at: string): readonly string[] => {
  if (ofPrimitive[type.type]?.(value) === false) return [`${at} is no ${type.type}`];
  if (type.type === 'string' && type.allowedValues && !type.allowedValues.includes(String(value)))
    return [`${at} is none of ${type.allowedValues.join(', ')}`];
  return [];
};

/** Every way in which a value is not of a type, with its place. */
const faults = (db: SpecDatabase, type: PropertyType, value: unknown, at: string): readonly string[] => {
  if (value instanceof Intrinsic) return [];
  if (type.type === 'ref') return faultsOfFields(db, db.get('typeDefinition', type.reference).properties, value, at);
  if (type.type === 'array') {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((item, i) => faults(db, type.element, item, `${at}[${i}]`));
  }
  if (type.type === 'map')
    return entries(value).flatMap(([key, item]) => faults(db, type.element, item, `${at}.${key}`));
  if (type.type === 'union') {
    const each = type.types.map((one) => faults(db, one, value, at));
    return each.some((found) => found.length === 0) ? [] : (each[0] ?? []);
  }
  return faultsOfPrimitive(type, value, at);
};

const faultsOfFields = (
  db: SpecDatabase,
  fields: Readonly<Record<string, Field>>,
  value: unknown,
  at: string,
): readonly string[] => {
  const given = entries(value);
  const names = new Set(given.map(([name]) => name));
  return [
    ...Object.entries(fields)
      .filter(([name, { required }]) => required && !names.has(name))
      .map(([name]) => `${at}.${name} is missing`),
    ...given.flatMap(([name, item]) => {
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
      return field ? faults(db, field.type, item, `${at}.${name}`) : [`${at}.${name} is not known to AWS`];
    }),
  ];
};

const intrinsicsIn = (value: unknown): readonly Intrinsic[] => {
  if (value instanceof Intrinsic) return [value, ...intrinsicsIn(value.argument)];
  return entries(value).flatMap(([, item]) => intrinsicsIn(item));
};

const PSEUDO: ReadonlySet<string> = new Set(['AWS::NoValue', 'AWS::Region', 'AWS::AccountId', 'AWS::Partition']);

/** What a function refers to: a name, and the attribute that is asked of it. */
const referencesOf = ({ name, argument }: Intrinsic): readonly (readonly [string, string | null])[] => {
  const text = typeof argument === 'string' ? argument : '';
  const dotted = (path: string): readonly [string, string | null] => {
    const [head = '', ...rest] = path.split('.');
    return [head, rest.length === 0 ? null : rest.join('.')];
  };
  if (name === 'Ref') return [[text, null]];
  if (name === 'GetAtt') return [dotted(text)];
  return name === 'Sub' ? [...text.matchAll(/\$\{([^}]+)\}/g)].map(([, path]) => dotted(path ?? '')) : [];
};

/** Everything in a template that CloudFormation would not take. */
export const createCheck = (): ((read: Template) => readonly string[]) => {
  const db = loadAwsServiceSpecSync();
  const resourceOf = (type: string): Resource | undefined =>
    db.lookup('resource', 'cloudFormationType', 'equals', type)[0];
  return (read) => {
    const { Parameters, Resources, Conditions = {}, Outputs } = read;
    const unknown = intrinsicsIn([Resources, Conditions, Outputs])
      .flatMap(referencesOf)
      .flatMap(([name, attribute]) => {
        if (attribute === null)
          return name in Parameters || name in Resources || PSEUDO.has(name) ? [] : [`no ${name}`];
        const attributes = resourceOf(Resources[name]?.Type ?? '')?.attributes ?? {};
        return attribute in attributes ? [] : [`${name} has no ${attribute}`];
      });
    const wrong = Object.entries(Resources).flatMap(([name, { Type, Properties, DependsOn }]) => {
      const resource = resourceOf(Type);
      if (!resource) return [`${name}: AWS has no ${Type}`];
      const depends = DependsOn === undefined || DependsOn in Resources ? [] : [`${name} depends on ${DependsOn}`];
      return [...depends, ...faultsOfFields(db, resource.properties, Properties, name)];
    });
    return [...unknown, ...wrong];
  };
};
