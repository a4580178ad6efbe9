import { describe, expect, it } from 'vitest';
import { trailSource } from '../../../src/app/config/trail-schema.js';
import { checkConfiguration } from '../../../src/app/config.js';
import { GOOD } from './example.js';

const problems = (source: string): readonly string[] => {
  const checked = checkConfiguration(`${GOOD}collect:\n  cloudtrail: [${source}]\n`, '/etc/countersign.yaml');
  return checked.ok ? [] : checked.problems.map(({ message }) => message);
};

describe('a source under collect.cloudtrail', () => {
  it.each([
    '{ dir: ./trail }',
    '{ s3: { bucket: example-trail, organization: o-abc123, regions: [eu-central-1] } }',
    "{ lookup: { account: '111122223333', regions: [us-east-1] } }",
  ])('%s loads', (source) => {
    expect(problems(source)).toEqual([]);
  });

  it.each([
    ['both kinds', '{ dir: ./trail, s3: { bucket: trail } }', /exactly one of dir, s3 and lookup/],
    ['a lookup beyond 90 days', "{ lookup: { account: '111122223333', regions: [us-east-1], since: 92d } }", /90d/],
    ['a lookup without regions', "{ lookup: { account: '111122223333', regions: [] } }", /at least 1/],
    ['neither', '{}', /exactly one of dir, s3 and lookup/],
    ['no bucket name', '{ s3: { bucket: s3://trail } }', /name of a bucket/],
    ['an account as a number', '{ s3: { bucket: trail, accounts: [111122223333] } }', /text/],
    ['no organisation id', '{ s3: { bucket: trail, organization: Example } }', /id of an organisation/],
    ['a region that is none', '{ s3: { bucket: trail, regions: [frankfurt] } }', /AWS region/],
    ['an endpoint in clear on the network', '{ s3: { bucket: trail, endpoint: http://s3.example.com } }', /https/],
  ])('%s is refused', (_, source, message) => {
    expect(problems(source).join('\n')).toMatch(message);
  });

  it('has defaults that read a quarter', () => {
    const parsed = trailSource.parse({ s3: { bucket: 'trail' } });
    expect(parsed.s3).toMatchObject({ accounts: [], regions: [], since: 100 * 86_400_000, concurrency: 32 });
  });
});
