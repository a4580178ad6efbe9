import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyedDigester } from '../../src/base/digest.js';
import { foldName } from '../../src/base/fold.js';

test('a keyed digest is HMAC-SHA-256 under the key of its purpose', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), fc.string({ unit: 'binary' }), (secret, data) => {
      const key = Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), 'countersign/v1/args', 32));
      const expected = createHmac('sha256', key).update(data).digest('hex');
      const digest = createKeyedDigester(secret);
      expect(digest('args', data).split(':').at(-1)).toBe(expected);
      expect(digest('args', Buffer.from(data))).toBe(digest('args', data));
      expect(digest('token-id', data)).not.toBe(digest('args', data));
    }),
  );
});

test.each([
  ['Name', 'name'],
  ['ſize', 'SIZE'],
  ['\u212Aey', 'key'],
  ['\uFB01le', 'file'],
  ['\uFF35\uFF32\uFF29', 'uri'],
])('%s and %s are one name to some reader', (a, b) => {
  expect(foldName(a)).toBe(foldName(b));
});
