import { join } from 'node:path';
import { compactDecrypt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSealMessage } from '../../src/masking/sealed.js';
import { startHarness, stdioServer } from '../gateway/harness.js';

const auditor = async (algorithm: string, options: { crv?: string; modulusLength?: number } = {}) => {
  const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true, ...options });
  return { jwk: await exportJWK(publicKey), secret: await exportJWK(privateKey), privateKey };
};

describe('sealing', () => {
  test.each([
    ['RSA-OAEP-256', {}],
    ['ECDH-ES+A256KW', { crv: 'P-256' }],
    ['ECDH-ES+A256KW', { crv: 'X25519' }],
  ])('%s %o: only the auditor opens it', async (algorithm, options) => {
    const { jwk, privateKey } = await auditor(algorithm, options);
    const seal = await createSealMessage(JSON.stringify({ ...jwk, kid: 'auditor-1' }), 'auditor.jwk');
    const sealed = await seal(Buffer.from('password=hunter2'));
    expect(decodeProtectedHeader(sealed)).toMatchObject({ kid: 'auditor-1', enc: 'A256GCM', alg: algorithm });
    expect(Buffer.from((await compactDecrypt(sealed, privateKey)).plaintext).toString()).toBe('password=hunter2');
  });
  test.each<[string, () => Promise<string>, RegExp]>([
    ['a private key', async () => JSON.stringify((await auditor('ECDH-ES+A256KW')).secret), /holds a private key/],
    ['no JSON', () => Promise.resolve('-----BEGIN'), /no public JWK/],
    ['a shared secret', () => Promise.resolve('{"kty":"oct","k":"AAAA"}'), /no public JWK/],
    [
      'a key for signatures',
      async () => JSON.stringify((await auditor('Ed25519')).jwk),
      /no public JWK|nothing can be sealed/,
    ],
    ['half a key', () => Promise.resolve('{"kty":"RSA","e":"AQAB"}'), /no public JWK|nothing can be sealed/],
  ])('%s is refused', async (_, text, problem) => {
    await expect(createSealMessage(await text(), 'auditor.jwk')).rejects.toThrow(problem);
  });
});

test('the records of a call bear the request and the answer, which nobody else can read', async () => {
  const { jwk, privateKey } = await auditor('ECDH-ES+A256KW');
  const seal = await createSealMessage(JSON.stringify(jwk), 'auditor.jwk');
  const fixture = join(import.meta.dirname, '../gateway/fixture-server.mjs');
  const harness = await startHarness({ servers: [stdioServer('fixture', fixture)], deps: { seal } });
  const client = await harness.connect('fixture', 'jane');
  await client.callTool({ name: 'echo', arguments: { password: 'hunter2' } });
  await client.close();
  const entries = await harness.entries();
  await harness.close();
  const open = async (type: string): Promise<string> => {
    const payload = entries.findLast((entry) => entry.type === type && 'sealed' in entry.payloads)?.payloads['sealed'];
    const sealed: string = JSON.parse(payload !== undefined && 'data' in payload ? payload.data : '""');
    return Buffer.from((await compactDecrypt(sealed, privateKey)).plaintext).toString();
  };
  expect(JSON.parse(await open('call'))).toMatchObject({ params: { arguments: { password: 'hunter2' } } });
  expect(await open('result')).toContain('hunter2');
  expect(JSON.stringify(entries)).not.toContain('hunter2');
});

test('what cannot be sealed is not forwarded', async () => {
  const fixture = join(import.meta.dirname, '../gateway/fixture-server.mjs');
  const seal = (): Promise<string> => Promise.reject(new Error('no'));
  const harness = await startHarness({ servers: [stdioServer('fixture', fixture)], deps: { seal } });
  await expect(harness.connect('fixture', 'jane')).rejects.toThrow(/could not be sealed/);
  expect((await harness.entries()).map(({ type }) => type)).not.toContain('call');
  await harness.close();
});
