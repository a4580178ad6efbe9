import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoseError, parseCoseKey } from '../../src/base/cose.js';
import { assertionFault } from '../../src/base/webauthn.js';
import { cborMap, createAuthenticator, type Kind, type Signing } from '../approval/authenticator.js';

const challenge = 'ab'.repeat(32);
const expected = { challenge, rp: 'localhost' };
const KINDS: readonly Kind[] = ['Ed25519', 'ES256', 'RS256'];

describe('the signature of a passkey', () => {
  it.each(KINDS)('%s over the challenge holds', (kind) => {
    expect(assertionFault(createAuthenticator(kind).sign({ challenge }), expected)).toBeNull();
  });

  const refused: readonly [string, Omit<Signing, 'challenge'> & { readonly challenge?: string }, string][] = [
    ['over another challenge', { challenge: 'cd'.repeat(32) }, 'something else'],
    ['of a registration', { type: 'webauthn.create' }, 'not a signature of a login'],
    ['made on another site', { origin: 'https://evil.example' }, 'on another site'],
    ['made on a site whose name only ends so', { origin: 'https://evillocalhost' }, 'on another site'],
    ['with an origin that is none', { origin: 'null' }, 'no origin'],
    ['for another site', { rp: 'evil.example' }, 'for another site'],
    ['without presence', { flags: 4 }, 'nobody was present'],
    ['without verification of the person', { flags: 1 }, 'not verified'],
  ];
  it.each(refused)('%s is refused', (_what, how, why) => {
    expect(assertionFault(createAuthenticator().sign({ challenge, ...how }), expected)).toContain(why);
  });

  it('is refused with another key, and after any change of a byte', () => {
    const assertion = createAuthenticator().sign({ challenge });
    const other = { ...assertion, public_key: createAuthenticator().publicKey };
    expect(assertionFault(other, expected)).toBe('its signature does not verify');
    const parts = ['authenticator_data', 'client_data', 'signature', 'public_key'] as const;
    fc.assert(
      fc.property(fc.constantFrom(...parts), fc.nat(), fc.integer({ min: 1, max: 255 }), (part, at, mask) => {
        const bytes = Buffer.from(assertion[part], 'base64url');
        bytes.writeUInt8(bytes.readUInt8(at % bytes.length) ^ mask, at % bytes.length);
        expect(assertionFault({ ...assertion, [part]: bytes.toString('base64url') }, expected)).not.toBeNull();
      }),
    );
  });

  it('never throws, whatever the parts are', () => {
    const text = fc.oneof(
      fc.string(),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64url')),
    );
    const record = fc.record({ authenticator_data: text, client_data: text, signature: text, public_key: text });
    fc.assert(
      fc.property(record, (assertion) => {
        expect(assertionFault(assertion, expected)).toEqual(expect.any(String));
      }),
    );
  });
});

describe('COSE keys', () => {
  const point = Buffer.alloc(32, 7);
  const bad: readonly [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['no map', Buffer.of(0x01)],
    [
      'a kind that is not supported',
      cborMap([
        [1, 2],
        [3, -35],
        [-1, 2],
        [-2, point],
        [-3, point],
      ]),
    ],
    [
      'a point that is not on the curve',
      cborMap([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, point],
        [-3, point],
      ]),
    ],
    [
      'a parameter missing',
      cborMap([
        [1, 1],
        [3, -8],
        [-1, 6],
      ]),
    ],
    [
      'a parameter twice',
      cborMap([
        [1, 1],
        [1, 1],
        [3, -8],
        [-1, 6],
        [-2, point],
      ]),
    ],
    ['bytes after the end', Buffer.concat([Buffer.from(createAuthenticator().publicKey, 'base64url'), Buffer.of(0)])],
    ['an end too early', Buffer.from(createAuthenticator().publicKey, 'base64url').subarray(0, 30)],
  ];
  it.each(bad)('%s is refused', (_what, bytes) => {
    expect(() => parseCoseKey(bytes)).toThrow(CoseError);
  });
});
