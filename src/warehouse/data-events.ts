/**
 * Which services' data events are recorded. A trail records management events unless told otherwise, and data events only
 * where its selectors say so (AWS CloudTrail user guide, "Logging data events").
 */
import { isArray, isObject, type JsonValue, parseJson, toValue } from '../base/json.js';
import { type Builder, cellText } from './open.js';

const itemsOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  value !== undefined && isArray(value) ? value : [];
const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  isObject(value) ? value[name] : undefined;
const has = (list: JsonValue | undefined, wanted: string): boolean => itemsOf(list).includes(wanted);

/** `AWS::S3::Object` is of `s3.amazonaws.com`. */
const serviceOf = (type: JsonValue | undefined): readonly string[] => {
  const [, , name] = typeof type === 'string' ? (/^(AWS)::(\w+)::/.exec(type) ?? []) : [];
  return name === undefined ? [] : [`${name.toLowerCase()}.amazonaws.com`];
};

/** Basic selectors name all of a service by the beginning that its ARNs share. */
const basic = (selector: JsonValue): readonly string[] =>
  itemsOf(memberOf(selector, 'DataResources')).flatMap((resource) => {
    const services = serviceOf(memberOf(resource, 'Type'));
    const whole = services.some((one) => has(memberOf(resource, 'Values'), `arn:aws:${one.split('.')[0] ?? ''}`));
    return whole ? services : [];
  });

/** A selector that names single resources or operations records a part, and says nothing of the rest. */
const advanced = (selector: JsonValue): readonly string[] => {
  const fields = itemsOf(memberOf(selector, 'FieldSelectors'));
  const named = (name: string) => fields.find((field) => memberOf(field, 'Field') === name);
  const writes = (field: JsonValue): boolean =>
    memberOf(field, 'Field') === 'readOnly' && has(memberOf(field, 'Equals'), 'false');
  const known = (field: JsonValue): boolean =>
    ['eventCategory', 'resources.type'].some((name) => memberOf(field, 'Field') === name) || writes(field);
  if (!has(memberOf(named('eventCategory'), 'Equals'), 'Data') || !fields.every(known)) return [];
  return itemsOf(memberOf(named('resources.type'), 'Equals')).flatMap(serviceOf);
};

/** @param selectors as `trail_config` has them, JSON */
export const dataServices = (selectors: string): readonly string[] => {
  const value = toValue(parseJson(Buffer.from(selectors)));
  return [
    ...itemsOf(memberOf(value, 'EventSelectors')).flatMap(basic),
    ...itemsOf(memberOf(value, 'AdvancedEventSelectors')).flatMap(advanced),
  ];
};

/** Fills `data_events`. Needs `trail_config` and `ct_event`. */
export const loadDataEvents = async (builder: Builder): Promise<void> => {
  const trails = await builder.query('SELECT CAST(selectors AS VARCHAR) AS selectors, logging FROM trail_config');
  const seen =
    trails.length > 0 ? [] : await builder.query(`SELECT DISTINCT event_source FROM ct_event WHERE category = 'Data'`);
  const services = new Set([
    ...trails
      .filter((row) => row['logging'] === true)
      .flatMap((row) => dataServices(cellText(row['selectors']) || '{}')),
    ...seen.map((row) => cellText(row['event_source'])),
  ]);
  const to = await builder.appender('data_events');
  for (const service of [...services].sort()) to.add([service]);
  to.close();
};
