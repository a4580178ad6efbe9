/**
 * Clear requests and answers sealed to an auditor's public key (JWE, RFC 7516): for those who must keep the exact
 * command. The operator keeps them and cannot read them.
 */
import { CompactEncrypt, importJWK } from 'jose';
import { z } from 'zod';
import { CountersignError } from '../base/errors.js';
import type { SealMessage } from '../model/redaction.js';

const ALGORITHMS = { RSA: 'RSA-OAEP-256', EC: 'ECDH-ES+A256KW', OKP: 'ECDH-ES+A256KW' } as const;

const publicJwk = z
  .looseObject(
    { kty: z.enum(['RSA', 'EC', 'OKP'], { error: 'it is no public JWK' }) },
    { error: 'it is no public JWK' },
  )
  .refine((jwk) => !('d' in jwk), { error: 'it holds a private key; only the auditor may have that' });

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * @param text a public JWK (RFC 7517): RSA, or a curve for key agreement such as P-256 or X25519
 * @param file what it is called in an error
 * @throws CountersignError KEY_FILE
 */
export const createSealMessage = async (text: string, file: string): Promise<SealMessage> => {
  const refused = (problem: string): CountersignError => new CountersignError('KEY_FILE', { file, problem });
  const jwk = publicJwk.safeParse(parsed(text));
  if (!jwk.success) throw refused(jwk.error.issues[0]?.message ?? 'it is no public JWK');
  const { kid } = jwk.data;
  const alg = ALGORITHMS[jwk.data.kty];
  const header = { alg, enc: 'A256GCM', ...(typeof kid === 'string' ? { kid } : {}) };
  const key = await importJWK(jwk.data, alg).catch(() => undefined);
  if (key === undefined) throw refused('it is no public JWK');
  const seal: SealMessage = (clear) => new CompactEncrypt(clear).setProtectedHeader(header).encrypt(key);
  // A key that cannot encrypt is found out now, not at the first call.
  await seal(new Uint8Array(0)).catch(() => {
    throw refused('nothing can be sealed to it');
  });
  return seal;
};
