import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/digest.js';
import { checkTrail, type DigestInput } from '../../src/base/trail-chain.js';
import { parseTrailKeys } from '../../src/base/trail-keys.js';
import { digestName, logName, makeDigest, otherKey, publicKeys, type SignedDigest } from '../collect/fixtures.js';

const keys = parseTrailKeys(Buffer.from(publicKeys()));
const content = (name: string): Buffer => Buffer.from(`{"Records":["${name}"]}`);
const named = (minute: string) => [logName(minute), content(minute)] as const;

const first = makeDigest('06', [named('0505')], null);
const second = makeDigest('07', [named('0605')], first);
const third = makeDigest('08', [], second);

const delivered = (digest: SignedDigest, over: Partial<DigestInput> = {}): DigestInput => ({
  key: digest.key,
  sha256: sha256(digest.bytes),
  bytes: digest.bytes,
  signature: digest.signature,
  ...over,
});

const log = (minute: string, bytes = content(minute)) => ({
  key: logName(minute),
  sha256: sha256(bytes),
  content: sha256(bytes),
});
const logs = [log('0505'), log('0605')];
const words = ({ digests }: ReturnType<typeof checkTrail>) =>
  digests.map(({ status, signature }) => `${status} ${signature}`);
const states = (check: ReturnType<typeof checkTrail>) => check.logs.map(({ state }) => state);

describe('the chain of digests', () => {
  it('holds, whatever the order', () => {
    const check = checkTrail([delivered(third), delivered(first), delivered(second)], logs, keys);
    expect(words(check)).toEqual(['STARTING valid', 'LINKED valid', 'LINKED valid']);
    expect(states(check)).toEqual(['valid', 'valid']);
    expect(check.edges.map(({ kind, from, to }) => [kind, from.slice(11, 13), to.slice(11, 13)])).toEqual([
      ['oldest', '05', '06'],
      ['newest', '07', '08'],
    ]);
  });

  it('knows the signature of all but the newest from its successor', () => {
    const bare = [first, second, third].map((one) => delivered(one, { signature: null }));
    expect(words(checkTrail(bare, logs, keys))).toEqual(['STARTING valid', 'LINKED valid', 'LINKED unsigned']);
  });

  it('a digest that was removed leaves a gap, and its successor without a predecessor', () => {
    const check = checkTrail([delivered(first), delivered(third)], logs, keys);
    expect(words(check)).toEqual(['STARTING valid', 'MISSING valid']);
    expect(check.edges.map(({ kind }) => kind)).toEqual(['oldest', 'gap', 'newest']);
    expect(states(check)).toEqual(['valid', 'in_no_digest']);
  });

  it('a digest signed by another key is invalid, and what it says of logs is not believed', () => {
    const forged = makeDigest('06', [['x', content('x')], named('0505')], null, { key: otherKey() });
    const check = checkTrail([delivered(forged)], logs, keys);
    expect(words(check)).toEqual(['INVALID invalid']);
    expect(states(check)).toEqual(['unverified', 'not_covered_yet', 'unverified']);
  });

  it('a digest whose content was changed is invalid by its signature and by its successor', () => {
    const inflated = Buffer.from(first.inflated.toString().replace('06:00:01Z', '06:00:02Z'));
    const changed = delivered(first, { bytes: gzipSync(inflated), signature: null });
    const check = checkTrail([changed, delivered(second)], logs, []);
    expect(words(check)).toEqual(['INVALID no_key', 'MISSING no_key']);
    expect(check.digests[0]?.reason).toContain('successor');
    expect(words(checkTrail([changed, delivered(second)], logs, keys))[0]).toBe('INVALID invalid');
  });

  it('another signature than the successor names is invalid', () => {
    const check = checkTrail([delivered(first, { signature: 'ab'.repeat(256) }), delivered(second)], logs, keys);
    expect(words(check)[0]).toBe('INVALID invalid');
  });

  it('a digest under another name, cut off, or that is none is invalid', () => {
    const bad = [
      delivered(first, { key: digestName('09') }),
      delivered(second, { bytes: second.bytes.subarray(0, -4) }),
      delivered(third, { bytes: gzipSync('{}') }),
    ];
    const check = checkTrail(bad, [], keys);
    expect(check.digests.map(({ status }) => status)).toEqual(['INVALID', 'INVALID', 'INVALID']);
    expect(check.digests.every(({ reason }) => reason !== null)).toBe(true);
  });

  it('a key that was not valid then does not count', () => {
    const late = parseTrailKeys(Buffer.from(publicKeys('23')));
    expect(words(checkTrail([delivered(first)], logs, late))).toEqual(['STARTING no_key']);
  });

  it('a changed, a missing and an added log are told apart', () => {
    const changed = { ...log('0505', Buffer.from('other')) };
    const check = checkTrail([delivered(first), delivered(second)], [changed, log('0530'), log('0930')], keys);
    expect(check.logs.map(({ key, state }) => [key, state])).toEqual([
      [logName('0505'), 'changed'],
      [logName('0530'), 'in_no_digest'],
      [logName('0605'), 'missing'],
      [logName('0930'), 'not_covered_yet'],
    ]);
  });

  it('a key that was collected with two contents is valid once and changed once, whatever the order', () => {
    const forged = Array.from({ length: 8 }, (_, i) => log('0505', Buffer.from(`forged ${i}`)));
    for (const both of [
      [log('0505'), ...forged],
      [...forged, log('0505')],
    ]) {
      const check = checkTrail([delivered(first)], both, keys);
      expect(states(check).toSorted()).toEqual([...forged.map(() => 'changed'), 'valid']);
      expect(check.logs.find(({ state }) => state === 'valid')?.sha256).toBe(log('0505').sha256);
    }
  });

  it('finds logs in a flat copy of the folder', () => {
    const flat = { ...log('0505'), key: logName('0505').split('/').at(-1) ?? '' };
    expect(states(checkTrail([delivered(first)], [flat], keys))).toEqual(['valid']);
  });
});
