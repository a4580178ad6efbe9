/** Ways to tamper with a trail's bucket, and what must be said of each. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { sha256 } from '../../src/base/digest.js';
import type { S3Double } from '../aws/s3-double.js';
import { type DigestPlan, log, logName, makeDigest, otherKey, record, type SignedDigest } from './fixtures.js';

const HOURS = ['02', '03', '04', '05', '06', '07', '08'];

/** The log that the digest of an hour names. */
export const logOf = (hour: string): string => logName(`${String(Number(hour) - 1).padStart(2, '0')}30`);

const contentOf = (hour: string): Buffer => Buffer.from(JSON.stringify({ Records: [record(`event-${hour}`)] }));

const METADATA = { 'signature-algorithm': 'SHA256withRSA' };

/** A bucket whose trail can be rewritten in part; what is stored replaces what was there, without a version left. */
export class Bucket {
  readonly s3: S3Double;
  readonly digests = new Map<string, SignedDigest>();

  constructor(s3: S3Double) {
    this.s3 = s3;
    s3.objects.clear();
    let previous: SignedDigest | null = null;
    for (const hour of HOURS) {
      this.replace(logOf(hour), log(record(`event-${hour}`)));
      previous = this.digest(hour, previous);
    }
  }

  /** The object under a key as it was. */
  bytes(key: string): Buffer {
    const bytes = this.s3.objects.get(key)?.[0]?.bytes;
    if (bytes === undefined) throw new Error(`no object ${key}`);
    return bytes;
  }

  key(hour: string): string {
    return this.of(hour).key;
  }

  of(hour: string): SignedDigest {
    const digest = this.digests.get(hour);
    if (digest === undefined) throw new Error(`no digest ${hour}`);
    return digest;
  }

  replace(key: string, bytes: Buffer, metadata?: Readonly<Record<string, string>>): void {
    const kept = metadata ?? this.s3.objects.get(key)?.[0]?.metadata;
    this.s3.objects.delete(key);
    this.s3.put(key, bytes, kept);
  }

  drop(...keys: readonly string[]): void {
    for (const key of keys) this.s3.objects.delete(key);
  }

  /** Writes the digest of an hour, signed, after `previous`. */
  digest(hour: string, previous: SignedDigest | null, plan: DigestPlan = {}, content = contentOf(hour)): SignedDigest {
    const digest = makeDigest(hour, [[logOf(hour), content]], previous, plan);
    this.digests.set(hour, digest);
    this.replace(digest.key, digest.bytes, { ...METADATA, signature: digest.signature });
    return digest;
  }

  /** Writes an hour's digest otherwise, and those after it so that they follow. */
  rewriteFrom(hour: string, previous: SignedDigest | null, plan: DigestPlan = {}): void {
    let last: SignedDigest | null = previous;
    for (const at of HOURS.slice(HOURS.indexOf(hour))) last = this.digest(at, last, at === hour ? plan : {});
  }
}

export interface Tampering {
  readonly what: string;
  readonly code: string;
  readonly exit: 11 | 12;
  readonly change: (bucket: Bucket) => void;
}

const row = (what: string, code: string, exit: Tampering['exit'], change: (bucket: Bucket) => void): Tampering => ({
  what,
  code,
  exit,
  change,
});

const damaged = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
};

const forged = log(record('forged'));
const edited = (bytes: Buffer): Buffer => gzipSync(gunzipSync(bytes).toString().replace('05:00:00Z', '05:00:01Z'));

const LOGS: readonly Tampering[] = [
  row('a log edited', 'LOG_ALTERED', 12, (b) => b.replace(logOf('05'), forged)),
  row('a log emptied', 'LOG_ALTERED', 12, (b) => b.replace(logOf('05'), log())),
  row('a log unpacked under its name', 'LOG_ALTERED', 12, (b) => b.replace(logOf('05'), contentOf('05'))),
  row('a log deleted', 'LOG_MISSING', 11, (b) => b.drop(logOf('05'))),
  row('two logs swapped', 'LOG_ALTERED', 12, (b) => {
    const [left, right] = [b.bytes(logOf('05')), b.bytes(logOf('06'))];
    b.replace(logOf('05'), right);
    b.replace(logOf('06'), left);
  }),
  row('a second gzip member with forged events', 'LOG_ALTERED', 12, (b) =>
    b.replace(logOf('05'), Buffer.concat([b.bytes(logOf('05')), forged])),
  ),
  row('bytes after the gzip member of a log', 'LOG_ALTERED', 12, (b) =>
    b.replace(logOf('05'), Buffer.concat([b.bytes(logOf('05')), Buffer.from('garbage')])),
  ),
  row('the gzip trailer of a log cut off', 'LOG_ALTERED', 12, (b) =>
    b.replace(logOf('05'), b.bytes(logOf('05')).subarray(0, -8)),
  ),
  row('the gzip length of a log corrupted', 'LOG_ALTERED', 12, (b) => {
    const bytes = b.bytes(logOf('05'));
    b.replace(logOf('05'), damaged(bytes, bytes.length - 2));
  }),
  row('the gzip checksum of a log corrupted', 'LOG_ALTERED', 12, (b) => {
    const bytes = b.bytes(logOf('05'));
    b.replace(logOf('05'), damaged(bytes, bytes.length - 6));
  }),
  row('a log planted that no digest names', 'LOG_IN_NO_DIGEST', 12, (b) =>
    b.replace(logName('0435', 'planted'.padEnd(16, 'x')), forged),
  ),
  row('a log overwritten, both versions kept', 'LOG_ALTERED', 12, (b) => b.s3.put(logOf('05'), forged)),
  row('a log written twice with the same content', 'OBJECT_REPLACED', 11, (b) =>
    b.s3.put(logOf('05'), gzipSync(contentOf('05'), { level: 1 })),
  ),
  row('a log deleted, its version kept', 'OBJECT_DELETED', 11, (b) => b.s3.remove(logOf('05'))),
  row('a log whose digest names another algorithm', 'LOG_ALTERED', 12, (b) =>
    b.rewriteFrom('05', b.of('04'), {
      over: {
        logFiles: [
          {
            s3Bucket: 'trail',
            s3Object: logOf('05'),
            hashValue: sha256(contentOf('05')),
            hashAlgorithm: 'MD5',
            newestEventTime: '2026-11-20T04:00:00Z',
            oldestEventTime: '2026-11-20T04:00:00Z',
          },
        ],
      },
    }),
  ),
];

const DIGESTS: readonly Tampering[] = [
  row('a digest edited', 'DIGEST_INVALID', 12, (b) => b.replace(b.key('05'), edited(b.bytes(b.key('05'))))),
  row('a digest that is no gzip', 'DIGEST_INVALID', 12, (b) => b.replace(b.key('05'), Buffer.from('\x1f\x8b'))),
  row('a second gzip member on a digest', 'DIGEST_INVALID', 12, (b) =>
    b.replace(b.key('05'), Buffer.concat([b.bytes(b.key('05')), gzipSync('{}')])),
  ),
  row('bytes after the gzip member of a digest', 'DIGEST_INVALID', 12, (b) =>
    b.replace(b.key('05'), Buffer.concat([b.bytes(b.key('05')), Buffer.from('x')])),
  ),
  row('the gzip trailer of a digest cut off', 'DIGEST_INVALID', 12, (b) =>
    b.replace(b.key('05'), b.bytes(b.key('05')).subarray(0, -4)),
  ),
  row('a digest moved to another key', 'DIGEST_INVALID', 12, (b) => {
    b.replace(b.key('05').replace('T050000Z', 'T053000Z'), b.bytes(b.key('05')), { signature: b.of('05').signature });
    b.drop(b.key('05'));
  }),
  row('a digest signed by another key', 'DIGEST_INVALID', 12, (b) =>
    b.rewriteFrom('05', b.of('04'), { key: otherKey() }),
  ),
  row('a signature over MD5', 'DIGEST_INVALID', 12, (b) => b.rewriteFrom('05', b.of('04'), { hash: 'md5' })),
  row('another signature algorithm', 'DIGEST_INVALID', 12, (b) =>
    b.rewriteFrom('05', b.of('04'), { over: { digestSignatureAlgorithm: 'SHA1withRSA' } }),
  ),
  row('the signature of a digest replaced', 'DIGEST_INVALID', 12, (b) =>
    b.replace(b.key('05'), b.bytes(b.key('05')), { signature: 'ab'.repeat(256) }),
  ),
  row('the signature of the newest digest removed', 'DIGEST_UNSIGNED', 11, (b) =>
    b.replace(b.key('08'), b.bytes(b.key('08')), {}),
  ),
  row('a digest under a key that AWS does not name', 'DIGEST_NO_KEY', 11, (b) =>
    b.rewriteFrom('08', b.of('07'), { key: otherKey(), over: { digestPublicKeyFingerprint: 'f'.repeat(32) } }),
  ),
  row('a wrong previousDigestHashValue, signed', 'DIGEST_INVALID', 12, (b) =>
    b.rewriteFrom('05', b.of('04'), { over: { previousDigestHashValue: 'a'.repeat(64) } }),
  ),
  row('a wrong previousDigestSignature, signed', 'DIGEST_INVALID', 12, (b) =>
    b.rewriteFrom('05', b.of('04'), { over: { previousDigestSignature: 'ab'.repeat(256) } }),
  ),
  row('a digest exchanged for another, signed', 'DIGEST_INVALID', 12, (b) =>
    b.digest('05', b.of('04'), { over: { logFiles: [] } }),
  ),
  row('a digest overwritten, both versions kept', 'DIGEST_FORK', 12, (b) =>
    b.s3.put(b.key('05'), edited(b.bytes(b.key('05'))), { signature: b.of('05').signature }),
  ),
  row('a digest deleted, its version kept', 'OBJECT_DELETED', 11, (b) => b.s3.remove(b.key('05'))),
];

const CHAINS: readonly Tampering[] = [
  row('a digest deleted', 'DIGEST_MISSING', 11, (b) => b.drop(b.key('05'))),
  row('two digests in a row deleted', 'DIGEST_GAP', 11, (b) => b.drop(b.key('05'), b.key('06'))),
  row('five digests in a row deleted', 'DIGEST_GAP', 11, (b) =>
    b.drop(...['03', '04', '05', '06', '07'].map((hour) => b.key(hour))),
  ),
  row('the newest digest deleted', 'CHAIN_ENDS_EARLY', 11, (b) => b.drop(b.key('08'))),
  row('the newest three digests and their logs deleted', 'CHAIN_ENDS_EARLY', 11, (b) =>
    ['06', '07', '08'].forEach((hour) => b.drop(b.key(hour), logOf(hour))),
  ),
  row('the oldest digests deleted', 'CHAIN_CUT', 11, (b) => b.drop(b.key('02'), b.key('03'))),
  row('all digests deleted', 'CHAIN_ABSENT', 11, (b) => b.drop(...HOURS.map((hour) => b.key(hour)))),
  row('all digests and logs deleted, but one log', 'CHAIN_ABSENT', 11, (b) =>
    HOURS.forEach((hour) => b.drop(b.key(hour), ...(hour === '02' ? [] : [logOf(hour)]))),
  ),
  row('logging off for two hours', 'DIGEST_RESTARTED', 11, (b) => {
    b.drop(b.key('05'), b.key('06'), logOf('05'), logOf('06'));
    b.rewriteFrom('07', null);
  }),
];

export const TAMPERINGS: readonly Tampering[] = [...LOGS, ...DIGESTS, ...CHAINS];
