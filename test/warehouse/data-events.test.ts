import { describe, expect, it } from 'vitest';
import { dataServices } from '../../src/warehouse/data-events.js';

const field = (Field: string, ...Equals: readonly string[]): object => ({ Field, Equals });
const advanced = (...fields: readonly object[]): string =>
  JSON.stringify({ EventSelectors: [], AdvancedEventSelectors: [{ FieldSelectors: fields }] });
const DATA = field('eventCategory', 'Data');

describe('services whose data events a trail records whole', () => {
  it.each([
    ['management events alone', advanced(field('eventCategory', 'Management')), []],
    ['all objects', advanced(DATA, field('resources.type', 'AWS::S3::Object')), ['s3.amazonaws.com']],
    [
      'writes to tables',
      advanced(DATA, field('resources.type', 'AWS::DynamoDB::Table'), field('readOnly', 'false')),
      ['dynamodb.amazonaws.com'],
    ],
    ['reads alone', advanced(DATA, field('resources.type', 'AWS::S3::Object'), field('readOnly', 'true')), []],
    [
      'one bucket alone',
      advanced(DATA, field('resources.type', 'AWS::S3::Object'), {
        Field: 'resources.ARN',
        StartsWith: ['arn:aws:s3:::a/'],
      }),
      [],
    ],
    ['nothing at all', '{"EventSelectors":[],"AdvancedEventSelectors":[]}', []],
    ['what is no selector', '{"EventSelectors":[7],"AdvancedEventSelectors":{"a":1}}', []],
  ])('%s', (_what, selectors, services) => {
    expect(dataServices(selectors)).toEqual(services);
  });

  it('by basic selectors: of all buckets, not of one', () => {
    const basic = (...Values: readonly string[]): string =>
      JSON.stringify({ EventSelectors: [{ DataResources: [{ Type: 'AWS::S3::Object', Values }] }] });
    expect(dataServices(basic('arn:aws:s3'))).toEqual(['s3.amazonaws.com']);
    expect(dataServices(basic('arn:aws:s3:::a/'))).toEqual([]);
  });
});
