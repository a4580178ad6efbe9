import { LookupEvents$ } from '@aws-sdk/client-cloudtrail';
import { describe, expect, it } from 'vitest';
import { holdToModel } from './api-model.js';

describe('the published model that doubles are held to', () => {
  it('takes what the operation asks and answers', () => {
    const answer = {
      Events: [{ EventId: 'a', EventTime: new Date(0), Resources: [{ ResourceName: 'r' }] }],
      NextToken: 't',
    };
    expect(() => holdToModel(LookupEvents$, { MaxResults: 50, StartTime: new Date(0) }, answer)).not.toThrow();
  });

  it.each([
    [
      'a member that it has not',
      {},
      { Events: [{ EventID: 'a' }] },
      /output\.Events\[0\]\.EventID is not in the model/,
    ],
    ['a member of another type', { MaxResults: '50' }, {}, /input\.MaxResults is not a number/],
    ['a time that is none', {}, { Events: [{ EventTime: 5 }] }, /EventTime is not a time/],
    ['a list that is none', {}, { Events: {} }, /Events is not a list/],
    ['a missing member', { LookupAttributes: [{ AttributeKey: 'EventId' }] }, {}, /AttributeValue is missing/],
  ])('refuses %s', (_, ask, answer, problem) => {
    expect(() => holdToModel(LookupEvents$, ask, answer)).toThrow(problem);
  });

  it('is an operation', () => {
    expect(() => holdToModel(undefined, {})).toThrow(/no operation/);
  });
});
