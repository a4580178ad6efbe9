import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  digestSignedBytes,
  keyFingerprint,
  parseTrailDigest,
  TrailDigestError,
  trailPublicKey,
  verifyDigestSignature,
} from '../../src/base/trail-digest.js';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pkcs1 = publicKey.export({ type: 'pkcs1', format: 'der' }).toString('base64');
const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');

const document = {
  awsAccountId: '111122223333',
  digestStartTime: '2026-09-30T22:00:00Z',
  digestEndTime: '2026-09-30T23:00:00Z',
  digestS3Bucket: 'trail',
  digestS3Object: 'AWSLogs/111122223333/CloudTrail-Digest/x.json.gz',
  digestPublicKeyFingerprint: keyFingerprint(pkcs1),
  digestSignatureAlgorithm: 'SHA256withRSA',
  newestEventTime: null,
  oldestEventTime: null,
  previousDigestS3Bucket: null,
  previousDigestS3Object: null,
  previousDigestHashValue: null,
  previousDigestHashAlgorithm: null,
  previousDigestSignature: null,
  logFiles: [],
};
const bytes = Buffer.from(JSON.stringify(document));

describe('CloudTrail digests', () => {
  test('the signed bytes are four lines without a final line feed', () => {
    const lines = digestSignedBytes(parseTrailDigest(bytes), bytes).toString().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toBe('2026-09-30T23:00:00Z');
    expect(lines[1]).toBe('trail/AWSLogs/111122223333/CloudTrail-Digest/x.json.gz');
    expect(lines[3]).toBe('null');
  });

  test('a signature holds for these bytes alone', () => {
    const digest = parseTrailDigest(bytes);
    const signature = sign('sha256', digestSignedBytes(digest, bytes), privateKey).toString('hex');
    for (const key of [pkcs1, spki])
      expect(verifyDigestSignature(digest, bytes, signature, trailPublicKey(key))).toBe(true);
    const other = Buffer.from(JSON.stringify({ ...document, awsAccountId: '999999999999' }));
    expect(verifyDigestSignature(parseTrailDigest(other), other, signature, trailPublicKey(pkcs1))).toBe(false);
    expect(verifyDigestSignature(digest, bytes, 'zz', trailPublicKey(pkcs1))).toBe(false);
    const weak = { ...digest, digestSignatureAlgorithm: 'MD5withRSA' };
    expect(verifyDigestSignature(weak, bytes, signature, trailPublicKey(pkcs1))).toBe(false);
  });

  test.each([
    ['{"logFiles":[]}'],
    ['[]'],
    ['{"a":1,"a":1}'],
    [JSON.stringify({ ...document, logFiles: [1] })],
    [JSON.stringify({ ...document, digestEndTime: 5 })],
  ])('refuses %s', (text) => {
    expect(() => parseTrailDigest(Buffer.from(text))).toThrow(TrailDigestError);
  });

  test('a key that is none is refused', () => {
    expect(() => trailPublicKey('AAAA')).toThrow('not an RSA public key');
  });
});
