import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { leafHash } from '../../src/base/merkle.js';
import { type LedgerEntry, readLedger } from '../../src/ledger/read.js';
import { verifyPath } from '../../src/verify/verify.js';
import { trustFile } from '../verify/sample.js';
import { callDraft, newKey, oneCall, openSample, testClock } from './samples.js';

const HOUR = 3_600_000;
const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-rotate-'));
const segments = async (dir: string): Promise<readonly string[]> => (await readdir(join(dir, 'log'))).sort();
const entries = async (dir: string): Promise<readonly LedgerEntry[]> => {
  const list: LedgerEntry[] = [];
  for await (const entry of readLedger(dir, { verify: true })) list.push(entry);
  return list;
};
const codes = async (dir: string, key: string): Promise<readonly string[]> => {
  const { findings } = await verifyPath(dir, { trust: await trustFile({ ledgers: [key] }) });
  return findings.map(({ code }) => code);
};

/** A ledger of several segments, from 32 callers at once. */
const rotated = async (): Promise<{ readonly dir: string; readonly key: string }> => {
  const dir = await temporary();
  const ledger = await openSample({ dir, rotate: { bytes: 20_000, age: HOUR } });
  const caller = async (n: number): Promise<void> => {
    for (let i = 0; i < 4; i++) await ledger.append(callDraft(n * 10 + i, { forwarded: false }));
  };
  await Promise.all(Array.from({ length: 32 }, (_, n) => caller(n)));
  await ledger.close('test');
  return { dir, key: ledger.key };
};

test('after so many bytes a segment ends, and the next has a key of its own that the root certifies', async () => {
  const { dir, key } = await rotated();
  const list = await entries(dir);
  const segs = list.filter(({ type }) => type === 'seg');
  const names = await segments(dir);
  expect(names.length).toBeGreaterThan(3);
  expect(segs.map(({ seq }) => `${String(seq).padStart(16, '0')}.jsonl`)).toEqual(names);
  expect(segs.map(({ offset }) => offset)).toEqual(segs.map(() => 0));
  expect(new Set(segs.map(({ d }) => d['key'])).size).toBe(segs.length);
  expect(segs.map(({ d }) => d['root'])).toEqual(segs.map(() => key));
  expect(list.filter(({ type }) => type === 'call').length).toBe(128);
  expect(await codes(dir, key)).toEqual(['NOT_ANCHORED']);
});

test('heartbeats that come while a segment ends count what stands before them', async () => {
  const dir = await temporary();
  const ledger = await openSample({ dir, heartbeat: 1, rotate: { bytes: 3_000, age: HOUR } });
  for (let n = 0; n < 60; n++) {
    const appended = [1, 2, 3].map((i) => ledger.append(callDraft(n * 3 + i, { forwarded: false })));
    await Promise.all([...appended, ledger.rotate()]);
  }
  await ledger.close('test');
  const list = await entries(dir);
  expect(list.filter(({ type }) => type === 'hb').length).toBeGreaterThan(5);
  expect(list.filter(({ type }) => type === 'seg').length).toBeGreaterThan(60);
  expect(await codes(dir, ledger.key)).toEqual(['NOT_ANCHORED']);
});

test('after so much time, too', async () => {
  const dir = await temporary();
  const clock = testClock();
  const ledger = await openSample({ dir, clock, rotate: { bytes: 1_000_000, age: 1000 } });
  for (let n = 0; n < 6; n++) {
    await oneCall(ledger, clock, n);
    clock.advance(490);
  }
  await ledger.close('test');
  expect((await segments(dir)).length).toBe(3);
  expect(await codes(dir, ledger.key)).toEqual(['NOT_ANCHORED']);
});

test('each start begins a segment, since no key of a segment is kept', async () => {
  const dir = await temporary();
  const key = newKey();
  const clock = testClock();
  const options = { dir, key, clock, rotate: { bytes: 1_000_000, age: HOUR } };
  await (await openSample(options)).close('one');
  await (await openSample(options)).close('two');
  // A command that does not rotate goes on under certified keys all the same.
  const ledger = await openSample({ dir, key, clock });
  await ledger.close('three');
  expect((await entries(dir)).map(({ type }) => type)).toEqual(['seg', 'stop', 'seg', 'stop', 'seg', 'stop']);
  expect((await segments(dir)).length).toBe(3);
  expect(await codes(dir, ledger.key)).toEqual(['NOT_ANCHORED']);
});

test('a ledger of one key goes on with certified segments, under the same key of the trust file', async () => {
  const dir = await temporary();
  const key = newKey();
  const clock = testClock();
  await (await openSample({ dir, key, clock })).close('one');
  const ledger = await openSample({ dir, key, clock, rotate: { bytes: 1_000_000, age: HOUR } });
  await ledger.close('two');
  const [first, , second] = await entries(dir);
  expect(first?.d).toEqual({ origin: ledger.origin, key: ledger.key });
  expect(second?.d['root']).toBe(ledger.key);
  expect(await codes(dir, ledger.key)).toEqual(['NOT_ANCHORED']);
});

test('another root key is refused', async () => {
  const { dir } = await rotated();
  await expect(openSample({ dir })).rejects.toThrow(CountersignError);
});

describe('what others could do to segments', () => {
  const change = async (nth: number, edit: (text: string) => string): Promise<readonly string[]> => {
    const { dir, key } = await rotated();
    const path = join(dir, 'log', (await segments(dir))[nth] ?? '');
    await writeFile(path, edit(await readFile(path, 'utf8')));
    return codes(dir, key);
  };
  const member = (text: string, name: string): string => new RegExp(`"${name}":"([^"]+)"`).exec(text)?.[1] ?? '';

  test('a key put in its place has no certificate', async () => {
    const other = await rotated();
    const text = await readFile(join(other.dir, 'log', (await segments(other.dir))[1] ?? ''), 'utf8');
    const found = await change(1, (own) => own.replace(member(own, 'key'), member(text, 'key')));
    expect(found).toContain('SEGMENT_KEY_UNCERTIFIED');
  });

  test('a certificate is not taken to another place', async () => {
    const { dir, key } = await rotated();
    const [first = '', second = ''] = await segments(dir);
    const [one, two] = await Promise.all([first, second].map((name) => readFile(join(dir, 'log', name), 'utf8')));
    const swapped = ['key', 'cert'].reduce(
      (text, name) => text.replace(member(text, name), member(one ?? '', name)),
      two ?? '',
    );
    await writeFile(join(dir, 'log', second), swapped);
    expect(await codes(dir, key)).toContain('SEGMENT_KEY_UNCERTIFIED');
  });

  test('another root is not the root', async () => {
    const other = await rotated();
    const found = await change(1, (own) => own.replace(member(own, 'root'), other.key));
    expect(found).toContain('BAD_SEGMENT');
  });

  test('a certificate in another form of base64 is none', async () => {
    const found = await change(1, (own) => own.replace(/("cert":"[^"]{85})[^"]=="/, '$1/=="'));
    expect(found).toContain('SEGMENT_KEY_UNCERTIFIED');
  });

  test('a checkpoint of the segment before does not sign for this one', async () => {
    const { dir, key } = await rotated();
    const [first = '', second = ''] = await segments(dir);
    const [one = '', two = ''] = await Promise.all(
      [first, second].map((name) => readFile(join(dir, 'log', name), 'utf8')),
    );
    const checkpoint = one.split('\n').find((line) => line.startsWith('~')) ?? '';
    await writeFile(join(dir, 'log', second), two.replace(/\n~[^\n]*/, `\n${checkpoint}`));
    expect(await codes(dir, key)).toContain('BAD_SIGNATURE');
  });

  test('the end of a sealed segment cannot be cut off', async () => {
    const firstBatch = (text: string): string => text.slice(0, text.indexOf('\n', text.indexOf('\n~') + 1) + 1);
    expect(await change(0, firstBatch)).toContain('SEGMENT_MISSING');
    const unsealed = (text: string): string => text.slice(0, text.lastIndexOf('\n~') + 1);
    expect(await change(0, unsealed)).toContain('SEGMENT_UNSEALED');
  });

  test('two segments in one file are none', async () => {
    const { dir, key } = await rotated();
    const [first = '', second = ''] = (await segments(dir)).map((name) => join(dir, 'log', name));
    await appendFile(first, await readFile(second));
    await rm(second);
    expect(await codes(dir, key)).toContain('BAD_SEGMENT');
  });

  test('a segment within a batch is none', async () => {
    const dir = await temporary();
    const ledger = await openSample({ dir, rotate: { bytes: 1_000_000, age: HOUR } });
    await ledger.close('test');
    const path = join(dir, 'log', (await segments(dir))[0] ?? '');
    const text = await readFile(path, 'utf8');
    const seg = text.slice(0, text.indexOf('\n'));
    const prev = leafHash(Buffer.from(seg)).toString('hex');
    const again = seg.replace(/"seq":0,"prev":"[0-9a-f]{64}"/, `"seq":1,"prev":"${prev}"`);
    await writeFile(path, `${seg}\n${again}\n`);
    expect(await codes(dir, ledger.key)).toContain('BAD_SEGMENT');
  });
});
