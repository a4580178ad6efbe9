/** The quick scan of logs against the strict parser: whatever the bytes, both say the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JsonNode, member, parseJson, toValue } from '../../src/base/json.js';
import { checkTrailRecord, isApart, splitTrailLog, TrailLogError } from '../../src/base/trail-log.js';
import { FIELDS } from '../../src/base/trail-scan/fields.js';
import { scanTrailLog } from '../../src/base/trail-scan/log.js';
import { KIND, RecordScan } from '../../src/base/trail-scan/scan.js';

const scan = new RecordScan();

/** What each field of the plain record under visit holds. */
const scannedFields = (): readonly unknown[] =>
  FIELDS.map((_, field) => {
    const kind = scan.kinds[field];
    if (kind === KIND.absent) return undefined;
    const quote = kind === KIND.text || kind === KIND.escaped ? '"' : '';
    return toValue(parseJson(Buffer.from(quote + scan.text(field) + quote)));
  });

const step = (node: JsonNode | undefined, name: string): JsonNode | undefined => {
  if (name === '[0]') return node?.kind === 'array' ? node.items[0] : undefined;
  return member(node, name);
};

const parsedFields = (bytes: Buffer): readonly unknown[] => {
  const root: JsonNode | undefined = parseJson(bytes);
  return FIELDS.map((path) => {
    const node = path.split(/\.|(?=\[)/).reduce<JsonNode | undefined>(step, root);
    return node && toValue(node);
  });
};

/** One line for each record, by the strict parser alone. */
const parsed = (bytes: Buffer): readonly unknown[] | string => {
  try {
    return splitTrailLog(bytes).map((record) => {
      const checked = checkTrailRecord(record);
      return checked.ok ? { time: checked.time, apart: isApart(checked.category), bytes: record.toString() } : checked;
    });
  } catch (error) {
    if (error instanceof TrailLogError) return error.message;
    throw error;
  }
};

/** The same, by the quick scan; the fields of every record that it took are held against the parser's. */
const scanned = (bytes: Buffer): readonly unknown[] | string => {
  const found: unknown[] = [];
  try {
    scanTrailLog(bytes, scan, {
      plain: (index, time, apart, start, end) => {
        const record = bytes.subarray(start, end);
        expect(index).toBe(found.length);
        expect(scannedFields()).toEqual(parsedFields(record));
        found.push({ time, apart, bytes: record.toString() });
      },
      other: (index, record, own) => {
        expect(index).toBe(found.length);
        if (record.ok) found.push({ time: record.time, apart: isApart(record.category), bytes: own.toString() });
        else found.push(record);
      },
    });
    return found;
  } catch (error) {
    if (error instanceof TrailLogError) return error.message;
    throw error;
  }
};

const agree = (bytes: Buffer): void => {
  expect(scanned(bytes)).toEqual(parsed(bytes));
};

const plainCount = (bytes: Buffer): number => {
  let count = 0;
  scanTrailLog(bytes, scan, { plain: () => count++, other: () => undefined });
  return count;
};

const EVENT = {
  eventVersion: '1.11',
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/app/cs-1',
    sessionContext: {
      sessionIssuer: { arn: 'arn:aws:iam::111122223333:role/app' },
      attributes: {},
      sourceIdentity: 'cs-2',
    },
  },
  eventTime: '2026-11-20T06:00:01Z',
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  userAgent: 'aws-cli/2 "x" \\ é',
  requestParameters: { roleArn: 'arn', roleSessionName: 'n', tags: [{ key: 'k', value: 1 }], limit: 10.5, on: false },
  responseElements: { credentials: { accessKeyId: 'ASIA' }, build: null },
  resources: [{ ARN: 'arn:1' }, { ARN: 'arn:2' }],
  requestID: 'r-1',
  eventID: 'e-1',
  readOnly: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
};

/** Names that are fields, or nearly, so that the tree of paths is walked. */
const name = fc.constantFrom(...new Set(FIELDS.flatMap((path) => path.split(/\.|\[0\]/))), 'eventId', 'a', '__proto__');
const odd = fc.constantFrom('', 'é', '\u2028', '😀', '"', '\\', '\n', '\u0001', 'x'.repeat(300), 'Insight');
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  odd,
  fc.dictionary(name, fc.oneof(odd, fc.jsonValue({ maxDepth: 1 }))),
);
const event = fc.dictionary(name, anything, { maxKeys: 4 }).map((over) => JSON.stringify({ ...EVENT, ...over }));

/** Texts that go in somewhere: each is a thing that a lax reader lets through. */
const PLANTED = [
  '"',
  '\\',
  '\\u0041',
  '\\ud800',
  '\\/',
  '\\x',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  ' ',
  '\t',
  '\n',
  '\u0000',
  '-',
  '-0',
  '00',
  '1.0',
  '1.50',
  '1e5',
  '1E400',
  '0.5',
  '.5',
  '5.',
  '123456789012345678',
  'true',
  'nul',
  'NaN',
  '"eventID":"e-2",',
  '"a":1,"a":2,',
  '"\\u0061":1,"a":2,',
  '{"a":'.repeat(40),
  '[[[[',
  'é',
  '2026-02-30T06:00:01Z',
  '2026-11-20T24:00:01Z',
] as const;

describe('the quick scan of a log', () => {
  it('takes every plain record, as CloudTrail writes them', () => {
    expect(plainCount(Buffer.from(JSON.stringify({ Records: [EVENT, EVENT] })))).toBe(2);
    expect(plainCount(Buffer.from(JSON.stringify([EVENT], null, 2)))).toBe(1);
  });

  it('and the strict parser agree on events with anything in them', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 3 }), fc.boolean(), (events, wrapped) =>
        agree(Buffer.from(wrapped ? `{"Records":[${events.join(',')}]}` : `[${events.join(',')}]`)),
      ),
      { numRuns: 500 },
    );
  });

  it('and the strict parser agree on events with something put into them, or taken out', () => {
    const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
    const change = fc.tuple(at, fc.constantFrom(...PLANTED), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(event, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let all = `{"Records":[${text},${JSON.stringify(EVENT)}]}`;
        for (const [where, what, cut] of changes) {
          const i = Math.floor(where * all.length);
          all = all.slice(0, i) + what + all.slice(i + cut);
        }
        agree(Buffer.from(all));
      }),
      { numRuns: 2000 },
    );
  });

  it('and the strict parser agree on any single byte that is changed', () => {
    const whole = Buffer.from(JSON.stringify({ Records: [EVENT] }));
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (i, byte) => {
        const changed = Buffer.from(whole);
        changed[i] = byte;
        agree(changed);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a member twice', '{"a":1,"a":2}'],
    ['a member twice, once by its escape', '{"a":1,"\\u0061":2}'],
    ['200 members', JSON.stringify(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`n${i}`, i])))],
    ['70 levels', `${'['.repeat(70)}${']'.repeat(70)}`],
    ['40 levels', `${'['.repeat(40)}${']'.repeat(40)}`],
    ['a lone surrogate', '"\\ud800"'],
    ['minus zero', '-0'],
    ['an exponent', '[1e5]'],
    ['a decimal that ends in zero', '1.50'],
  ])('leaves %s to the strict parser', (_, value) => {
    const bytes = Buffer.from(`[${JSON.stringify(EVENT).replace('10.5', value)}]`);
    expect(plainCount(bytes)).toBe(0);
    agree(bytes);
  });

  it('leaves a file that is not UTF-8 to the strict parser, record by record', () => {
    const bytes = Buffer.from(JSON.stringify([EVENT, { ...EVENT, userAgent: 'X-X' }]));
    bytes[bytes.indexOf('X-X') + 1] = 0xff;
    expect(plainCount(bytes)).toBe(0);
    agree(bytes);
  });

  it.each([
    '1970-01-01',
    '2000-02-29',
    '2024-02-29',
    '2023-02-29',
    '2026-04-31',
    '1969-12-31',
    '2100-02-29',
    '9999-12-31',
  ])('reads %s as the strict parser does', (day) =>
    agree(Buffer.from(JSON.stringify([{ ...EVENT, eventTime: `${day}T23:59:59Z` }]))),
  );
});
