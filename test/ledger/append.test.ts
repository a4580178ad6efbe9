import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { CountersignError } from '../../src/base/errors.js';
import { ledgerDir } from '../../src/ledger/folder.js';
import {
  createDigestKey,
  createSigningKey,
  loadDigestKey,
  loadSigningKey,
  parseSigningKey,
} from '../../src/ledger/keys.js';
import { type LedgerEntry, readLedger } from '../../src/ledger/read.js';
import { callDraft, newKey, oneCall, openSample, resultDraft, testClock } from './samples.js';

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-ledger-'));
const entries = async (dir: string): Promise<readonly LedgerEntry[]> => {
  const list: LedgerEntry[] = [];
  for await (const entry of readLedger(dir, { verify: true })) list.push(entry);
  return list;
};
const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CountersignError) return error.code;
    throw error;
  }
  return 'none';
};

test('a new ledger begins with its key, and holds what was appended, in order', async () => {
  const dir = await temporary();
  const clock = testClock();
  const ledger = await openSample({ dir, clock });
  const intent = await oneCall(ledger, clock, 1);
  const receipts = await Promise.all(
    Array.from({ length: 20 }, (_, n) => ledger.append(callDraft(n + 2, { forwarded: false }))),
  );
  await ledger.close('test');
  const list = await entries(dir);
  expect(list.map(({ type }) => type)).toEqual([
    'seg',
    'call',
    'result',
    ...Array.from({ length: 20 }, () => 'call'),
    'stop',
  ]);
  expect(list.map(({ seq }) => seq)).toEqual(list.map((_, index) => index));
  expect(list[0]?.d).toEqual({ origin: ledger.origin, key: ledger.key });
  expect(intent).toBe(1);
  expect(receipts.map(({ seq }) => seq)).toEqual(receipts.map((_, index) => index + 3));
  for (const { seq, leaf } of receipts) expect(list[seq]?.leaf).toBe(leaf);
  expect(list[1]?.payloads['args']).toEqual({ data: '{"path":"/srv/files/1.md"}' });
  expect(list[1]?.payloads['person']).toEqual({ data: '{"name":"Alice Möller","email":"alice@example.com"}' });
});

test('records that come together share one checkpoint; each alone has its own', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir });
  await Promise.all(Array.from({ length: 50 }, (_, n) => ledger.append(callDraft(n, { forwarded: false }))));
  await ledger.append(callDraft(51, { forwarded: false }));
  await ledger.close('test');
  const text = await readFile(join(dir, 'log', '0000000000000000.jsonl'), 'utf8');
  expect(text.split('\n').filter((line) => line.startsWith('~')).length).toBe(4);
});

test('files and folders are for their owner alone', async () => {
  const dir = join(await temporary(), 'ledger');
  const ledger = await openSample({ dir });
  await ledger.close('test');
  for (const name of ['.', 'log', 'blobs', 'quarantine'])
    expect((await stat(join(dir, name))).mode & 0o777).toBe(0o700);
  expect((await stat(join(dir, 'log', '0000000000000000.jsonl'))).mode & 0o777).toBe(0o600);
  expect(await readdir(dir)).toEqual(['blobs', 'log', 'quarantine']);
});

test('a large payload lies in a file named by its commitment, and close waits for it', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir });
  const big = `"${'ü'.repeat(700_000)}"`;
  const written = ledger.append(callDraft(1, { forwarded: false }, { args: big }));
  const closed = ledger.close('test');
  const { seq } = await written;
  await closed;
  const list = await entries(dir);
  const payload = list[seq]?.payloads['args'];
  expect(payload && 'blob' in payload ? await readFile(payload.blob, 'utf8') : '').toBe(big);
  expect(list.at(-1)?.type).toBe('stop');
});

test('a refused draft costs no place, and the ledger goes on', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir });
  expect(await codeOf(ledger.append({ type: 'stop', d: { reason: '\ud800' } }))).toBe('RECORD_INVALID');
  expect(await codeOf(ledger.append({ type: 'stop', d: { reason: 'x'.repeat(70_000) } }))).toBe('RECORD_INVALID');
  expect(ledger.healthy).toBe(true);
  expect((await ledger.append(callDraft(1, { forwarded: false }))).seq).toBe(1);
  await ledger.close('test');
  await entries(dir);
});

test('after close nothing is taken', async () => {
  const ledger = await openSample({ dir: await temporary() });
  await ledger.close('one');
  await ledger.close('two');
  expect(ledger.healthy).toBe(false);
  expect(await codeOf(ledger.append(callDraft(1)))).toBe('LEDGER_WRITE_FAILED');
});

test('heartbeats come without any other record, and count what stands before them', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir, heartbeat: 20 });
  const { seq } = await ledger.append(callDraft(1));
  await ledger.append(resultDraft(1, seq));
  await new Promise((resolve) => setTimeout(resolve, 120));
  await ledger.close('test');
  const list = await entries(dir);
  const beats = list.filter(({ type }) => type === 'hb');
  expect(beats.length).toBeGreaterThan(1);
  for (const beat of beats) {
    const counts: Record<string, number> = {};
    for (const { type } of list.slice(0, beat.seq)) counts[type] = (counts[type] ?? 0) + 1;
    expect(beat.d['counts']).toEqual(counts);
  }
});

test('opened again, the ledger goes on where it was, with the counts of before', async () => {
  const dir = await temporary();
  const key = newKey();
  const first = testClock();
  const ledger = await openSample({ dir, key, clock: first });
  await oneCall(ledger, first, 1);
  await ledger.close('test');
  const again = await openSample({ dir, key, clock: testClock(first.now() + 1000), heartbeat: 10 });
  expect(again.recovered).toEqual({ setAside: 0, unknown: 0 });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await again.close('test');
  const beat = (await entries(dir)).find(({ type }) => type === 'hb');
  expect(beat?.seq).toBe(4);
  expect(beat?.d['counts']).toEqual({ seg: 1, call: 1, result: 1, stop: 1 });
});

test('forwarded calls without outcome get the outcome unknown at the next start, once', async () => {
  const dir = await temporary();
  const key = newKey();
  const ledger = await openSample({ dir, key });
  const { seq } = await ledger.append(callDraft(1));
  await ledger.append(callDraft(2, { forwarded: false }));
  await ledger.close('test');
  const again = await openSample({ dir, key });
  expect(again.recovered.unknown).toBe(1);
  await again.close('test');
  const third = await openSample({ dir, key });
  expect(third.recovered.unknown).toBe(0);
  await third.close('test');
  const results = (await entries(dir)).filter(({ type }) => type === 'result');
  expect(results.map(({ d }) => ({ ...d }))).toEqual([
    {
      call: '01JD0000000000000000000001',
      intent: seq,
      status: 'unknown',
      ms: 0,
      bytes: 0,
      redactions: {},
      aws_request_ids: [],
    },
  ]);
});

test('another key or origin is refused', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir });
  await ledger.close('test');
  expect(await codeOf(openSample({ dir }))).toBe('LEDGER_KEY');
  expect(await readdir(dir)).not.toContain('lock');
});

describe('lock', () => {
  test('a second writer is refused and told who holds it', async () => {
    const dir = await temporary();
    const key = newKey();
    const ledger = await openSample({ dir, key });
    await expect(openSample({ dir, key })).rejects.toThrow(`process ${process.pid} on ${hostname()}`);
    await ledger.close('test');
    await (await openSample({ dir, key })).close('test');
  });

  const lock = (over: object): string =>
    JSON.stringify({
      pid: 999_999_999,
      host: hostname(),
      start: '2026-01-01T00:00:00.000Z',
      process: 'boot:1',
      ...over,
    });

  test.each([
    ['a process that is gone', {}],
    ['an earlier process with the id of this one', { pid: process.pid }],
  ])('the lock of %s is taken over', async (_name, over) => {
    const dir = await temporary();
    await writeFile(join(dir, 'lock'), lock(over));
    await (await openSample({ dir })).close('test');
    expect((await readdir(dir)).sort()).toEqual(['blobs', 'log', 'quarantine']);
  });

  test.each([
    ['on another machine', lock({ host: 'elsewhere' })],
    ['of a process of another user', lock({ pid: 1, process: '' })],
    ['that cannot be read', '{"pid":1'],
  ])('a lock %s counts as held', async (_name, content) => {
    const dir = await temporary();
    await writeFile(join(dir, 'lock'), content);
    expect(await codeOf(openSample({ dir }))).toBe('LEDGER_LOCKED');
    expect(await readFile(join(dir, 'lock'), 'utf8')).toBe(content);
  });

  test('of many openers at once, one gets it, also where the lock is stale', async () => {
    const key = newKey();
    for (let round = 0; round < 20; round++) {
      const dir = await temporary();
      await writeFile(join(dir, 'lock'), lock({}));
      const results = await Promise.allSettled(Array.from({ length: 8 }, () => openSample({ dir, key })));
      const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(opened.length, `round ${round}`).toBe(1);
      for (const ledger of opened) await ledger.close('test');
      await entries(dir);
      expect((await readdir(dir)).sort()).toEqual(['blobs', 'log', 'quarantine']);
    }
  });

  const claimOn = (content: string): string => `lock.${sha256(content).slice(0, 32)}`;

  test('a process that died while it took the lock over is followed by the next', async () => {
    const dir = await temporary();
    const [stale, claim] = [lock({}), lock({ start: '2026-01-02T00:00:00.000Z' })];
    await writeFile(join(dir, 'lock'), stale);
    await writeFile(join(dir, claimOn(stale)), claim);
    await (await openSample({ dir })).close('test');
    expect((await readdir(dir)).sort()).toEqual(['blobs', 'log', 'quarantine']);
  });

  test('a process that is taking the lock over holds it', async () => {
    const dir = await temporary();
    const stale = lock({});
    await writeFile(join(dir, 'lock'), stale);
    await writeFile(join(dir, claimOn(stale)), lock({ pid: 1, process: '' }));
    await expect(openSample({ dir })).rejects.toThrow('process 1 on');
    expect(await readFile(join(dir, 'lock'), 'utf8')).toBe(stale);
  });
});

describe('keys', () => {
  test('are made once, for their owner alone, and loaded again', async () => {
    const dir = await temporary();
    const [signing, digest] = [join(dir, 'keys', 'root.key'), join(dir, 'keys', 'digest.key')];
    const key = await createSigningKey(signing);
    expect((await loadSigningKey(signing)).equals(key)).toBe(true);
    expect((await stat(signing)).mode & 0o777).toBe(0o600);
    expect(await loadDigestKey(digest).catch(codeOfError)).toBe('KEY_FILE');
    const secret = await createDigestKey(digest);
    expect((await loadDigestKey(digest)).equals(secret)).toBe(true);
    expect(await codeOf(createSigningKey(signing))).toBe('KEY_FILE');
    expect((await loadSigningKey(signing)).equals(key)).toBe(true);
  });

  const codeOfError = (error: unknown): unknown => (error instanceof CountersignError ? error.code : error);

  test('that others can read, links, other kinds and rubbish are refused, without their content', async () => {
    const dir = await temporary();
    const path = join(dir, 'key');
    await createSigningKey(path);
    await chmod(path, 0o640);
    expect(await codeOf(loadSigningKey(path))).toBe('KEY_FILE');
    await chmod(path, 0o600);
    await symlink(path, join(dir, 'link'));
    expect(await codeOf(loadSigningKey(join(dir, 'link')))).toBe('KEY_FILE');
    expect(await codeOf(loadDigestKey(path))).toBe('KEY_FILE');
    await rm(path);
    expect(await codeOf(loadSigningKey(path))).toBe('KEY_FILE');
    expect(() => parseSigningKey('very secret', path)).toThrow(
      /^the key file .*\/key cannot be used: it does not hold a private key as PKCS#8 PEM without a pass phrase$/,
    );
  });
});

test('the folder of a ledger', () => {
  expect(ledgerDir('/data', 'example.com/mcp/gw-1')).toBe('/data/ledger/example.com_mcp_gw-1');
  for (const origin of ['', '..', '.hidden', 'a b', 'a+b'])
    expect(() => ledgerDir('/data', origin)).toThrow(CountersignError);
});

test('a reader of a ledger that is being written sees whole batches', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir });
  for (let n = 0; n < 20; n++) {
    const appended = Promise.all([1, 2, 3].map((i) => ledger.append(callDraft(n * 3 + i, { forwarded: false }))));
    const seen = (await entries(dir)).length;
    expect((seen - 1) % 3).toBe(0);
    await appended;
  }
  await ledger.close('test');
});
