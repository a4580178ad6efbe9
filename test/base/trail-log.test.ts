import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkTrailRecord, splitTrailLog, TrailLogError } from '../../src/base/trail-log.js';

const outcome = (bytes: Buffer): string[] | 'refused' => {
  try {
    return splitTrailLog(bytes).map((part) => part.toString());
  } catch (error) {
    if (error instanceof TrailLogError) return 'refused';
    throw error;
  }
};

describe('splitting a log', () => {
  it('gives back the very elements, whatever the white space', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 4), fc.boolean(), (records, indent, wrapped) => {
        const text = JSON.stringify(wrapped ? { Records: records } : records, null, indent);
        const parts = splitTrailLog(Buffer.from(` \r\n${text}\n`)).map((part): unknown => JSON.parse(part.toString()));
        expect(JSON.stringify(parts)).toBe(JSON.stringify(records));
      }),
    );
  });

  it('refuses every cut of a log', () => {
    const bytes = Buffer.from('{"Records":[{"a":"}]\\"","b":[1,{}]},{"c":null}]}');
    for (let end = 0; end < bytes.length; end++) expect(outcome(bytes.subarray(0, end)), String(end)).toBe('refused');
    expect(outcome(bytes)).toHaveLength(2);
  });

  it('never fails in another way on bytes of any kind', () => {
    const pieces = fc.array(fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', ' ', '1', '"Records"', 'é'), {
      maxLength: 40,
    });
    fc.assert(fc.property(pieces, (parts) => void outcome(Buffer.from(parts.join('')))));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void outcome(Buffer.from(bytes))));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => !checkTrailRecord(Buffer.from(bytes)).ok));
  });

  it.each([
    '[,]',
    '[1,]',

    '{"Records":[]',
    '{"records":[]}',
    '{"Records":{}}',
    '{"Records" []}',
    '[] []',
    '"x"',
  ])('refuses %s', (text) => expect(outcome(Buffer.from(text))).toBe('refused'));
});
