import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DerError, encodeDer, encodeOid, oidOf, readDer, TAG } from '../../src/base/der.js';
import { readTimestamp, timestampRequest, tokenOfResponse, verifyTimestamp } from '../../src/base/timestamp.js';
import { startTsa, type Tsa } from '../ledger/anchors/tsa.js';

const hash = createHash('sha256').update('what was there').digest();
const nonce = Buffer.from('1122334455667788', 'hex');

describe.each(['ec', 'rsa'] as const)('a time stamp of openssl with an %s key', (kind) => {
  let tsa: Tsa;
  let token: Buffer;
  beforeAll(async () => {
    tsa = await startTsa(kind);
    token = tokenOfResponse(tsa.reply(timestampRequest(hash, nonce)));
  });
  afterAll(() => tsa.close());

  const trusting = (...der: Buffer[]): X509Certificate[] => der.map((one) => new X509Certificate(one));

  it('is asked for in bytes that openssl writes too', () => {
    const file = join(tsa.dir, 'own.tsq');
    execFileSync(
      'openssl',
      ['ts', '-query', '-digest', hash.toString('hex'), '-sha256', '-cert', '-no_nonce', '-out', file],
      { stdio: 'ignore' },
    );
    const request = timestampRequest(hash, nonce);
    const theirs = readFileSync(file);
    const [ours, other] = [request, theirs].map((der) => readDer(der, TAG.sequence).content);
    expect(ours?.subarray(0, 3 + 51)).toEqual(other?.subarray(0, 3 + 51));
    expect(request.indexOf(encodeDer(TAG.integer, nonce))).toBeGreaterThan(0);
  });

  it('verifies under its own certificate and under the one that issued it', () => {
    for (const trusted of [tsa.certificate, tsa.ca]) {
      const info = verifyTimestamp(token, trusting(trusted));
      expect(info.imprint).toEqual(hash);
      expect(info.nonce).toEqual(nonce);
      expect(Math.abs(info.time - Date.now())).toBeLessThan(60_000);
    }
  });

  it('is what openssl verifies as well', () => {
    const [file, data] = [join(tsa.dir, 'token.der'), join(tsa.dir, 'data')];
    writeFileSync(file, token);
    writeFileSync(data, 'what was there');
    const said = execFileSync(
      'openssl',
      ['ts', '-verify', '-data', data, '-in', file, '-token_in', '-CAfile', join(tsa.dir, 'ca.pem')],
      { stdio: 'pipe' },
    );
    expect(said.toString()).toContain('OK');
  });

  it('counts for nobody who trusts somebody else, and for nobody who trusts nobody', async () => {
    const other = await startTsa(kind);
    expect(() => verifyTimestamp(token, trusting(other.ca, other.certificate))).toThrow('nobody trusted vouches');
    expect(() => verifyTimestamp(token, [])).toThrow('nobody trusted vouches');
    await other.close();
  });

  it('is read without trust, which establishes nothing', () => {
    expect(readTimestamp(token).imprint).toEqual(hash);
  });

  it('does not survive a change of any byte that is signed', () => {
    const trusted = trusting(tsa.ca);
    const at = fc.nat(token.length - 1);
    fc.assert(
      fc.property(at, fc.integer({ min: 1, max: 255 }), (index, flip) => {
        const changed = Buffer.from(token);
        changed[index] = (changed[index] ?? 0) ^ flip;
        let info: ReturnType<typeof verifyTimestamp> | undefined;
        try {
          info = verifyTimestamp(changed, trusted);
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
          return;
        }
        // Some bytes are not signed, such as the version of the outer structure: what is said stays the same.
        expect(info).toEqual(verifyTimestamp(token, trusted));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a time stamp that must not count', () => {
  let tsa: Tsa;
  beforeAll(async () => {
    tsa = await startTsa();
  });
  afterAll(() => tsa.close());

  it('was refused by its authority', () => {
    const refused = encodeDer(TAG.sequence, encodeDer(TAG.sequence, encodeDer(TAG.integer, Uint8Array.of(2))));
    expect(() => tokenOfResponse(refused)).toThrow('refused with status 2');
  });

  /** The content of a real token, signed anew by openssl's CMS. */
  const signedBy = (signer: 'tsa' | 'other', ...more: string[]): Buffer => {
    const run = (...args: string[]): void =>
      void execFileSync('openssl', ['cms', ...args], { cwd: tsa.dir, stdio: 'pipe' });
    writeFileSync(join(tsa.dir, 'good.der'), tokenOfResponse(tsa.reply(timestampRequest(hash, nonce))));
    run('-verify', '-noverify', '-inform', 'DER', '-in', 'good.der', '-out', 'info.der');
    const key = ['-signer', `${signer}.pem`, '-inkey', `${signer}.key`];
    const form = ['-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4', '-outform', 'DER'];
    run('-sign', '-in', 'info.der', ...key, ...form, ...more, '-out', 'again.der');
    return readFileSync(join(tsa.dir, 'again.der'));
  };
  const check = (token: Buffer) => verifyTimestamp(token, [new X509Certificate(tsa.ca)]);

  it('is signed by a certificate for other purposes', () => {
    expect(check(signedBy('tsa', '-cades')).imprint).toEqual(hash);
    expect(() => check(signedBy('other', '-cades'))).toThrow('not for time stamping alone');
  });

  it('does not name the certificate of its signer', () => {
    expect(() => check(signedBy('tsa'))).toThrow('names another certificate');
  });

  it('does not hold the certificate of its signer', () => {
    expect(() => check(signedBy('tsa', '-cades', '-nocerts'))).toThrow('does not hold the certificate');
  });

  it('uses SHA-1', () => {
    expect(() => check(signedBy('tsa', '-cades', '-md', 'sha1'))).toThrow('a hash other than');
  });
});

describe('DER', () => {
  it('takes only the shortest form of lengths, and nothing behind the end', () => {
    for (const hex of ['0281', '028101', '0282000105', '02018005', '3080', '02', '', '1f0105', '0205']) {
      expect(() => readDer(Buffer.from(hex, 'hex'))).toThrow(DerError);
    }
    expect(readDer(Buffer.from('020105', 'hex')).content).toEqual(Buffer.of(5));
  });

  it('reads the object identifiers it writes', () => {
    const arcs = fc.array(fc.nat(2 ** 31), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(2), fc.nat(39), arcs, (root, second, rest) => {
        const dotted = [root, second, ...rest].join('.');
        expect(oidOf(readDer(encodeOid(dotted)))).toBe(dotted);
      }),
    );
  });

  it('never fails but with a DerError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => readTimestamp(Buffer.from(bytes))).toThrow(DerError);
      }),
      { numRuns: 1_000 },
    );
  });
});
