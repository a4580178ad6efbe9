/** Parts: what is written as Parquet is what DuckDB reads, and a value that we take out is the one it would take out. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { FIELDS } from '../../src/base/trail-scan/fields.js';
import { scanTrailLog } from '../../src/base/trail-scan/log.js';
import { RecordScan } from '../../src/base/trail-scan/scan.js';
import { readParts } from '../../src/warehouse/events.js';
import { type Builder, openBuilder, type Row } from '../../src/warehouse/open.js';
import { MAX_ROWS, PlainColumn } from '../../src/warehouse/parts/column.js';
import { DictionaryColumn } from '../../src/warehouse/parts/dictionary.js';
import { EventColumns } from '../../src/warehouse/parts/event-columns.js';
import { type LogSource, type PartTask } from '../../src/warehouse/parts/make.js';
import { ParquetFile } from '../../src/warehouse/parts/parquet.js';
import { makeInThreads, makersFor } from '../../src/warehouse/parts/threads.js';

let dir: string;
let builder: Builder;
let files = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'cs-parts-'));
  builder = await openBuilder(join(dir, 'w.duckdb'), dir, { memoryLimit: '300MB', threads: 1 });
});
afterAll(async () => {
  await builder.close();
  rmSync(dir, { recursive: true });
});

const newFile = (): string => join(dir, `p${files++}.parquet`);

/** Writes groups of rows through one column and reads them back in their order. */
const throughParquet = async (
  column: PlainColumn | DictionaryColumn,
  groups: readonly (readonly (string | null)[])[],
): Promise<readonly Row[]> => {
  const chunks: Buffer[] = [];
  const file = new ParquetFile([column], (bytes) => chunks.push(Buffer.from(bytes)));
  for (const rows of groups) {
    for (const row of rows) {
      const bytes = Buffer.from(row ?? '');
      if (row === null) column.putNull();
      else column.put(bytes, 0, bytes.length);
    }
    file.group(rows.length);
  }
  file.end();
  const path = newFile();
  writeFileSync(path, Buffer.concat(chunks));
  return builder.query(`SELECT v FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`);
};

describe('a Parquet file', () => {
  const values = fc.array(
    fc.option(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 9 }), fc.constant('x'.repeat(200)))),
    {
      maxLength: 40,
    },
  );

  it('holds what was put into it, in each kind of column', async () => {
    const property = fc.asyncProperty(
      fc.array(values, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (groups, repeated) => {
        const column = repeated ? new DictionaryColumn('v') : new PlainColumn('v');
        expect(await throughParquet(column, groups)).toEqual(groups.flat().map((v) => ({ v })));
      },
    );
    await fc.assert(property, { numRuns: 60 });
  });

  it('goes over to values written out where there are too many different ones, and back in the next group', async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => (i % 7 === 0 ? null : `v${i % 17_500}`));
    const groups = [many, ['a', 'a', 'b'], [null, null], many.slice(0, 100)];
    const rows = await throughParquet(new DictionaryColumn('v'), groups);
    expect(rows).toEqual(groups.flat().map((v) => ({ v })));
  });

  it('takes a whole group of rows', async () => {
    const rows = Array.from({ length: MAX_ROWS }, (_, i) => `v${i % 3}`);
    expect(await throughParquet(new DictionaryColumn('v'), [rows])).toHaveLength(MAX_ROWS);
  });
});

const EVENT = {
  userIdentity: {
    type: 'AssumedRole',
    arn: 'arn:aws:sts::1:assumed-role/a/b/cs-1',
    sessionContext: { sessionIssuer: {} },
  },
  eventTime: '2026-11-20T06:00:01Z',
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  requestParameters: { roleArn: 'r', functionName: 'arn:aws:lambda:eu:1:function:f:1' },
  eventID: 'e',
  recipientAccountId: '1',
};

/** The same records as a part of values and as one of texts, which DuckDB reads by itself. */
const bothWays = async (log: Buffer): Promise<readonly [readonly Row[], readonly Row[]]> => {
  const [values, texts] = [new EventColumns(), new EventColumns()];
  const scan = new RecordScan();
  const name = Buffer.from('log');
  scanTrailLog(log, scan, {
    plain: (index, time, _apart, start, end) => {
      values.plain(name, index, time, scan, start, end);
      texts.other(name, index, log.subarray(start, end));
    },
    other: () => undefined,
  });
  const read = async (columns: EventColumns): Promise<readonly Row[]> => {
    const chunks: Buffer[] = [];
    const file = new ParquetFile(columns.columns, (bytes) => chunks.push(Buffer.from(bytes)));
    file.group(columns.rows);
    file.end();
    const path = newFile();
    writeFileSync(path, Buffer.concat(chunks));
    await builder.run(
      'CREATE OR REPLACE TEMP TABLE log_file (part VARCHAR, sha256 VARCHAR, file_no BIGINT, lookup BOOLEAN)',
    );
    await builder.run(`INSERT INTO log_file VALUES ('${path}', 'log', 0, false)`);
    await builder.run(readParts([path]));
    const rows = await builder.query('SELECT * FROM ev_all ORDER BY idx');
    await builder.run('DROP VIEW ev_all');
    return rows;
  };
  return [await read(values), await read(texts)];
};

describe('the values of an event', () => {
  it('are those that DuckDB takes out of its text, and so is the hash of its content', async () => {
    const odd = fc.constantFrom('é', '"q"', 'a\\b', 'a\nb', '\u2028', '😀', '', 'x'.repeat(300));
    const number = fc.constantFrom(0, 1, -5, 1.5, -2.25, 0.1, 1234567.891, 123456789012345, 100.5);
    const value = fc.oneof(odd, number, fc.boolean(), fc.constant(null), fc.jsonValue({ maxDepth: 2 }));
    const steps = fc.constantFrom(...new Set(FIELDS.flatMap((path) => path.split(/\.|\[0\]/))));
    const over = fc.dictionary(steps, fc.oneof(value, fc.dictionary(steps, value, { maxKeys: 3 }), fc.array(value)), {
      maxKeys: 4,
    });
    const source = fc.constantFrom(
      'sts.amazonaws.com',
      'lambda.amazonaws.com',
      'codebuild.amazonaws.com',
      's3.amazonaws.com',
    );
    const event = fc
      .tuple(over, source, fc.constantFrom('AssumeRole', 'Invoke', 'StartBuild', 'X'))
      .map(([fields, eventSource, eventName]) => ({
        ...EVENT,
        ...fields,
        eventSource,
        eventName,
        eventID: 'e',
        eventTime: EVENT.eventTime,
      }));
    let seen = 0;
    const property = fc.asyncProperty(
      fc.array(event, { minLength: 20, maxLength: 60 }),
      fc.constantFrom(0, 1),
      async (events, indent) => {
        const [values, texts] = await bothWays(Buffer.from(JSON.stringify(events, null, indent)));
        expect(values).toEqual(texts);
        seen += values.length;
      },
    );
    await fc.assert(property, { numRuns: 25 });
    expect(seen).toBeGreaterThan(200);
  });
});

describe('parts made in threads', () => {
  const built = new URL('../../dist/warehouse/parts/worker.js', import.meta.url);
  let logs: LogSource[];

  beforeEach(() => {
    logs = Array.from({ length: 5 }, (_, n) => {
      const path = join(dir, `log-${n}`);
      const events = Array.from({ length: 20 }, (_x, i) => JSON.stringify({ ...EVENT, eventID: `${n}-${i}` }));
      // The second is damaged at its end, the third holds a record that is none.
      const text = `{"Records":[${events.join(',')}${n === 2 ? ',7' : ''}]${n === 1 ? ',"x":1' : ''}}`;
      const bytes = gzipSync(text);
      writeFileSync(path, bytes);
      return { path, sha256: sha256(bytes), bytes: bytes.length, packed: true, apart: n === 3 };
    });
  });

  const outcome = async (makers: ReturnType<typeof makersFor>): Promise<unknown> => {
    const tasks: PartTask[] = [logs.slice(0, 2), logs.slice(2)].map((some) => ({ target: newFile(), logs: some }));
    try {
      const made = await Promise.all(tasks.map((task) => makers.make(task)));
      for (const [i, { sha256: hash }] of made.entries())
        expect(sha256(readFileSync(tasks[i]?.target ?? ''))).toBe(hash);
      return made;
    } finally {
      await makers.close();
    }
  };

  it('are those that this thread makes, and so they are where threads cannot start', async () => {
    const here = await outcome(makersFor(0));
    expect(here).toMatchObject([
      {
        facts: [
          { rowsRead: 20, staged: 20 },
          { rowsRead: 0, staged: 0, reason: expect.stringContaining('beside Records') },
        ],
      },
      {
        facts: [
          { rowsRead: 21, staged: 20, rejected: 1, reason: 'record 21: not an object' },
          { staged: 0, excluded: 20 },
          { staged: 20 },
        ],
      },
    ]);
    expect(await outcome(makeInThreads(2, built))).toEqual(here);
    expect(await outcome(makeInThreads(2, new URL('./no-such-module.js', import.meta.url)))).toEqual(here);
  });

  it.each([
    ['gone', (path: string) => rmSync(path), 'it is gone'],
    ['longer', (path: string) => writeFileSync(path, 'x', { flag: 'a' }), 'its bytes have another hash'],
    ['another', (path: string) => writeFileSync(path, 'x'), 'its bytes have another hash'],
  ])('name a log that is %s', async (_, harm, problem) => {
    harm(logs[1]?.path ?? '');
    const makers = makersFor(0);
    const made = await makers.make({ target: newFile(), logs });
    expect(made.changed).toEqual({ log: 1, problem });
    const next = await makers.make({ target: newFile(), logs: logs.slice(0, 1) });
    expect(next).toMatchObject({ rows: 20, changed: null });
  });

  afterEach(() => logs.forEach(({ path }) => rmSync(path, { force: true })));
});
