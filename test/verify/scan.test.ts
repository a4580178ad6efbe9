/** What the quick scan takes for plain, the strict parsers accept, with the same values. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkNote, createNoteSigner, type NoteVerifier, parseVerifierKey } from '../../src/base/note.js';
import {
  FormatError,
  parseCheckpointLine,
  parsePayloadLine,
  parseRecordLine,
  type RecordLine,
} from '../../src/ledger/format.js';
import { CheckpointScan } from '../../src/verify/scan/checkpoint.js';
import { hashOf, hexText, isHexOf } from '../../src/verify/scan/hashes.js';
import { JsonScan } from '../../src/verify/scan/json.js';
import { type ScannedRange, scanRange } from '../../src/verify/scan/range.js';
import { RecordScan } from '../../src/verify/scan/record.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { MUTATIONS, seeded } from './fuzzing.js';
import { sampleLedger } from './sample.js';

const HEAD = `{"v":1,"seq":7,"prev":"${'a'.repeat(64)}","t":"2026-11-24T05:00:00.010Z","m":1010,"boot":"00000000-0000-4000-8000-000000000001","type":"call","d":`;
const HASH = /^[0-9a-f]{64}$/;
const lineOf = (d: string): Buffer => Buffer.from(`${HEAD}${d}}`);

const strictly = (line: Buffer): RecordLine | null => {
  try {
    return parseRecordLine(line);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
};

/** What the scan says of a line: null where it leaves it to the strict parser. */
const scanned = (line: Buffer): RecordScan | null => {
  const scan = new RecordScan();
  scan.over(endedLine(line));
  return scan.read(0) === line.length ? scan : null;
};

const endedLine = (line: Buffer): Buffer => Buffer.concat([line, Buffer.from('\n')]);

/** True where the scan took the line. */
const agree = (line: Buffer): boolean => {
  const scan = scanned(line);
  if (!scan) return false;
  // Hashes are not looked at: they are compared with what they must be.
  const commitments = scan.payloads.map((named) => [named.name, hexText(endedLine(line), named)] as const);
  if ([scan.prev, ...commitments.map(([, digits]) => digits)].some((hash) => !HASH.test(hash))) return true;
  const strict = strictly(line);
  expect(strict, line.toString()).not.toBeNull();
  if (!strict) return true;
  const { seq, prev, time, m, boot, type, d, payloads } = strict;
  expect([scan.seq, scan.prev, scan.time, scan.m, scan.boot, scan.type]).toEqual([seq, prev, time, m, boot, type]);
  expect(commitments).toEqual(payloads);
  expect(scan.isCall).toBe(typeof d['call'] === 'string');
  if (scan.call !== null) expect(scan.call).toBe(d['call']);
  if (scan.intent !== null) expect(scan.intent).toBe(d['intent']);
  if (scan.forwarded !== null) expect(scan.forwarded).toBe(d['forwarded']);
  return true;
};

const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('call', 'intent', 'forwarded', 'a', '__proto__'), fc.string()),
      tie('value'),
      {
        maxKeys: 4,
      },
    ),
  ),
})).value;

describe('records', () => {
  test('members of any kind', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('call', 'intent', 'forwarded', 'x', 'counts'), json), (d) => {
        agree(lineOf(JSON.stringify(d)));
      }),
      { numRuns: 500 },
    );
  });

  test('the lines of a ledger are plain', async () => {
    const { lines } = await sampleLedger(newKey());
    const records = lines.filter((line) => line.startsWith('{'));
    expect(records.filter((line) => !agree(Buffer.from(line)))).toEqual([]);
  });

  test('damaged lines are refused, or are lines still', async () => {
    const { lines } = await sampleLedger(newKey());
    const records = lines.filter((line) => line.startsWith('{')).map((line) => Buffer.from(line));
    const below = seeded(11);
    for (let run = 0; run < 5000; run++) {
      const line = records[below(records.length)] ?? Buffer.alloc(0);
      const damaged = MUTATIONS[below(MUTATIONS.length)]?.(line, below) ?? line;
      // The whole range is looked at for UTF-8 before any line of it is scanned.
      if (Buffer.from(damaged.toString()).equals(damaged)) agree(damaged);
    }
  });

  test.each([
    ['a fraction', '{"a":1.0}'],
    ['an exponent', '{"a":1e3}'],
    ['minus zero', '{"a":-0}'],
    ['a zero in front', '{"a":01}'],
    ['a number too large', '{"a":9007199254740993}'],
    ['a name twice', '{"a":1,"a":1}'],
    ['a name twice, once escaped', '{"a":1,"\\u0061":1}'],
    ['a name twice, deep', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['a lone surrogate in a name', '{"\\udc00":1}'],
    ['an unknown escape', '{"a":"\\x"}'],
    ['half an escape', '{"a":"\\u00g0"}'],
    ['a control byte', '{"a":"\t"}'],
    ['an open string', '{"a":"b}'],
    ['no value', '{"a":}'],
    ['a comma too many', '{"a":1,}'],
    ['a comma too few', '{"a":1 "b":2}'],
    ['an open list', '{"a":[1}'],
    ['an unknown word', '{"a":nul}'],
    ['a sign alone', '{"a":-}'],
    ['malformed commitments', '{"p":{"args":"x"}}'],
    ['no commitments', '{"p":{}}'],
    ['deep nesting', `{"a":${'['.repeat(80)}${']'.repeat(80)}}`],
  ])('%s is no plain record', (_name, d) => {
    expect(scanned(lineOf(d))).toBeNull();
    expect(strictly(lineOf(d))).toBeNull();
  });

  test.each([
    ['day', '2026-02-30T05:00:00.010Z'],
    ['hour', '2026-11-24T24:00:00.000Z'],
    ['minute', '2026-11-24T05:60:00.010Z'],
    ['second', '2026-11-24T05:00:60.010Z'],
    ['form', '2026-11-24T05:00:00,010Z'],
    ['zone', '2026-11-24T05:00:00.010+'],
  ])('a %s that is none', (_name, t) => {
    const line = Buffer.from(lineOf('{}').toString().replace('2026-11-24T05:00:00.010Z', t));
    expect([scanned(line), strictly(line)]).toEqual([null, null]);
  });
});

test('JSON of payloads', () => {
  const scan = new JsonScan('any');
  const isPlain = (text: string): boolean => {
    scan.bytes = Buffer.from(`${text}\n`);
    scan.reset();
    return scan.value(0, 0) === Buffer.byteLength(text);
  };
  const isJson = (text: string): boolean => {
    try {
      parsePayloadLine(Buffer.from(`>{"seq":0,"name":"a","salt":"${'0'.repeat(64)}","data":${text}}`));
      return true;
    } catch {
      return false;
    }
  };
  fc.assert(
    fc.property(fc.json(), (text) => {
      if (isPlain(text)) expect(isJson(text)).toBe(true);
    }),
  );
  const below = seeded(5);
  const sample = Buffer.from('{"a": [1, -2.5e+3, 0.1], "b": {"c": "d\\n\\u00e9 ü", "e": [true, false, null, {}, []]}}');
  expect(isPlain(sample.toString())).toBe(true);
  for (let run = 0; run < 5000; run++) {
    const text = (MUTATIONS[below(MUTATIONS.length)]?.(sample, below) ?? sample).toString();
    if (isPlain(text)) expect(isJson(text), text).toBe(true);
  }
});

describe('checkpoints', () => {
  const key = newKey();
  const verifier = parseVerifierKey(createNoteSigner(ORIGIN, key).key);

  /** What the strict parser and the note's own check make of a line over so many records. */
  const strictRoot = (line: Buffer, size: number, by: NoteVerifier): string | undefined => {
    const { note, checkpoint } = parseCheckpointLine(line);
    const isOwn = checkpoint.origin === by.name && checkpoint.size === size && checkNote(note, by) === true;
    return isOwn ? checkpoint.root.toString('hex') : undefined;
  };

  const outcome = (root: () => string | undefined): string | undefined => {
    try {
      return root();
    } catch (error) {
      if (error instanceof FormatError) return error.message;
      throw error;
    }
  };

  const bothSay = (line: Buffer, size: number, by = verifier): string | undefined => {
    const quick = outcome(() => new CheckpointScan(endedLine(line), by).root(0, line.length, size));
    expect(quick, line.toString()).toBe(outcome(() => strictRoot(line, size, by)));
    return quick;
  };

  const checkpoints = async (): Promise<readonly Buffer[]> => {
    const { lines } = await sampleLedger(key);
    return lines.filter((line) => line.startsWith('~')).map((line) => Buffer.from(line));
  };

  test('those of a ledger give their root under its key and size, and under no other', async () => {
    const other = parseVerifierKey(createNoteSigner(ORIGIN, newKey()).key);
    for (const line of await checkpoints()) {
      const { size, root } = parseCheckpointLine(line).checkpoint;
      expect(bothSay(line, size)).toBe(root.toString('hex'));
      expect(bothSay(line, size + 1)).toBeUndefined();
      expect(bothSay(line, size, other)).toBeUndefined();
    }
  });

  test('damaged ones are judged as the strict parser judges them', async () => {
    const lines = await checkpoints();
    const below = seeded(7);
    for (let run = 0; run < 2000; run++) {
      const line = lines[below(lines.length)] ?? Buffer.alloc(0);
      const { size } = parseCheckpointLine(line).checkpoint;
      const damaged = MUTATIONS[below(MUTATIONS.length)]?.(line, below) ?? line;
      bothSay(damaged, size);
    }
  });
});

describe('payloads that are missing', () => {
  const facts = async (change: (lines: string[]) => string[]): Promise<ScannedRange['facts'] | null> => {
    const { lines, key } = await sampleLedger(newKey());
    const first = lines.findIndex((line) => line.startsWith('~')) + 1;
    const range = change(lines.slice(first).filter((line) => line !== ''));
    const rules = { verifier: parseVerifierKey(key), heartbeat: 180_000, skew: 2_000 };
    return scanRange(Buffer.from(`\n${range.join('\n')}\n`), rules)?.facts ?? null;
  };
  const missing = (found: ScannedRange['facts'] | null) => found?.events.filter(({ kind }) => kind === 'missing');
  const without =
    (...names: string[]) =>
    (lines: string[]): string[] => {
      const at = lines.findIndex((line) => line.includes('"type":"call"'));
      return lines.filter(
        (line, i) => i <= at || i > at + 2 || !names.some((name) => line.includes(`"name":"${name}"`)),
      );
    };

  test('none, one of two, or both: told by name, without a word of the strict parser', async () => {
    expect(missing(await facts(without()))).toEqual([]);
    for (const names of [['args'], ['person'], ['args', 'person']]) {
      expect(missing(await facts(without(...names)))).toEqual([expect.objectContaining({ seq: 1, index: 1, names })]);
    }
  });

  test('in another order, twice, or of another record they are for the strict parser', async () => {
    const swap = (lines: string[]): string[] => {
      const at = lines.findIndex((line) => line.startsWith('>'));
      const [one = '', two = ''] = lines.slice(at, at + 2);
      return lines.with(at, two).with(at + 1, one);
    };
    const twice = (lines: string[]): string[] =>
      lines.flatMap((line) => (line.startsWith('>') ? [line, line] : [line]));
    const other = (lines: string[]): string[] => lines.map((line) => line.replace(/^>\{"seq":1,/, '>{"seq":2,'));
    for (const change of [swap, twice, other]) expect(await facts(change)).toBeNull();
  });
});

test('a hash is compared with its digits where they stand', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 63 }), (data, changed) => {
      const digits = Buffer.from(hashOf(data, 0, data.length), 'latin1').toString('hex');
      const bytes = Buffer.from(`"${digits}"`);
      const digest = hashOf(Buffer.concat([Buffer.from('x'), data]), 1, data.length + 1);
      expect(isHexOf(bytes, { at: 1, read: '' }, digest)).toBe(true);
      expect(isHexOf(bytes, { at: 0, read: digits }, digest)).toBe(true);
      bytes[1 + changed] = (bytes[1 + changed] ?? 0) ^ 1;
      expect(isHexOf(bytes, { at: 1, read: '' }, digest)).toBe(false);
      expect(isHexOf(bytes, { at: 0, read: hexText(bytes, { at: 1, read: '' }) }, digest)).toBe(false);
    }),
  );
});
