import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { GzipError, gunzipSingle } from '../../src/base/gzip.js';

const text = Buffer.from('{"Records":[]}'.repeat(100));
const packed = gzipSync(text);
const MAX = 1 << 20;

describe('gunzipSingle', () => {
  test('unpacks one member', () => {
    expect(gunzipSingle(packed, MAX)).toEqual(text);
    expect(gunzipSingle(gzipSync(Buffer.alloc(0)), MAX)).toHaveLength(0);
  });

  test('refuses a second member that zlib would read', () => {
    const forged = Buffer.concat([packed, gzipSync('forged')]);
    expect(gunzipSync(forged).toString()).toContain('forged');
    expect(() => gunzipSingle(forged, MAX)).toThrow('bytes follow the first gzip member');
  });

  test('every single changed or missing byte of data and trailer is refused', () => {
    for (let cut = 1; cut < packed.length; cut++)
      expect(() => gunzipSingle(packed.subarray(0, cut), MAX)).toThrow(GzipError);
    for (let i = 10; i < packed.length; i++) {
      const changed = Buffer.from(packed);
      changed[i] = (changed[i] ?? 0) ^ 0x5a;
      expect(() => gunzipSingle(changed, MAX)).toThrow(GzipError);
    }
  });

  test('is bounded', () => {
    expect(() => gunzipSingle(gzipSync(Buffer.alloc(10_000)), 9_999)).toThrow('more than 9999 bytes when unpacked');
  });

  test('reads names and comments in the header', () => {
    const named = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]),
      Buffer.from('a.json\0'),
      packed.subarray(10),
    ]);
    expect(gunzipSingle(named, MAX)).toEqual(text);
  });
});
