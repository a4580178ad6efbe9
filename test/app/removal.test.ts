/** Removals by order of two custodians: what goes, what stays, what refuses, and what a verifier says of each. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { erase, prepareErase } from '../../src/app/removal/erase.js';
import { preparePrune, prune } from '../../src/app/removal/prune.js';
import { timestamp } from '../../src/base/clock.js';
import { readLedger } from '../../src/ledger/read.js';
import type { Verification } from '../../src/model/evidence.js';
import { oneCall, openSample, testClock } from '../ledger/samples.js';
import { ALICE, BOB, DAY, linesOf, type RemovalWorld, removalWorld } from './removal-world.js';

let world: RemovalWorld;
beforeEach(async () => {
  world = await removalWorld();
});
afterEach(() => rmSync(world.folder, { recursive: true, force: true }));

const codes = ({ findings }: Verification): string[] =>
  findings.filter(({ severity }) => severity !== 'note').map(({ code }) => code);
const day = (ago: number): string => timestamp(Date.now() - ago * DAY);
const file = (name: string): string => join(world.folder, name);
const payloads = (): string[] => linesOf(world.dir).filter((line) => line.startsWith('>'));
const prepare = (name: string, what: 'payloads' | 'segments', before = day(490)) =>
  preparePrune({ config: world.config, before, what, file: file(name) });
const carryOut = (name: string) => prune({ config: world.config, order: file(name) });

/** Everything up to the checkpoint that the auditor kept; the records of removals come after it. */
const expectAnchored = (found: Verification): void => expect(codes(found)).toEqual(['NOT_ANCHORED']);

describe('pruning payloads', () => {
  it('removes those of whole segments, with blobs and salts, and the ledger verifies', async () => {
    const before = linesOf(world.dir).filter((line) => !line.startsWith('>'));
    const blobs = readdirSync(join(world.dir, 'blobs')).length;
    const { order } = await prepare('order', 'payloads');
    await world.sign(file('order'), 0, 1);
    const removed = await carryOut('order');
    expect(removed.payloads).toBeGreaterThan(0);
    expect(payloads().every((line) => Number(/"seq":(\d+)/.exec(line)?.[1]) >= order.size)).toBe(true);
    expect(
      linesOf(world.dir)
        .filter((line) => !line.startsWith('>'))
        .slice(0, before.length),
    ).toEqual(before);
    expect(readdirSync(join(world.dir, 'blobs')).length).toBeLessThan(blobs);
    expect(removed.days).toBe(1);
    const found = await world.verify();
    expectAnchored(found);
    expect(found.established.join('\n')).toContain('signed by alice@example.com and bob@example.com');
  });

  it('is refused without two custodians, and removes nothing', async () => {
    await prepare('order', 'payloads');
    const before = linesOf(world.dir);
    await expect(carryOut('order')).rejects.toMatchObject({ code: 'ORDER_INVALID' });
    await world.sign(file('order'), 0);
    await expect(carryOut('order')).rejects.toMatchObject({
      code: 'REMOVAL_REFUSED',
      message: expect.stringContaining('alice@example.com alone'),
    });
    expect(linesOf(world.dir)).toEqual(before);
  });

  it.each([
    ['retention has not passed', '  retention: 600d\n', 'is kept until'],
    [
      'a legal hold covers it',
      "  holds: [{ id: case-7, reason: 'litigation', to: 2100-01-01T00:00:00Z }]\n",
      'the legal hold case-7 covers it: litigation',
    ],
    [
      'a hold on one person covers some of it',
      `  holds: [{ id: case-8, reason: 'inquiry', person: '${BOB}' }]\n`,
      'case-8',
    ],
  ])('is refused where %s', async (_name, more, problem) => {
    world.configure(more);
    await expect(prepare('order', 'payloads')).rejects.toThrow(problem);
  });

  it('is refused where a hold comes after the order was signed', async () => {
    await prepare('order', 'payloads');
    await world.sign(file('order'), 0, 1);
    world.configure("  holds: [{ id: case-9, reason: 'late' }]\n");
    await expect(carryOut('order')).rejects.toThrow('case-9');
  });

  it('is refused where no anchor confirms it, or nothing is old enough', async () => {
    await expect(prepare('order', 'payloads', day(600))).rejects.toThrow('no whole segment is older');
    for (const name of readdirSync(join(world.dir, 'anchors'))) rmSync(join(world.dir, 'anchors', name));
    await expect(prepare('order', 'payloads')).rejects.toThrow('no anchor confirms');
  });

  it('is refused for another history, and where the order was changed', async () => {
    await prepare('order', 'payloads');
    const text = readFileSync(file('order'), 'utf8');
    writeFileSync(file('order'), text.replace(/[0-9a-f]{64}/, 'ab'.repeat(32)));
    await world.sign(file('order'), 0, 1);
    await expect(carryOut('order')).rejects.toThrow('another history');
    writeFileSync(file('order'), readFileSync(file('order'), 'utf8').replace('payloads', 'segments'));
    await expect(carryOut('order')).rejects.toThrow('two custodians must sign');
  });

  it('goes on where it was cut off, with one record', async () => {
    await prepare('order', 'payloads');
    await world.sign(file('order'), 0, 1);
    const untouched = file('untouched');
    cpSync(world.dir, untouched, { recursive: true });
    await carryOut('order');
    // As a power cut leaves it: on record, and nothing removed yet, or only the first file.
    for (const name of readdirSync(join(untouched, 'log')).slice(1))
      cpSync(join(untouched, 'log', name), join(world.dir, 'log', name));
    cpSync(join(untouched, 'blobs'), join(world.dir, 'blobs'), { recursive: true });
    expectAnchored(await world.verify());
    expect((await carryOut('order')).payloads).toBeGreaterThan(0);
    expect((await carryOut('order')).payloads).toBe(0);
    const orders = linesOf(world.dir).filter((line) => line.includes('"type":"prune"'));
    expect(orders).toHaveLength(1);
    expectAnchored(await world.verify());
  });
});

describe('pruning segments', () => {
  const pruned = async (): Promise<number> => {
    const { order } = await prepare('order', 'segments', day(480));
    await world.sign(file('order'), 1, 2);
    await carryOut('order');
    return order.size;
  };

  it('leaves a ledger that begins at the frontier, verifies, and is written on', async () => {
    const size = await pruned();
    expect(readdirSync(join(world.dir, 'log')).every((name) => Number(name.slice(0, 16)) >= size)).toBe(true);
    const found = await world.verify();
    expectAnchored(found);
    expect(found.established.join('\n')).toContain(`records 0 to ${size - 1} were removed by the order`);
    const clock = testClock(Date.now());
    const ledger = await openSample({
      dir: world.dir,
      key: world.key,
      clock,
      heartbeat: 20,
      rotate: { bytes: 1e9, age: 1e9 },
    });
    await oneCall(ledger, clock, 77);
    await expect
      .poll(() => linesOf(world.dir).filter((line) => line.includes('"type":"hb"')).length)
      .toBeGreaterThan(1);
    await ledger.close('the test ends');
    expect(codes(await world.verify())).not.toContain('COUNTER_MISMATCH');
    const entries = [];
    for await (const { seq } of readLedger(world.dir)) entries.push(seq);
    expect(entries[0]).toBe(size);
    expect((await world.verify()).exit).toBe(13);
  });

  it('counts only with an order in the ledger, its frontier, and an anchor', async () => {
    const size = await pruned();
    const path = join(world.dir, 'pruned.json');
    const text = readFileSync(path, 'utf8');
    const unanchored = await world.verify({ checkpoints: [] });
    expect(codes(unanchored)).toContain('PRUNE_UNPROVEN');
    writeFileSync(path, text.replace(/(?<="prev":")../, '00'));
    expect(codes(await world.verify())).toContain('CHAIN_BREAK');
    writeFileSync(path, text.replace(/(?<="range":\[")../, '00'));
    expect(codes(await world.verify())).toContain('ROOT_MISMATCH');
    writeFileSync(path, text.replace(`"size":${size}`, `"size":${size + 1}`));
    expect((await world.verify()).exit).toBe(12);
    rmSync(path);
    expect(codes(await world.verify())).toContain('SEGMENT_MISSING');
    writeFileSync(path, text);
    expectAnchored(await world.verify());
  });

  it('goes on where it was cut off', async () => {
    const untouched = file('untouched');
    cpSync(world.dir, untouched, { recursive: true });
    await pruned();
    const [first = ''] = readdirSync(join(untouched, 'log'));
    cpSync(join(untouched, 'log', first), join(world.dir, 'log', first));
    const found = await world.verify();
    expectAnchored(found);
    expect(found.findings.map(({ code }) => code)).toContain('PRUNE_UNFINISHED');
    expect((await carryOut('order')).segments).toBe(1);
    expect(existsSync(join(world.dir, 'log', first))).toBe(false);
  });

  it('waits for the retention of records', async () => {
    world.configure('  recordRetention: 600d\n');
    await expect(prepare('order', 'segments', day(480))).rejects.toThrow('ledger.recordRetention');
  });
});

describe('erasing', () => {
  const erased = async (name = 'order') => {
    await prepareErase({ config: world.config, person: ALICE, records: [], file: file(name) });
    await world.sign(file(name), 0, 2);
    return erase({ config: world.config, person: ALICE, records: [], order: file(name) });
  };

  it('removes the payloads of one person and leaves every other line', async () => {
    const before = linesOf(world.dir);
    const { payloads: count } = await erased();
    const after = linesOf(world.dir);
    const gone = before.filter((line) => !after.includes(line));
    expect(gone).toHaveLength(count);
    expect(gone.every((line) => line.startsWith('>'))).toBe(true);
    const bobs = before.filter((line) => line.includes('"sub":"bob"')).map((line) => /"seq":(\d+)/.exec(line)?.[1]);
    expect(payloads().map((line) => /"seq":(\d+)/.exec(line)?.[1])).toEqual(expect.arrayContaining(bobs));
    expect(after.filter((line) => line.startsWith('>') && line.includes('"name":"args"')).length).toBe(3);
    expect(readdirSync(join(world.dir, 'blobs'))).toEqual([]);
    const found = await world.verify();
    expectAnchored(found);
    expect(found.established.join('\n')).toContain('payloads of a person were removed by the order');
  });

  it('removes all payloads of a record that is named', async () => {
    const ask = { config: world.config, records: [1] };
    await prepareErase({ ...ask, file: file('one') });
    await world.sign(file('one'), 0, 1);
    await expect(erase({ ...ask, records: [3], order: file('one') })).rejects.toThrow('for other records');
    expect((await erase({ ...ask, order: file('one') })).payloads).toBe(1);
    expectAnchored(await world.verify());
  });

  it('is refused where a hold covers the person, and not where it covers another', async () => {
    world.configure(`  holds: [{ id: case-1, reason: 'inquiry', person: '${BOB}' }]\n`);
    await expect(prepareErase({ config: world.config, person: BOB, records: [], file: file('bob') })).rejects.toThrow(
      'case-1',
    );
    await expect(erased()).resolves.toMatchObject({ segments: 0 });
  });

  it('is refused for nobody, for somebody unknown, and for another person than was ordered', async () => {
    const ask = { config: world.config, records: [] };
    await expect(prepareErase({ ...ask, file: file('x') })).rejects.toThrow('neither a person nor a record');
    await expect(prepareErase({ ...ask, person: 'https://x|y', file: file('x') })).rejects.toThrow('no payload of it');
    await prepareErase({ ...ask, person: ALICE, file: file('x') });
    await world.sign(file('x'), 0, 1);
    await expect(erase({ ...ask, person: BOB, order: file('x') })).rejects.toThrow('another person');
  });

  it('is told as unfinished where it is on record and something is still here, and goes on', async () => {
    const untouched = file('untouched');
    await prepareErase({ config: world.config, person: ALICE, records: [], file: file('order') });
    await world.sign(file('order'), 0, 2);
    cpSync(world.dir, untouched, { recursive: true });
    const ask = { config: world.config, person: ALICE, records: [], order: file('order') };
    await erase(ask);
    const [first = ''] = readdirSync(join(untouched, 'log'));
    cpSync(join(untouched, 'log', first), join(world.dir, 'log', first));
    cpSync(join(untouched, 'blobs'), join(world.dir, 'blobs'), { recursive: true });
    expect(codes(await world.verify())).toContain('ERASE_UNFINISHED');
    expect((await erase(ask)).payloads).toBeGreaterThan(0);
    expectAnchored(await world.verify());
  });

  it('does not let a person’s erasure hide what was removed beside it', async () => {
    await erased();
    const name = readdirSync(join(world.dir, 'log')).sort()[0] ?? '';
    const path = join(world.dir, 'log', name);
    const lines = readFileSync(path, 'utf8').split('\n');
    const index = lines.findIndex((line) => line.startsWith('>'));
    writeFileSync(path, lines.filter((_, n) => n !== index).join('\n'));
    const found = await world.verify();
    expect([found.exit, codes(found)]).toEqual([12, expect.arrayContaining(['PAYLOAD_MISSING'])]);
  });

  it('counts under the custodians of the trust file alone', async () => {
    await erased();
    const none = await world.verify({ custodians: [] });
    expect([none.exit, codes(none)]).toEqual([13, expect.arrayContaining(['REMOVAL_UNCONFIRMED'])]);
    const others = await world.verify({ custodians: [world.custodians[1]?.key] });
    expect([others.exit, codes(others)]).toEqual([
      12,
      expect.arrayContaining(['ERASE_UNAUTHORISED', 'PAYLOAD_MISSING']),
    ]);
  });
});
