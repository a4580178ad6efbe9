/**
 * Cuts the schema that OCSF publishes (https://schema.ocsf.io/1.5.0/export/schema) down to the classes that exports write,
 * and the objects within them, without descriptions. Every attribute of what stays is kept, with what it must be:
 *   node .ci/ocsf.js < schema.json > test/export/ocsf/schema-1.5.0.json
 */
import { readFileSync } from 'node:fs';

const CLASSES = ['api_activity', 'authentication', 'application_lifecycle', 'detection_finding'];
const OBJECTS = [
  'actor',
  'api',
  'finding_info',
  'group',
  'metadata',
  'network_endpoint',
  'policy',
  'product',
  'resource_details',
  'service',
  'session',
  'user',
];

const sorted = (entries) => Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
const only = (facts) => Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

const attributeOf = ({ type, object_type, is_array, requirement, profile, enum: values, sibling }) =>
  only({
    type,
    object_type,
    is_array,
    requirement,
    profile: profile ?? undefined,
    sibling,
    enum: values && Object.keys(values),
  });

const shapeOf = ({ uid, name, profiles, constraints, attributes }) =>
  only({
    uid,
    name,
    profiles,
    constraints,
    attributes: sorted(Object.entries(attributes).map(([key, attribute]) => [key, attributeOf(attribute)])),
  });

const typeOf = ({ type, regex, range, max_len }) => only({ type, regex, range, max_len });

const { version, classes, objects, types } = JSON.parse(readFileSync(0, 'utf8'));
const reduced = {
  source: `https://schema.ocsf.io/${version}/export/schema`,
  licence: 'Apache-2.0, Copyright OCSF contributors; cut down by .ci/ocsf.js',
  version,
  types: sorted(Object.entries(types).map(([name, type]) => [name, typeOf(type)])),
  objects: sorted(OBJECTS.map((name) => [name, shapeOf(objects[name])])),
  classes: sorted(CLASSES.map((name) => [name, shapeOf(classes[name])])),
};
process.stdout.write(`${JSON.stringify(reduced, null, 2)}\n`);
