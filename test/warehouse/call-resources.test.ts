import { expect, test } from 'vitest';
import { createCallResources } from '../../src/warehouse/call-resources.js';
import { SETTINGS } from './settings.js';

const resourcesOf = createCallResources(SETTINGS.servers);

test.each([
  ['a name', '{"instance":"i-1"}', 'i-1'],
  ['a number', '{"instance":17}', '17'],
  ['nothing', '{}', null],
  ['a list', '{"instance":["i-1"]}', null],
  ['what masking left', '{"instance":"[redacted:secret]"}', null],
  ['no object', '"i-1"', null],
  ['no JSON', '{', null],
  ['a name that is too long', JSON.stringify({ instance: 'i'.repeat(3_000) }), null],
])('an argument that is %s', (_what, args, resource) => {
  const expected = resource === null ? [] : [{ source: 'ec2.amazonaws.com', name: 'StopInstances', resource }];
  expect(resourcesOf('cloud', 'stop_instance', args)).toEqual(expected);
});

test('of a tool or a server that says nothing of resources', () => {
  expect(resourcesOf('cloud', 'list_instances', '{"instance":"i-1"}')).toEqual([]);
  expect(resourcesOf('other', 'stop_instance', '{"instance":"i-1"}')).toEqual([]);
});
