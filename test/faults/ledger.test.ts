import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { CountersignError } from '../../src/base/errors.js';
import { leafHash } from '../../src/base/merkle.js';
import { checkpointText, createNoteSigner, signNote } from '../../src/base/note.js';
import { checkpointLine } from '../../src/ledger/format.js';
import { callDraft, ORIGIN } from '../ledger/samples.js';
import { type Operation, SimulatedDisk } from './simulated-disk.js';
import { batches, codeOf, comeBack, cutEverywhere, DIR, entries, LOG, open, sample } from './stand.js';

describe('a failing write', () => {
  const cases: readonly [string, Operation, 'fault' | 'after'][] = [
    ['write fails', 'write', 'fault'],
    ['write fails although the bytes are there', 'write', 'after'],
    ['sync fails', 'sync', 'fault'],
    ['sync fails although the bytes are durable', 'sync', 'after'],
  ];
  test.each(cases)('%s: every waiting append is refused, and all after it', async (_name, operation, when) => {
    const disk = new SimulatedDisk();
    let failures = 0;
    const ledger = await open(disk, { onFailure: () => failures++ });
    const before = await ledger.append(callDraft(1, { forwarded: false }));
    let operations = 0;
    disk[when] = (done, path) => {
      if (path !== LOG) return;
      operations++;
      if (done === operation) throw new Error('ENOSPC: no space left');
    };
    const waiting = [2, 3].map((n) => codeOf(ledger.append(callDraft(n))));
    await new Promise((resolve) => setImmediate(resolve));
    waiting.push(codeOf(ledger.append(callDraft(4))));
    expect(await Promise.all(waiting)).toEqual(['LEDGER_WRITE_FAILED', 'LEDGER_WRITE_FAILED', 'LEDGER_WRITE_FAILED']);
    const used = operations;
    disk[when] = () => operations++;
    expect(ledger.healthy).toBe(false);
    expect(await codeOf(ledger.append(callDraft(5)))).toBe('LEDGER_WRITE_FAILED');
    await ledger.close('test');
    expect(operations - used).toBeLessThanOrEqual(1);
    expect(failures).toBe(1);

    disk[when] = () => {};
    const again = await open(comeBack(disk));
    await again.close('test');
    const list = await entries(comeBack(disk));
    expect(list[before.seq]?.leaf).toBe(before.leaf);
  });

  test('of a large payload, too', async () => {
    const disk = new SimulatedDisk();
    const ledger = await open(disk);
    disk.fault = (operation, path) => {
      if (operation === 'sync' && path.includes('/blobs/')) throw new Error('EIO');
    };
    const draft = callDraft(1, {}, { args: `"${'x'.repeat(1_100_000)}"` });
    expect(await codeOf(ledger.append(draft))).toBe('LEDGER_WRITE_FAILED');
    expect(ledger.healthy).toBe(false);
    await ledger.close('test');
  });

  test('while opening: the lock is given back', async () => {
    const disk = new SimulatedDisk();
    disk.fault = (operation, path) => {
      if (operation === 'sync' && path === LOG) throw new Error('EIO');
    };
    expect(await codeOf(open(disk))).toBe('LEDGER_WRITE_FAILED');
    expect(disk.paths()).not.toContain(`${DIR}/lock`);
  });
});

describe('power cut', () => {
  /** Opens, appends with several callers, and dies at the nth operation. Returns what was acknowledged. */
  const runUntil = async (
    disk: SimulatedDisk,
    cut: number,
  ): Promise<{ readonly acknowledged: Map<number, string>; readonly reached: boolean }> => {
    let operations = 0;
    let reached = false;
    const acknowledged = new Map<number, string>();
    disk.fault = () => {
      if (++operations < cut) return;
      reached = true;
      throw new Error('the power is gone');
    };
    try {
      const ledger = await open(disk);
      const caller = async (n: number): Promise<void> => {
        for (let i = 0; i < 3; i++) {
          const { seq, leaf } = await ledger.append(callDraft(n * 10 + i));
          acknowledged.set(seq, leaf);
        }
      };
      await Promise.allSettled([caller(1), caller(2), caller(3)]);
      await ledger.close('test');
    } catch (error) {
      expect(error).toBeInstanceOf(CountersignError);
    }
    return { acknowledged, reached };
  };

  test.each([
    ['nothing that was not synced', 0],
    ['half of what was not synced', 0.5],
    ['all that was not synced', 1],
  ])('at any operation, %s surviving: what was acknowledged is there, and the ledger goes on', async (_name, share) => {
    for (let cut = 1; ; cut++) {
      const disk = new SimulatedDisk();
      const { acknowledged, reached } = await runUntil(disk, cut);
      const back = comeBack(disk, { survive: (_path, unsynced) => Math.floor(unsynced * share) });
      const ledger = await open(back);
      await ledger.append(callDraft(99, { forwarded: false }));
      await ledger.close('test');
      const list = await entries(back);
      for (const [seq, leaf] of acknowledged) expect(list[seq]?.leaf, `cut ${cut}, record ${seq}`).toBe(leaf);
      const forwarded = list.filter(({ type, d }) => type === 'call' && d['forwarded'] === true).length;
      expect(list.filter(({ type }) => type === 'result').length).toBe(forwarded);
      if (!reached) break;
    }
  });

  test('at any operation of a recovery: what was set aside is named by exactly one record', async () => {
    const whole = await sample();
    for (let cut = 1; ; cut++) {
      const disk = new SimulatedDisk();
      disk.put(LOG, Buffer.concat([whole.bytes(LOG), Buffer.from('{"v":1,"seq":torn')]));
      let operations = 0;
      let reached = false;
      disk.fault = () => {
        if (++operations < cut) return;
        reached = true;
        throw new Error('the power is gone');
      };
      const opened = open(disk);
      const outcome = await codeOf(opened);
      if (outcome === 'none') await codeOf((await opened).close('test'));
      const back = comeBack(disk);
      await (await open(back)).close('test');
      const recoveries = (await entries(back)).filter(({ type }) => type === 'recover');
      expect(recoveries.length, `cut ${cut}`).toBe(1);
      expect(recoveries[0]?.d['bytes']).toBe(17);
      expect(back.bytes(`${DIR}/${JSON.stringify(recoveries[0]?.d['file']).slice(1, -1)}`).toString()).toBe(
        '{"v":1,"seq":torn',
      );
      if (!reached) break;
    }
  });
});

describe('recovery', () => {
  test('what a process wrote and could not sync is made durable before the next goes on behind it', async () => {
    const disk = new SimulatedDisk();
    const ledger = await open(disk);
    disk.fault = (operation) => {
      if (operation === 'sync') throw new Error('EIO');
    };
    expect(await codeOf(ledger.append(callDraft(1, { forwarded: false })))).toBe('LEDGER_WRITE_FAILED');
    await ledger.close('test');
    disk.fault = () => {};
    // The machine went on, so the bytes are found; then it loses its power while the file behind them is synced.
    const next = await open(disk, { rotate: { bytes: 100_000, age: 3_600_000 } });
    const { seq, leaf } = await next.append(callDraft(2, { forwarded: false }));
    const back = comeBack(disk);
    await (await open(back)).close('test');
    expect((await entries(back))[seq]?.leaf).toBe(leaf);
  });

  test('a cut at any byte: the last signed batch stands, the rest is set aside', async () => {
    // Every byte in ledger.long.test.ts; here each around the ends of batches, and some between.
    const bytes = (await sample()).bytes(LOG);
    const near = (cut: number): boolean => batches(bytes).some(({ end }) => Math.abs(cut - end) <= 3);
    await cutEverywhere(bytes, (cut) => cut % 29 === 0 || near(cut));
  });

  test('a hole in the last batch sets that batch aside; a hole before it is for people', async () => {
    const bytes = (await sample()).bytes(LOG);
    const ends = batches(bytes);
    const lastStart = ends.at(-2)?.end ?? 0;
    // Where the hole takes the sign that begins the checkpoint before, nothing tells that batch from the last.
    const sign = bytes.lastIndexOf('\n~', lastStart - 2) + 1;
    for (let at = 0; at + 16 <= bytes.length; at += 61) {
      const holed = Buffer.from(bytes);
      holed.fill(0, at, at + 16);
      const disk = new SimulatedDisk();
      disk.put(LOG, holed);
      const outcome = await codeOf(open(disk));
      const doubtful = at <= sign && sign - 1 < at + 16;
      expect(outcome, `hole at ${at}`).toBe(at < lastStart && !doubtful ? 'LEDGER_DAMAGED' : 'none');
      if (outcome === 'LEDGER_DAMAGED') expect(disk.bytes(LOG).equals(holed)).toBe(true);
    }
  });

  test('a damaged ledger is not touched and names the place', async () => {
    const disk = await sample();
    const text = disk.bytes(LOG).toString();
    disk.put(LOG, Buffer.from(text.replace('"target":"read_file"', '"target":"read_fils"')));
    await expect(open(disk)).rejects.toThrow(
      /damaged before its last checkpoint: log\/0000000000000000.jsonl: the line at byte \d+ is a checkpoint whose signed root/,
    );
    expect(disk.paths()).toEqual([LOG]);
  });

  const tailOf = (
    text: string,
    change: (record: string) => string,
  ): { readonly record: string; readonly leaf: Buffer } => {
    const records = text.split('\n').filter((line) => line.startsWith('{'));
    const prev = leafHash(Buffer.from(records.at(-1) ?? '')).toString('hex');
    const record = change(
      (records.at(-1) ?? '').replace(/"seq":\d+,"prev":"[0-9a-f]{64}"/, `"seq":${records.length},"prev":"${prev}"`),
    );
    return { record, leaf: leafHash(Buffer.from(record)) };
  };

  test('a forged tail is not adopted, whether unsigned or signed by another key', async () => {
    const whole = await sample();
    const text = whole.bytes(LOG).toString();
    const { record } = tailOf(text, (line) => line.replace('test', 'forged'));
    const other = createNoteSigner(ORIGIN, generateKeyPairSync('ed25519').privateKey);
    const note = signNote(checkpointText({ origin: ORIGIN, size: 7, root: Buffer.alloc(32) }), [other]);
    for (const tail of [`${record}\n`, `${record}\n${checkpointLine(note)}\n`]) {
      const disk = new SimulatedDisk();
      disk.put(LOG, Buffer.from(text + tail));
      const ledger = await open(disk);
      expect(ledger.recovered.setAside).toBe(1);
      await ledger.close('test');
      expect((await entries(disk)).map(({ type }) => type)).toEqual([
        'seg',
        'call',
        'result',
        'call',
        'call',
        'stop',
        'recover',
        'stop',
      ]);
    }
  });

  test('a checkpoint with anything behind it was acknowledged: then nothing is set aside', async () => {
    const disk = await sample();
    const text = disk.bytes(LOG).toString();
    const { record } = tailOf(text, (line) => line);
    const broken = text.replace(/~"[^\n]*\n$/, (line) => line.replace(/.{12}\\n"\n$/, `AAAAAAAAAAAA\\n"\n`));
    disk.put(LOG, Buffer.from(`${broken}${record}\n`));
    expect(await codeOf(open(disk))).toBe('LEDGER_DAMAGED');
  });

  test('a file that is none of the ledger’s is not written over', async () => {
    const disk = await sample();
    disk.put(`${DIR}/log/notes.txt`, Buffer.from('x'));
    expect(await codeOf(open(disk))).toBe('LEDGER_DAMAGED');
  });
});
