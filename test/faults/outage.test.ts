/** The disk fails and comes back while the writer runs; nothing is opened again. */
import { expect, test } from 'vitest';
import { createLedgerReader } from '../../src/ledger/read.js';
import { callDraft, resultDraft } from '../ledger/samples.js';
import { openRetrying, surviveOutage } from './outage.js';
import { type Operation, SimulatedDisk } from './simulated-disk.js';
import { codeOf, DIR, entries, open } from './stand.js';

test.each([
  ['one operation fails', 'fault', 1],
  ['one operation fails although it had effect', 'after', 1],
  ['several fail', 'fault', 7],
  ['several fail although they had effect', 'after', 7],
] as const)('%s, at each operation in turn: the writer comes back', async (_name, when, length) => {
  for (let at = 1; ; at += 1 + (length % 3)) {
    if (!(await surviveOutage({ at, length, when, code: 'EIO' })).reached) break;
  }
});

test.each([1, 2, 3])('the power goes %d operations after the disk is back', async (power) => {
  for (let at = 1; ; at++) {
    const outage = { at, length: 1 + (at % 3), when: at % 2 === 0 ? 'fault' : 'after', code: 'EIO' } as const;
    if (!(await surviveOutage({ ...outage, power, scatter: at * power })).reached) break;
  }
});

const failingWith = (code: string): Error => Object.assign(new Error(`${code}: it fails, write`), { code });

/** A ledger in the middle of a call when the disk fails, at one sync of the log that had effect or not. */
const outage = async (when: 'fault' | 'after', code: string) => {
  const disk = new SimulatedDisk();
  const told: string[] = [];
  const ledger = await openRetrying(disk, {
    retry: { first: 20, most: 40 },
    onFailure: () => told.push('failed'),
    onResumed: () => told.push('resumed'),
  });
  const { seq } = await ledger.append(callDraft(1));
  let fails = true;
  disk[when] = (operation: Operation, path: string) => {
    if (fails && operation === 'sync' && path.includes('/log/')) throw failingWith(code);
  };
  const refused = [await codeOf(ledger.append(resultDraft(1, seq))), await codeOf(ledger.append(callDraft(2)))];
  const state = { healthy: ledger.healthy, condition: ledger.condition, failedAt: ledger.failedAt };
  fails = false;
  await expect.poll(() => ledger.healthy).toBe(true);
  return { disk, ledger, refused, state, told, intent: seq };
};

test.each([
  ['fault', 'EIO', 'write_failed'],
  ['after', 'EIO', 'write_failed'],
  ['after', 'EROFS', 'read_only'],
  ['fault', 'ENOSPC', 'disk_full'],
] as const)('a failure (%s, %s) is told, and on record with its cause', async (when, code, cause) => {
  const { disk, ledger, refused, state, told, intent } = await outage(when, code);
  expect(refused).toEqual(['LEDGER_WRITE_FAILED', 'LEDGER_WRITE_FAILED']);
  expect(state).toMatchObject({ healthy: false, condition: cause });
  expect(state.failedAt).not.toBeNull();
  expect([ledger.condition, ledger.failedAt, told]).toEqual(['writing', null, ['failed', 'resumed']]);
  expect(await codeOf(ledger.append(resultDraft(1, intent)))).toBe('RECORD_INVALID');
  await ledger.append(callDraft(3, { forwarded: false }));
  await ledger.close('test');
  const list = await entries(disk);
  // The first attempt, which comes at once, failed too; what it left is set aside as well.
  const types = list
    .map(({ type }) => type)
    .filter((type, index, all) => type !== 'recover' || all[index - 1] !== type);
  expect(types).toEqual(['seg', 'call', 'seg', 'recover', 'result', 'call', 'stop']);
  const recover = list[3];
  expect(recover?.d).toMatchObject({ cause, problem: `${code}: it fails, write`, refused: 2 });
  // The batch that failed is kept, whether it had reached the disk or not; here it had reached the file.
  const file = `${DIR}/${JSON.stringify(recover?.d['file']).slice(1, -1)}`;
  expect(disk.bytes(file).toString()).toContain('"type":"result"');
  expect(recover?.d['bytes']).toBe(disk.bytes(file).length);
  expect(list.find(({ type }) => type === 'result')?.d).toMatchObject({ intent, status: 'unknown' });
});

test('a write that left nothing is on record without a file', async () => {
  const disk = new SimulatedDisk();
  const ledger = await openRetrying(disk);
  let fails = true;
  disk.fault = (operation) => {
    if (fails && operation === 'write') throw failingWith('EIO');
  };
  expect(await codeOf(ledger.append(callDraft(1)))).toBe('LEDGER_WRITE_FAILED');
  fails = false;
  await expect.poll(() => ledger.healthy).toBe(true);
  await ledger.close('test');
  const recover = (await entries(disk)).find(({ type }) => type === 'recover');
  expect({ ...recover?.d }).toEqual({ bytes: 0, cause: 'write_failed', problem: 'EIO: it fails, write', refused: 1 });
});

test('a ledger of one key goes on in its file, under that key', async () => {
  const disk = new SimulatedDisk();
  const ledger = await open(disk, { retry: { first: 1, most: 1 } });
  await ledger.append(callDraft(1, { forwarded: false }));
  let fails = true;
  disk.after = (operation) => {
    if (fails && operation === 'sync') throw failingWith('EIO');
  };
  expect(await codeOf(ledger.append(callDraft(2)))).toBe('LEDGER_WRITE_FAILED');
  fails = false;
  await expect.poll(() => ledger.healthy).toBe(true);
  await ledger.close('test');
  expect(disk.paths().filter((path) => path.includes('/log/')).length).toBe(1);
  expect((await entries(disk)).map(({ type }) => type)).toEqual(['seg', 'call', 'recover', 'stop']);
});

test('a file whose acknowledged bytes are gone is not written on', async () => {
  const disk = new SimulatedDisk();
  const problems: unknown[] = [];
  const ledger = await openRetrying(disk, { onProblem: (problem) => problems.push(problem) });
  await ledger.append(callDraft(1, { forwarded: false }));
  disk.fault = (operation) => {
    if (operation === 'sync') throw failingWith('EIO');
  };
  expect(await codeOf(ledger.append(callDraft(2)))).toBe('LEDGER_WRITE_FAILED');
  const log = `${DIR}/log/0000000000000000.jsonl`;
  disk.put(log, disk.bytes(log).subarray(0, 100));
  disk.fault = () => {};
  await expect.poll(() => problems.length).toBeGreaterThan(0);
  expect(await codeOf(Promise.reject(problems[0]))).toBe('LEDGER_DAMAGED');
  expect(await codeOf(ledger.append(callDraft(3)))).toBe('LEDGER_WRITE_FAILED');
  await ledger.close('test');
});

test('a closed ledger does not come back', async () => {
  const disk = new SimulatedDisk();
  const ledger = await openRetrying(disk, { retry: { first: 5, most: 5 } });
  disk.fault = (operation) => {
    if (operation === 'sync') throw failingWith('EIO');
  };
  expect(await codeOf(ledger.append(callDraft(1)))).toBe('LEDGER_WRITE_FAILED');
  await ledger.close('test');
  disk.fault = () => {};
  const before = disk.bytes(`${DIR}/log/0000000000000000.jsonl`);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(disk.bytes(`${DIR}/log/0000000000000000.jsonl`).equals(before)).toBe(true);
  expect(ledger.condition).toBe('write_failed');
  expect(disk.paths()).not.toContain(`${DIR}/lock`);
});

test('a reader that follows goes back where the batch it read last is set aside', async () => {
  const disk = new SimulatedDisk();
  const ledger = await openRetrying(disk, { retry: { first: 30, most: 30 } });
  await ledger.append(callDraft(1, { forwarded: false }));
  const reader = createLedgerReader(DIR, { verify: true, files: disk });
  const seen: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { seq, d } of reader.more()) seen.push(`${seq} ${JSON.stringify(d['call'] ?? null)}`);
  };
  await read();
  let fails = true;
  disk.after = (operation, path) => {
    if (fails && operation === 'sync' && path.includes('/log/')) throw failingWith('EIO');
  };
  disk.fault = (operation) => {
    if (fails && operation === 'truncate') throw failingWith('EIO');
  };
  expect(await codeOf(ledger.append(callDraft(2, { forwarded: false })))).toBe('LEDGER_WRITE_FAILED');
  await read();
  expect(seen.at(-1)).toMatch(/^2 .*2"$/);
  fails = false;
  await expect.poll(() => ledger.healthy).toBe(true);
  await ledger.append(callDraft(3, { forwarded: false }));
  await read();
  await ledger.close('test');
  await read();
  expect(seen.at(-1)).toBe(`${(await entries(disk)).length - 1} null`);
  expect(seen.filter((text) => text.startsWith('2 ')).at(-1)).toBe('2 null');
  expect(seen.some((text) => text.endsWith('3"'))).toBe(true);
});
