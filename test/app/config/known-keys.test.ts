import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { refuseKnownKey } from '../../../src/app/config.js';

/** PKCS#8 of an Ed25519 key (RFC 8410 §7) is this head and the 32 bytes of the seed. */
const HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');
const signingKey = (seed: Buffer) =>
  createPrivateKey({ key: Buffer.concat([HEAD, seed]), format: 'der', type: 'pkcs8' });

const RFC8032 = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
const COUNTING = Buffer.from(Array.from({ length: 32 }, (_, at) => at));
const file = '/etc/countersign.yaml';

describe('refuseKnownKey', () => {
  it.each([
    ['a key of RFC 8032', signingKey(RFC8032)],
    ['a signing key of zeros', signingKey(Buffer.alloc(32))],
    ['a signing key of one byte', signingKey(Buffer.alloc(32, 7))],
    ['a digest key that counts', COUNTING],
    ['a digest key of one byte', Buffer.alloc(32, 0xff)],
  ])('refuses %s in real use, and lets a demo have it', (_, key) => {
    expect(() => refuseKnownKey({ demo: false, file }, 'ledger.key', key)).toThrow(
      /ledger\.key holds a key from an example/,
    );
    expect(() => refuseKnownKey({ demo: true, file }, 'ledger.key', key)).not.toThrow();
  });

  it('lets a key pass that somebody made', () => {
    for (const key of [generateKeyPairSync('ed25519').privateKey, randomBytes(32)]) {
      expect(() => refuseKnownKey({ demo: false, file }, 'ledger.key', key)).not.toThrow();
    }
  });
});
