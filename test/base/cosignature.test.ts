import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkCosignature, createCosigner, parseCosigner } from '../../src/base/cosignature.js';
import { createNoteSigner, parseSignatureLine } from '../../src/base/note.js';

const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const witness = createCosigner('witness.example.com/w1', privateKey);
const at = Date.parse('2026-11-24T05:00:00.000Z');

describe('cosignature/v1', () => {
  it('has the key id that C2SP defines, of type 4', () => {
    const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
    const id = createHash('sha256').update('witness.example.com/w1\n\u0004').update(raw).digest('hex').slice(0, 8);
    const material = Buffer.concat([Buffer.of(4), raw]).toString('base64');
    expect(witness.key).toBe(`witness.example.com/w1+${id}+${material}`);
    expect(parseCosigner(witness.key).keyId).toBe(id);
  });

  it('says when, over the text of the checkpoint', () => {
    const line = parseSignatureLine(witness.line(text, at + 999));
    expect(line.signature.length).toBe(72);
    expect(checkCosignature(text, line, parseCosigner(witness.key))).toBe(at);
    const again = sign(null, Buffer.from(`cosignature/v1\ntime ${at / 1000}\n${text}`), privateKey);
    expect(line.signature.subarray(8)).toEqual(again);
  });

  it('is refused over another text, by another key, at another time, and as a plain signature', () => {
    const cosigner = parseCosigner(witness.key);
    const line = parseSignatureLine(witness.line(text, at));
    expect(checkCosignature(text.replace('20852163', '20852164'), line, cosigner)).toBeUndefined();
    const other = createCosigner('witness.example.com/w1', generateKeyPairSync('ed25519').privateKey);
    expect(checkCosignature(text, line, parseCosigner(other.key))).toBeUndefined();
    const later = { ...line, signature: Buffer.from(line.signature) };
    later.signature[7] = (later.signature[7] ?? 0) ^ 1;
    expect(checkCosignature(text, later, cosigner)).toBeUndefined();
    const far = { ...line, signature: Buffer.concat([Buffer.alloc(8, 0xff), line.signature.subarray(8)]) };
    expect(checkCosignature(text, far, cosigner)).toBeUndefined();
    const plain = parseSignatureLine(createNoteSigner('witness.example.com/w1', privateKey).line(text));
    expect(checkCosignature(text, { ...plain, keyId: cosigner.keyId }, cosigner)).toBeUndefined();
  });

  it('does not take a key of notes for one of a witness, or the reverse', () => {
    expect(() => parseCosigner(createNoteSigner('w', privateKey).key)).toThrow('not a verifier key');
  });
});
