import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Verification } from '../../src/model/evidence.js';
import { verifyPath } from '../../src/verify/verify.js';
import { callDraft, newKey, ORIGIN, oneCall, openSample, testClock } from '../ledger/samples.js';
import { ledgerOf, type SampleLedger, SEGMENT, sampleLedger, temporary, trustFile } from './sample.js';

const key = newKey();
const other = newKey();
let sample: SampleLedger;
let trust: string;
beforeAll(async () => {
  sample = await sampleLedger(key);
  trust = await trustFile({ ledgers: [sample.key] });
});

const codes = ({ findings }: Verification): readonly string[] =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);

test('with the key in the trust file, only the un-anchored window is not established', async () => {
  const verification = await verifyPath(sample.dir, { trust });
  expect(verification.exit).toBe(13);
  expect(codes(verification)).toEqual(['NOT_ANCHORED']);
  expect(verification.findings[0]?.message).toContain(
    'records 0 to 8, 2026-11-24T05:00:00.000Z to 2026-11-24T05:00:00.050Z',
  );
  expect(verification.established).toEqual([
    expect.stringMatching(/^the ledger: records 0 to 8 give the signed root [0-9a-f]{64}\.$/),
    expect.stringContaining(`its 9 records are signed by the key of ${ORIGIN} that the trust file names`),
  ]);
});

test('without a trust file the signer is not established either', async () => {
  const verification = await verifyPath(sample.dir);
  expect(verification.exit).toBe(13);
  expect(codes(verification)).toEqual(['LEDGER_SIGNER_UNKNOWN', 'NOT_ANCHORED']);
});

test('a ledger under the trusted name, signed by another key, is not that ledger', async () => {
  const replaced = await sampleLedger(other);
  const verification = await verifyPath(replaced.dir, { trust });
  expect(verification.exit).toBe(12);
  expect(codes(verification)).toContain('LEDGER_KEY_DIFFERS');
});

test('the first bad record is named with file, record and byte', async () => {
  const index = sample.lines.findIndex((line) => line.startsWith('{"v":1,"seq":5,'));
  const byte = Buffer.byteLength(
    sample.lines
      .slice(0, index)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const changed = sample.lines.map((line, i) => (i === index ? line.replace('alice', 'malic') : line));
  const { findings } = await verifyPath(await ledgerOf(changed), { trust });
  expect(findings[0]?.message).toMatch(
    new RegExp(
      `^log/${SEGMENT}, record 5, byte ${byte}: the line at byte \\d+ holds a link that is not the hash of record 5: that record, or this link, was changed\\.$`,
    ),
  );
});

describe('files', () => {
  test('nothing, or no record, is never in order', async () => {
    await expect(verifyPath('/nowhere')).rejects.toThrow('there is nothing at /nowhere');
    expect((await verifyPath(await temporary())).exit).toBe(11);
    const dir = await temporary();
    await mkdir(join(dir, 'log'));
    const verification = await verifyPath(dir);
    expect([verification.exit, codes(verification)]).toEqual([11, ['LEDGER_EMPTY']]);
  });

  test.each([
    ['another name', (dir: string) => writeFile(join(dir, 'log', 'notes.txt'), 'x')],
    ['a folder', (dir: string) => mkdir(join(dir, 'log', '0000000000000009.jsonl'))],
    ['a link', (dir: string) => symlink(join(dir, 'log', SEGMENT), join(dir, 'log', '0000000000000009.jsonl'))],
  ])('%s in log/ is stray', async (_name, plant) => {
    const dir = await ledgerOf(sample.lines);
    await plant(dir);
    const verification = await verifyPath(dir, { trust });
    expect([verification.exit, codes(verification)[0]]).toEqual([12, 'STRAY_FILE']);
  });

  test('segments in the wrong place', async () => {
    const missing = await ledgerOf(sample.lines);
    await rename(join(missing, 'log', SEGMENT), join(missing, 'log', '0000000000000003.jsonl'));
    expect(codes(await verifyPath(missing, { trust }))[0]).toBe('SEGMENT_MISSING');
    const overlap = await ledgerOf(sample.lines);
    await writeFile(join(overlap, 'log', '0000000000000005.jsonl'), '');
    expect(codes(await verifyPath(overlap, { trust }))[0]).toBe('SEGMENT_OVERLAP');
  });

  test('a ledger in two segments verifies; cut or unsealed in the first it does not', async () => {
    const split = sample.lines.findIndex((line) => line.startsWith('{"v":1,"seq":5,'));
    const two = async (head: string): Promise<Verification> => {
      const dir = await ledgerOf(Buffer.from(head));
      await writeFile(
        join(dir, 'log', '0000000000000005.jsonl'),
        sample.lines
          .slice(split)
          .map((line) => `${line}\n`)
          .join(''),
      );
      return verifyPath(dir, { trust });
    };
    const head = sample.lines
      .slice(0, split)
      .map((line) => `${line}\n`)
      .join('');
    expect(codes(await two(head))).toEqual(['NOT_ANCHORED']);
    expect(codes(await two(head.slice(0, -1)))[0]).toBe('BAD_RECORD');
    expect(
      codes(
        await two(
          sample.lines
            .slice(0, split - 1)
            .map((line) => `${line}\n`)
            .join(''),
        ),
      )[0],
    ).toBe('SEGMENT_UNSEALED');
  });

  test('large payloads: missing, altered, unused', async () => {
    const dir = await temporary();
    const ledger = await openSample({ dir, key });
    await ledger.append(callDraft(1, { forwarded: false }, { args: `"${'x'.repeat(1_100_000)}"` }));
    await ledger.close('test');
    expect(codes(await verifyPath(dir, { trust }))).toEqual(['NOT_ANCHORED']);
    const [name = ''] = (await import('node:fs')).readdirSync(join(dir, 'blobs'));
    const blob = join(dir, 'blobs', name);
    const bytes = await readFile(blob);
    await writeFile(join(dir, 'blobs', 'f'.repeat(64)), 'left over');
    const unused = await verifyPath(dir, { trust });
    expect([unused.exit, unused.findings[0]?.code]).toEqual([13, 'BLOB_UNUSED']);
    bytes[500] = 0x79;
    await writeFile(blob, bytes);
    expect(codes(await verifyPath(dir, { trust }))[0]).toBe('PAYLOAD_ALTERED');
    await rename(blob, `${blob}x`);
    expect(codes(await verifyPath(dir, { trust }))[0]).toBe('PAYLOAD_MISSING');
  });
});

describe('continuity', () => {
  test('a stop explains silence, a crash does not; the threshold is the auditor’s', async () => {
    const dir = await temporary();
    const clock = testClock();
    await (await openSample({ dir, key, clock })).close('test');
    const second = await openSample({ dir, key, clock: testClock(clock.now() + 3_600_000) });
    await second.close('test');
    const stopped = await verifyPath(dir, { trust });
    expect(stopped.findings.map(({ code }) => code)).toEqual(['STOPPED', 'NOT_ANCHORED']);
    expect(stopped.exit).toBe(13);

    const slow = await temporary();
    const slowClock = testClock();
    const ledger = await openSample({ dir: slow, key, clock: slowClock });
    slowClock.advance(100_000);
    await ledger.close('test');
    expect((await verifyPath(slow, { trust })).exit).toBe(13);
    const strict = await trustFile({ ledgers: [sample.key], thresholds: { heartbeatSeconds: 90 } });
    const verification = await verifyPath(slow, { trust: strict });
    expect([verification.exit, codes(verification)[0]]).toEqual([11, 'RECORDING_GAP']);
  });

  test('a call without outcome is named', async () => {
    const dir = await temporary();
    const ledger = await openSample({ dir, key });
    await ledger.append(callDraft(7));
    await ledger.close('test');
    const verification = await verifyPath(dir, { trust });
    expect(verification.exit).toBe(11);
    expect(verification.findings[0]?.message).toBe(
      'ledger: record 1, call 01JD0000000000000000000007, has no outcome: under way when this was copied, or lost.',
    );
  });

  test('times before those of an earlier run', async () => {
    const dir = await temporary();
    const clock = testClock();
    await (await openSample({ dir, key, clock })).close('test');
    await (await openSample({ dir, key, clock: testClock(clock.now() - 5000) })).close('test');
    const verification = await verifyPath(dir, { trust });
    expect([verification.exit, codes(verification)[0]]).toEqual([11, 'CLOCK_STEP']);
  });

  test('what recovery set aside must be what its record names', async () => {
    const dir = await temporary();
    const clock = testClock();
    const ledger = await openSample({ dir, key, clock });
    await oneCall(ledger, clock, 1);
    await ledger.close('test');
    const log = join(dir, 'log', SEGMENT);
    await writeFile(log, Buffer.concat([await readFile(log), Buffer.from('torn')]));
    await (await openSample({ dir, key, clock })).close('test');
    expect((await verifyPath(dir, { trust })).exit).toBe(13);
    const quarantine = join(dir, 'quarantine');
    const [name = ''] = (await import('node:fs')).readdirSync(quarantine);
    await writeFile(join(quarantine, name), 'born');
    expect(codes(await verifyPath(dir, { trust }))[0]).toBe('SET_ASIDE_ALTERED');
    await rename(join(quarantine, name), join(quarantine, 'other.bin'));
    const verification = await verifyPath(dir, { trust });
    expect(verification.exit).toBe(11);
    expect(verification.findings.map(({ code }) => code)).toEqual([
      'SET_ASIDE_ABSENT',
      'SET_ASIDE_UNRECORDED',
      'NOT_ANCHORED',
    ]);
  });
});

describe('in figures', () => {
  test('records, time, keys, what is signed and anchored', async () => {
    const { ledgers } = await verifyPath(sample.dir, { trust });
    expect(ledgers).toEqual([
      {
        origin: ORIGIN,
        key: sample.key,
        first: { seq: 0, t: '2026-11-24T05:00:00.000Z' },
        last: { seq: 8, t: '2026-11-24T05:00:00.050Z' },
        whole: true,
        segments: 1,
        bytes: sample.lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0),
        signers: [{ seq: 0, key: sample.key }],
        signed: 9,
        root: expect.stringMatching(/^[0-9a-f]{64}$/),
        anchored: 0,
        openSince: '2026-11-24T05:00:00.000Z',
        gaps: [],
        gapCount: 0,
        clockSteps: 0,
      },
    ]);
  });

  test('a line that does not hold is named in parts', async () => {
    const changed = sample.lines.map((line) => line.replace('"status":"ok"', '"status":"no"'));
    const { findings } = await verifyPath(await ledgerOf(changed), { trust });
    expect(findings[0]).toMatchObject({
      code: 'ROOT_MISMATCH',
      place: { file: `log/${SEGMENT}`, record: 2, byte: expect.any(Number) },
    });
  });

  test('gaps have times; those before a time are counted alone, and nothing else is passed over', async () => {
    const dir = await temporary();
    const clock = testClock();
    const ledger = await openSample({ dir, key, clock });
    clock.advance(600_000);
    await oneCall(ledger, clock, 1);
    clock.advance(900_000);
    await ledger.close('test');
    const all = await verifyPath(dir, { trust });
    expect([all.exit, codes(all)]).toEqual([11, ['RECORDING_GAP', 'RECORDING_GAP', 'NOT_ANCHORED']]);
    expect(all.ledgers[0]?.gaps).toEqual([
      { from: '2026-11-24T05:00:00.000Z', to: '2026-11-24T05:10:00.010Z', after: 0 },
      { from: '2026-11-24T05:10:00.020Z', to: '2026-11-24T05:25:00.020Z', after: 2 },
    ]);
    const later = await verifyPath(dir, { trust, since: Date.parse('2026-11-24T05:20:00Z') });
    expect([later.exit, codes(later)]).toEqual([11, ['RECORDING_GAP', 'NOT_ANCHORED']]);
    const none = await verifyPath(dir, { trust, since: Date.parse('2026-11-25') });
    expect([none.exit, codes(none)]).toEqual([13, ['NOT_ANCHORED']]);
    expect(none.findings[0]?.message).toBe(
      'ledger: 2 gaps and turned clocks before 2026-11-25T00:00:00.000Z are not listed; all else was looked at from the first record on.',
    );
    const log = join(dir, 'log', SEGMENT);
    await writeFile(log, (await readFile(log, 'utf8')).replace('"status":"ok"', '"status":"no"'));
    expect((await verifyPath(dir, { trust, since: Date.parse('2026-11-25') })).exit).toBe(12);
  });
});

describe('trust file', () => {
  test.each([
    ['unknown field', { anchor: [] }, 'an unknown field "anchor"'],
    ['unknown threshold', { thresholds: { heartbeat: 1 } }, 'thresholds has an unknown field "heartbeat"'],
    ['wrong version', { v: 2 }, 'v is not 1'],
    ['no list', { ledgers: 'x' }, 'ledgers is not a list'],
    ['a key that is none', { reports: ['x+y+z'] }, 'reports[0] is not a verifier key'],
    ['a fraction', { thresholds: { skewMs: 0.5 } }, 'thresholds.skewMs is not a whole number'],
    [
      'a CloudTrail key that is none',
      { cloudtrail: [{ region: 'r', fingerprint: 'f', publicKey: 'x' }] },
      'cloudtrail[0].publicKey is not an RSA',
    ],
  ])('%s is refused by name', async (_name, over, problem) => {
    const file = await trustFile(over);
    await expect(verifyPath(sample.dir, { trust: file })).rejects.toThrow(problem);
  });

  test('not strict JSON, not there, or inside what it judges', async () => {
    const file = join(await temporary(), 'trust.json');
    await expect(verifyPath(sample.dir, { trust: file })).rejects.toMatchObject({ code: 'TRUST_INVALID', exit: 2 });
    await writeFile(file, '{"v":1,"v":1,"ledgers":[],"reports":[],"cloudtrail":[]}');
    await expect(verifyPath(sample.dir, { trust: file })).rejects.toThrow('duplicate member name');
    const dir = await ledgerOf(sample.lines);
    await writeFile(join(dir, 'trust.json'), '{"v":1,"ledgers":[],"reports":[],"cloudtrail":[]}');
    await expect(verifyPath(dir, { trust: join(dir, 'trust.json') })).rejects.toThrow('inside what it is to judge');
    // Nor behind a link, from outside in or from inside out.
    const link = join(await temporary(), 'link');
    await symlink(dir, link);
    await expect(verifyPath(dir, { trust: join(link, 'trust.json') })).rejects.toThrow('inside what it is to judge');
    await symlink(file, join(dir, 'linked.json'));
    await expect(verifyPath(dir, { trust: join(dir, 'linked.json') })).rejects.toThrow('inside what it is to judge');
  });
});
