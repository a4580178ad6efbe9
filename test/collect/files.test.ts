import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { type CollectedFile, collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { parseRawIndex, parseRawProblems } from '../../src/model/raw-index.js';
import { type BuiltWarehouse, buildWarehouse } from '../../src/warehouse/build.js';
import { openWarehouse, type Row } from '../../src/warehouse/open.js';
import { streamOf } from '../warehouse/ledger.js';
import { SETTINGS } from '../warehouse/settings.js';
import { digestName, head, log, logName, makeDigest, publicKeys, record, write } from './fixtures.js';

let dir: string;
let from: string;
let dataDir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-collect-'));
  from = join(dir, 'trail');
  dataDir = join(dir, 'data');
});
afterEach(() => rmSync(dir, { recursive: true }));

const collect = async (): Promise<ReadonlyMap<string, CollectedFile>> => {
  const { files } = await collectCloudTrailFolder({ from, dataDir });
  for (const file of files) expect(file.rowsRead).toBe(file.out + file.rejected + file.duplicate + file.excluded);
  return new Map(files.map((file) => [file.key, file]));
};

const index = () => parseRawIndex(readFileSync(join(dataDir, 'raw/index.ndjson')));
const problems = () => parseRawProblems(readFileSync(join(dataDir, 'raw/problems.ndjson')));
const build = (): Promise<BuiltWarehouse> => buildWarehouse({ dataDir, records: streamOf([]), settings: SETTINGS });

const ask = async (sql: string): Promise<readonly Row[]> => {
  const warehouse = await openWarehouse((await build()).file, { readOnly: true });
  try {
    return await warehouse.query(sql);
  } finally {
    await warehouse.close();
  }
};

describe('one file', () => {
  const bad: readonly (readonly [what: string, bytes: Buffer, reason: RegExp])[] = [
    ['a gzip that is cut off', log(record('a')).subarray(0, -9), /cut off/],
    ['a second gzip member', Buffer.concat([log(record('a')), log(record('forged'))]), /follow the first gzip member/],
    ['bytes that are no gzip', Buffer.from('{"Records":[]}'), /not a gzip/],
    ['JSON that is cut off', gzipSync('{"Records":[{"eventID":"a"'), /cut off/],
    ['an empty document', gzipSync(''), /empty/],
    ['Records null', gzipSync('{"Records":null}'), /Records is not a list/],
    ['an empty object', gzipSync('{}'), /does not begin with Records/],
    ['JSON lines', gzipSync('{"eventID":"a"}\n{"eventID":"b"}\n'), /does not begin with Records/],
    ['something beside Records', gzipSync('{"Records":[],"more":1}'), /beside Records/],
    ['text after the value', gzipSync('{"Records":[]} x'), /follows/],
    ['a number', gzipSync('12'), /not JSON of that form/],
  ];
  it.each(bad)('%s is named, kept, and does not stop the rest', async (_, bytes, reason) => {
    write(from, logName('0605'), bytes);
    write(from, logName('0610', 'bbbbbbbbbbbbbbbb'), log(record('b')));
    const file = (await collect()).get(logName('0605'));
    expect(file).toMatchObject({ problem: true, rowsRead: 0, sha256: sha256(bytes), bytes: bytes.length });
    expect(file?.reason).toMatch(reason);
    expect(index().map(({ sha256: hash }) => hash)).toContain(sha256(bytes));
    const rows = await ask('SELECT key, out, reason FROM ct_file ORDER BY key');
    expect(rows).toMatchObject([
      { key: logName('0605'), out: 0 },
      { out: 1, reason: null },
    ]);
    expect(rows[0]?.['reason']).toMatch(reason);
  });

  it('records that are no events are rejected one by one', async () => {
    const huge = record('huge', { requestParameters: 'x'.repeat(5 * 1024 ** 2) });
    const records = [
      record('ok'),
      record('ok-2'),
      record('no-time', { eventTime: undefined }),
      record('no-day', { eventTime: '2026-02-30T00:00:00Z' }),
      record('local', { eventTime: '2026-11-20T06:00:00+01:00' }),
      record('', {}),
      record('account', { recipientAccountId: 12 }),
      'text',
      7,
      null,
      huge,
    ];
    const text = JSON.stringify({ Records: records }).slice(0, -2);
    const twice = '{"eventID":"d","eventID":"e"}';
    write(from, 'flat.json.gz', gzipSync(`${text},${twice}]}`));
    const file = (await collect()).get('flat.json.gz');
    expect(file).toMatchObject({
      problem: true,
      rowsRead: 12,
      out: 2,
      rejected: 10,
      reason: 'record 3: no eventTime in UTC',
    });
    const [row] = await ask('SELECT rows_read, out, rejected, duplicate, excluded FROM ct_file');
    expect(row).toEqual({ rows_read: 12, out: 2, rejected: 10, duplicate: 0, excluded: 0 });
  });

  it('a pretty-printed file, a bare list and invalid UTF-8 in one record', async () => {
    write(from, 'pretty.json', JSON.stringify({ Records: [record('a', { note: 'two\nlines "}] ' })] }, null, 2));
    write(from, 'list.json', JSON.stringify([record('b')]));
    const broken = Buffer.from(JSON.stringify({ Records: [record('c'), record('dX')] }));
    broken[broken.indexOf('dX') + 1] = 0xff;
    write(from, 'utf8.json', broken);
    const files = await collect();
    expect(files.get('pretty.json')).toMatchObject({ out: 1, problem: false });
    expect(files.get('list.json')).toMatchObject({ out: 1, problem: false });
    expect(files.get('utf8.json')).toMatchObject({ out: 1, rejected: 1, problem: true });
    expect(await ask('SELECT event_id FROM ct_event ORDER BY 1')).toEqual([
      { event_id: 'a' },
      { event_id: 'b' },
      { event_id: 'c' },
    ]);
  });

  it('Insight and network activity are told apart and counted, never events', async () => {
    const insight = logName('0605')
      .replaceAll('CloudTrail/', 'CloudTrail-Insight/')
      .replaceAll('_CloudTrail_', '_CloudTrail-Insight_');
    write(from, insight, log(record('i', { eventCategory: 'Insight' })));
    write(from, logName('0610'), log(record('a'), record('n', { eventCategory: 'NetworkActivity' })));
    const files = await collect();
    expect(files.get(insight)).toMatchObject({ kind: 'insight', excluded: 1, out: 0, problem: false });
    expect(files.get(logName('0610'))).toMatchObject({ kind: 'log', excluded: 1, out: 1 });
    expect(await ask('SELECT event_id FROM ct_event')).toEqual([{ event_id: 'a' }]);
  });

  it('links are refused, other files passed over, other JSON named but not kept', async () => {
    write(from, 'README.txt', 'hello');
    write(from, 'package.json', '{"name":"x","token":"hush"}');
    write(dir, 'elsewhere.json', '[]');
    symlinkSync(join(dir, 'elsewhere.json'), join(from, 'link.json'));
    const files = await collect();
    expect(files.get('README.txt')).toMatchObject({ kind: 'other', problem: false });
    expect(files.get('package.json')).toMatchObject({ problem: true });
    expect(files.get('link.json')).toMatchObject({ problem: true, reason: 'a symbolic link', sha256: '' });
    expect(index()).toEqual([]);
    expect(problems().map(({ key }) => key)).toEqual(['link.json', 'package.json']);
    expect(await ask('SELECT key FROM ct_file ORDER BY 1')).toEqual([{ key: 'link.json' }, { key: 'package.json' }]);
  });

  it('a folder that does not exist is an error of usage', async () => {
    await expect(collect()).rejects.toMatchObject({ code: 'COLLECT_FOLDER', exit: 2 });
  });
});

describe('many files', () => {
  it('an event in two files is one event and one duplicate; another content is a conflict', async () => {
    write(from, logName('0605', 'a'.repeat(16)), log(record('one'), record('two'), record('one')));
    write(from, logName('0610', 'b'.repeat(16)), log(record('two'), record('three')));
    write(from, logName('0615', 'c'.repeat(16)), log(record('three', { eventName: 'StopInstances' })));
    write(from, logName('0620', 'd'.repeat(16)), log(record('two', { recipientAccountId: '999988887777' })));
    const files = await collect();
    expect(files.get(logName('0605', 'a'.repeat(16)))).toMatchObject({ out: 2, duplicate: 1 });
    const built = await build();
    expect(built).toMatchObject({ events: 4, conflicts: 1 });
    expect(built.files.map(({ out, duplicate }) => [out, duplicate])).toEqual([
      [2, 1],
      [1, 1],
      [0, 1],
      [1, 0],
    ]);
    expect(await ask('SELECT event_id, variants FROM ct_conflict')).toEqual([{ event_id: 'three', variants: 2 }]);
    expect(await ask("SELECT event_name FROM ct_event WHERE event_id = 'three'")).toEqual([
      { event_name: 'DescribeInstances' },
    ]);
  });

  it('what LookupEvents says of an event beside a log is a copy, never a conflict; between logs, or answers, it is one', async () => {
    const answer = (day: string): string => `lookup/111122223333/eu-central-1/2026/11/${day}/T060000Z.json`;
    const lookup = (...records: readonly object[]): string => JSON.stringify({ Records: records });
    write(from, `z/${logName('0605')}`, log(record('one'), record('two')));
    write(from, `z/${logName('0610', 'b'.repeat(16))}`, log(record('two', { awsRegion: 'us-east-1' })));
    write(from, answer('20'), lookup(record('one', { readOnly: 'true' }), record('two'), record('three')));
    write(from, answer('21'), lookup(record('three', { readOnly: 'true' })));
    await collect();
    expect(await build()).toMatchObject({ events: 3, conflicts: 2 });
    expect(await ask('SELECT event_id, variants FROM ct_conflict ORDER BY 1')).toEqual([
      { event_id: 'three', variants: 2 },
      { event_id: 'two', variants: 2 },
    ]);
    const kept = `SELECT event_id FROM ct_event e JOIN ct_file f ON f.sha256 = e.file WHERE f.kind = 'log' ORDER BY 1`;
    expect(await ask(kept)).toEqual([{ event_id: 'one' }, { event_id: 'two' }]);
  });

  it('the name under which invoked work runs on is read from what invoked it', async () => {
    const invoke = (functionName: string): object => ({
      eventSource: 'lambda.amazonaws.com',
      eventName: 'Invoke',
      requestParameters: { functionName },
    });
    const build = {
      eventSource: 'codebuild.amazonaws.com',
      eventName: 'StartBuild',
      responseElements: { build: { id: 'site:0f1e2d3c' } },
    };
    write(
      from,
      logName('0605'),
      log(
        record('1', invoke('nightly')),
        record('2', invoke('arn:aws:lambda:eu-central-1:111122223333:function:nightly:live')),
        record('3', invoke('111122223333:function:nightly')),
        record('4', invoke('nightly:live')),
        record('5', build),
        record('6', { requestParameters: { functionName: 'nightly' } }),
      ),
    );
    await collect();
    const rows = await ask('SELECT runs_as FROM ct_event ORDER BY event_id');
    expect(rows.map((row) => row['runs_as'])).toEqual([
      ...Array.from({ length: 4 }, () => 'nightly'),
      'AWSCodeBuild-0f1e2d3c',
      null,
    ]);
  });

  it('the same bytes under two keys are two rows, and one set of events', async () => {
    const bytes = log(record('one'), record('two'));
    write(from, logName('0605', 'a'.repeat(16)), bytes);
    write(from, logName('0610', 'b'.repeat(16)), bytes);
    await collect();
    const built = await build();
    expect(built.events).toBe(2);
    expect(built.files.map(({ rowsRead, out, duplicate }) => [rowsRead, out, duplicate])).toEqual([
      [2, 2, 0],
      [2, 0, 2],
    ]);
  });

  it('collecting again changes nothing, and a good copy takes away the problem of a bad one', async () => {
    write(from, logName('0605'), log(record('one')));
    write(from, 'later.json.gz', Buffer.from('not yet'));
    await collect();
    const before = readFileSync(join(dataDir, 'raw/index.ndjson'));
    await collect();
    expect(readFileSync(join(dataDir, 'raw/index.ndjson'))).toEqual(before);
    expect(problems()).toHaveLength(1);
    write(from, 'later.json.gz', log(record('two')));
    await collect();
    expect(problems()).toEqual([]);
    expect((await build()).events).toBe(2);
  });

  it('a period leaves out what is over a day away, and counts it', async () => {
    write(from, logName('0605'), log(record('in'), record('out', { eventTime: '2026-11-17T00:00:00Z' })));
    await collect();
    const period = { from: Date.parse('2026-11-20T00:00:00Z'), to: Date.parse('2026-11-21T00:00:00Z'), label: 'd' };
    const built = await buildWarehouse({ dataDir, records: streamOf([]), settings: SETTINGS, period });
    expect(built.files).toMatchObject([{ out: 1, excluded: 1 }]);
  });

  it('raw evidence that was changed afterwards is found, and nothing is built', async () => {
    write(from, logName('0605'), log(record('one')));
    await collect();
    const [object] = index();
    const hash = object?.sha256 ?? '';
    write(join(dataDir, 'raw'), `${hash.slice(0, 2)}/${hash}`, log(record('forged')));
    await expect(build()).rejects.toMatchObject({ code: 'RAW_CHANGED', exit: 12 });
    await expect(openWarehouse(join(dataDir, 'warehouse.duckdb'))).rejects.toMatchObject({
      code: 'WAREHOUSE_NOT_FOUND',
    });
  });

  it('collecting again mends an object that was harmed', async () => {
    write(from, logName('0605'), log(record('one')));
    await collect();
    const hash = index()[0]?.sha256 ?? '';
    write(join(dataDir, 'raw'), `${hash.slice(0, 2)}/${hash}`, Buffer.alloc(log(record('one')).length));
    await expect(build()).rejects.toMatchObject({ code: 'RAW_CHANGED' });
    await collect();
    expect((await build()).events).toBe(1);
  });
});

describe('a build that was killed', () => {
  it('is cleared away by the next, and one that still runs is not', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    const [dead, alive] = [`.warehouse-${pid}-abcdef`, `.warehouse-${process.pid}-abcdef`];
    for (const name of [dead, alive]) write(dataDir, `${name}/warehouse.duckdb`, 'half');
    await build();
    const left = readdirSync(dataDir);
    expect(left).toContain(alive);
    expect(left).not.toContain(dead);
  });
});

describe('digests in a folder', () => {
  const logs = ['0505', '0605'].map(
    (minute) => [logName(minute), Buffer.from(JSON.stringify({ Records: [record(minute)] }))] as const,
  );

  it('signatures come from sidecars or from the next digest; logs are told valid, changed and missing', async () => {
    const [first, second] = logs;
    if (!first || !second) throw new Error('two logs');
    const starting = makeDigest('06', [first], null);
    const next = makeDigest('07', [second, [logName('0610', 'gone'.repeat(4)), Buffer.from('x')]], starting);
    write(from, first[0], gzipSync(first[1]));
    write(from, second[0], gzipSync(`${second[1].toString()} `));
    write(from, starting.key, starting.bytes);
    write(from, next.key, next.bytes);
    write(from, `${next.key}.head.json`, head(next.signature));
    write(from, 'public-keys/eu-central-1.json', publicKeys());
    const files = await collect();
    expect([...files.values()].filter(({ problem }) => problem)).toEqual([]);
    expect(index().find(({ key }) => key === next.key)?.signature).toBe(next.signature);
    expect(await ask('SELECT key, status, signature, logs FROM ct_digest ORDER BY key')).toEqual([
      { key: digestName('06'), status: 'STARTING', signature: 'valid', logs: 1 },
      { key: digestName('07'), status: 'LINKED', signature: 'valid', logs: 2 },
    ]);
    expect(await ask('SELECT key, state FROM ct_log_integrity ORDER BY key')).toEqual([
      { key: logName('0505'), state: 'valid' },
      { key: logName('0605'), state: 'changed' },
      { key: logName('0610', 'gone'.repeat(4)), state: 'missing' },
    ]);
  });

  it('a digest among the logs is a digest', async () => {
    const digest = makeDigest('06', [], null);
    write(from, 'flat/digest.json.gz', digest.bytes);
    const files = await collect();
    expect(files.get('flat/digest.json.gz')).toMatchObject({ kind: 'digest', problem: false });
  });
});
