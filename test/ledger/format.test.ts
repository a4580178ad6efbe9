import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { leafHash } from '../../src/base/merkle.js';
import { encodeDraft, placeRecord } from '../../src/ledger/encode.js';
import {
  checkpointLine,
  commitmentOf,
  FIRST_PREV,
  FormatError,
  MAX_INLINE_BYTES,
  parseCheckpointLine,
  parseLine,
  parsePayloadLine,
  parseRecordLine,
  segmentFirst,
  segmentName,
} from '../../src/ledger/format.js';
import { callDraft } from './samples.js';

const PLACE = {
  seq: 7,
  prev: FIRST_PREV,
  now: 1_763_960_400_123,
  monotonic: 5,
  boot: '00000000-0000-4000-8000-000000000001',
};
const place = (draft: Parameters<typeof encodeDraft>[0]): readonly Buffer[] => {
  const { line, payloads } = placeRecord(encodeDraft(draft), PLACE);
  return [line, ...payloads.map((payload) => payload.slice(0, -1))].map((text) => Buffer.from(text));
};

const LINE = `{"v":1,"seq":7,"prev":"${FIRST_PREV}","t":"2025-11-24T05:00:00.123Z","m":5,"boot":"${PLACE.boot}","type":"stop","d":{"reason":"x"}}`;

test('a record is written as docs/ledger-format.md shows it', () => {
  expect(place({ type: 'stop', d: { reason: 'x' } }).map(String)).toEqual([LINE]);
});

test('what is written is read back', () => {
  const [record, args, person] = place(callDraft(1));
  const parsed = parseRecordLine(record ?? Buffer.alloc(0));
  expect(parsed).toMatchObject({ seq: 7, prev: FIRST_PREV, time: PLACE.now, m: 5, type: 'call' });
  expect(parsed.leaf).toEqual(leafHash(record ?? Buffer.alloc(0)));
  expect(placeRecord(encodeDraft({ type: 'stop', d: { reason: 'x' } }), PLACE).leaf).toBe(
    leafHash(Buffer.from(LINE)).toString('hex'),
  );
  for (const [index, line] of [args, person].entries()) {
    const payload = parsePayloadLine(line ?? Buffer.alloc(0));
    const [name, commitment] = parsed.payloads[index] ?? [];
    expect(payload).toMatchObject({ seq: 7, name });
    expect(commitmentOf(payload.salt, payload.data ?? '')).toBe(commitment);
  }
});

describe('drafts that the format cannot hold are refused', () => {
  const cases: Record<string, object> = {
    fraction: { ms: 1.5 },
    'not a number': { ms: Number.NaN },
    'over 2^53': { ms: 2 ** 53 },
    undefined: { reason: undefined },
    function: { reason: () => 1 },
    bigint: { ms: 1n },
    date: { at: new Date(0) },
    'lone surrogate': { reason: '\ud800' },
    'lone surrogate in a name': { '\udc00': 1 },
    'member p': { p: {} },
    'too deep': JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)),
    'too long': { reason: 'é'.repeat(33_000) },
  };
  test.each(Object.entries(cases))('%s', (_name, d) => {
    expect(() => place({ type: 'stop', d })).toThrow(CountersignError);
  });

  test.each(['{"a":1', '{"a":\n1}', '{"a":"\u0001"}', '\ufeff1', '"\ud800"', ''])('payload %j', (data) => {
    expect(() => place({ type: 'stop', d: {}, payloads: { args: data } })).toThrow(
      /RECORD_INVALID|record cannot be written/,
    );
  });

  test('a payload that is not UTF-8, a bad name, too many', () => {
    expect(() => place({ type: 'stop', d: {}, payloads: { args: Buffer.from([0x22, 0xff, 0x22]) } })).toThrow(
      'not UTF-8',
    );
    expect(() => place({ type: 'stop', d: {}, payloads: { 'a"b': '1' } })).toThrow('no valid name');
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`p${i}`, '1']));
    expect(() => place({ type: 'stop', d: {}, payloads: many })).toThrow('too many');
  });
});

test('control characters and line breaks in texts never reach the line', () => {
  const [line] = place({ type: 'stop', d: { reason: 'a\n\u0000\u001f\u2028b' } });
  expect(parseRecordLine(line ?? Buffer.alloc(0)).d).toEqual({ reason: 'a\n\u0000\u001f\u2028b' });
});

test('a payload over 1 MiB goes to a file, one of exactly 1 MiB does not', () => {
  const exact = `"${'x'.repeat(MAX_INLINE_BYTES - 2)}"`;
  expect(encodeDraft({ type: 'stop', d: {}, payloads: { result: exact } }).blobs).toEqual([]);
  const encoded = encodeDraft({ type: 'stop', d: {}, payloads: { result: `${exact} ` } });
  expect(encoded.blobs.length).toBe(1);
  const payload = parsePayloadLine(Buffer.from(placeRecord(encoded, PLACE).payloads[0]?.slice(0, -1) ?? ''));
  expect(payload.data).toBeNull();
  expect(commitmentOf(payload.salt, `${exact} `)).toBe(encoded.blobs[0]?.commitment);
});

describe('record lines that are not in the one form are refused', () => {
  const cases: Record<string, string> = {
    empty: '',
    'byte order mark': `\ufeff${LINE}`,
    'carriage return': `${LINE}\r`,
    'space before': ` ${LINE}`,
    'seq in another form': LINE.replace('"seq":7', '"seq":07'),
    'seq true': LINE.replace('"seq":7', '"seq":true'),
    'seq over 2^53': LINE.replace('"seq":7', '"seq":9007199254740993'),
    'upper-case prev': LINE.replace('0"', 'A"'),
    'another version': LINE.replace('"v":1', '"v":2'),
    'time with an offset': LINE.replace('123Z', '123+00:00'),
    'time without milliseconds': LINE.replace('.123Z', 'Z'),
    'no such day': LINE.replace('2025-11-24', '2025-02-30'),
    'monotonic below zero': LINE.replace('"m":5', '"m":-5'),
    'monotonic with a fraction': LINE.replace('"m":5', '"m":5.0'),
    'no boot': LINE.replace(PLACE.boot, 'boot'),
    'unknown type': LINE.replace('"stop"', '"halt"'),
    'd no object': LINE.replace('{"reason":"x"}', '[]'),
    'one member more': LINE.replace('}}', '},"e":1}'),
    'member twice': LINE.replace('"reason":"x"', '"reason":"x","reason":"y"'),
    'other order': LINE.replace('"type":"stop","d":{"reason":"x"}', '"d":{"reason":"x"},"type":"stop"'),
    fraction: LINE.replace('"x"', '1.0'),
    exponent: LINE.replace('"x"', '1e3'),
    'minus zero': LINE.replace('"x"', '-0'),
    'integer over 2^53': LINE.replace('"x"', '9007199254740993'),
    'tab between tokens': LINE.replace('"x"', '\t"x"'),
    'lone surrogate': LINE.replace('"x"', '"\\ud800"'),
    'p without hash': LINE.replace('"reason":"x"', '"p":{"args":"x"}'),
    'p empty': LINE.replace('"reason":"x"', '"p":{}'),
    'deep nesting': LINE.replace('"x"', '['.repeat(20_000) + ']'.repeat(20_000)),
    'too long': LINE.replace('"x"', `"${'x'.repeat(65_535)}"`),
  };
  test.each(Object.entries(cases))('%s', (_name, line) => {
    expect(() => parseRecordLine(Buffer.from(line))).toThrow(FormatError);
  });
  test('invalid UTF-8', () => {
    expect(() =>
      parseRecordLine(Buffer.concat([Buffer.from(LINE.slice(0, -4)), Buffer.from([0xff]), Buffer.from('"}}')])),
    ).toThrow(FormatError);
  });
});

test.each([
  '>{"seq":1,"name":"args","salt":"00","data":1}',
  `>{"seq":1,"name":"Args","salt":"${FIRST_PREV}","data":1}`,
  `>{"seq":1,"name":"args","salt":"${FIRST_PREV}","data":}`,
  `>{"seq":1,"name":"args","salt":"${FIRST_PREV}","data":1,"x":2}`,
  `>{"seq":1,"name":"args","salt":"${FIRST_PREV}","data":1}x`,
  `>{"seq":1,"name":"args","salt":"${FIRST_PREV}","blob":false}`,
  `>{"seq":01,"name":"args","salt":"${FIRST_PREV}","data":1}`,
])('payload line %s is refused', (line) => {
  expect(() => parsePayloadLine(Buffer.from(line))).toThrow(FormatError);
});

test.each(['~', '~1', '~"x"', `~ ${checkpointLine('x').slice(1)}`, '~"\\u0061"'])(
  'checkpoint line %s is refused',
  (line) => {
    expect(() => parseCheckpointLine(Buffer.from(line))).toThrow(FormatError);
  },
);

test('any bytes: the parser throws its own error or reads a line', () => {
  const bytes = Buffer.from(LINE);
  const mutated = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)).map(([at, to]) => {
    const copy = Buffer.from(bytes);
    copy[at] = to;
    return copy;
  });
  const any = fc
    .tuple(fc.constantFrom('', '>', '~', '{'), fc.uint8Array({ maxLength: 200 }))
    .map(([first, rest]) => Buffer.concat([Buffer.from(first), rest]));
  fc.assert(
    fc.property(fc.oneof(mutated, any), (line) => {
      try {
        parseLine(line);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('any plain data with whole numbers is written and read back the same', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(fc.string({ minLength: 2 }), value, { maxKeys: 6 }), (d) => {
      const [line] = place({ type: 'stop', d });
      expect(JSON.parse(JSON.stringify(parseRecordLine(line ?? Buffer.alloc(0)).d))).toEqual(
        JSON.parse(JSON.stringify(d)),
      );
    }),
  );
});

test('names of segment files', () => {
  expect(segmentName(42)).toBe('0000000000000042.jsonl');
  expect(segmentFirst(segmentName(42))).toBe(42);
  for (const name of ['42.jsonl', '0000000000000042.json', 'x0000000000000042.jsonl', '9999999999999999.jsonl'])
    expect(segmentFirst(name)).toBeUndefined();
});
