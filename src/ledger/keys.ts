/** Keys that lie in files: the signing key as PKCS#8 PEM, the digest key as hex; both readable by their owner alone. */
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { type FilePort, isSystemError, makeFolder, readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';

const refuse = (file: string, problem: string): CountersignError => new CountersignError('KEY_FILE', { file, problem });

const writeSecret = async (file: string, text: string, files: FilePort): Promise<void> => {
  try {
    await makeFolder(dirname(file), files);
    const handle = await files.create(file, 0o600);
    try {
      await handle.write(Buffer.from(text));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await files.syncFolder(dirname(file));
  } catch (error) {
    throw refuse(file, isSystemError(error, 'EEXIST') ? 'it exists, and a key is never overwritten' : reason(error));
  }
};

/**
 * The text of a file that holds a secret.
 * @throws CountersignError KEY_FILE where it is missing, no plain file, too long, or open to group or others
 */
export const readSecretFile = async (file: string, files: FilePort = realFiles): Promise<string> => {
  const facts = await files.facts(file);
  if (!facts) throw refuse(file, 'there is no such file');
  if (facts.kind !== 'file') throw refuse(file, 'it is not a plain file');
  if (process.platform !== 'win32' && facts.mode & 0o077) throw refuse(file, 'others than its owner may read it');
  try {
    return (await readBounded(file, 16_384, files)).toString('utf8');
  } catch (error) {
    throw refuse(file, reason(error));
  }
};

/**
 * An Ed25519 private key from PKCS#8 PEM.
 * @param file where it came from, for the message
 * @throws CountersignError KEY_FILE
 */
export const parseSigningKey = (pem: string, file: string): KeyObject => {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, format: 'pem', type: 'pkcs8' });
  } catch {
    throw refuse(file, 'it does not hold a private key as PKCS#8 PEM without a pass phrase');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw refuse(file, 'it does not hold an Ed25519 key');
  return key;
};

/**
 * A digest key of 32 bytes from 64 hex digits.
 * @throws CountersignError KEY_FILE
 */
export const parseDigestKey = (text: string, file: string): Buffer => {
  const hex = text.trim();
  if (!/^[0-9a-f]{64}$/i.test(hex)) throw refuse(file, 'it does not hold 64 hex digits');
  return Buffer.from(hex, 'hex');
};

/** Makes a new Ed25519 key in a new file (0600). An existing file is never overwritten: KEY_FILE. */
export const createSigningKey = async (file: string, files: FilePort = realFiles): Promise<KeyObject> => {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writeSecret(file, privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(), files);
  return privateKey;
};

/** @throws CountersignError KEY_FILE */
export const loadSigningKey = async (file: string, files: FilePort = realFiles): Promise<KeyObject> =>
  parseSigningKey(await readSecretFile(file, files), file);

/** Makes a new digest key in a new file (0600). */
export const createDigestKey = async (file: string, files: FilePort = realFiles): Promise<Buffer> => {
  const key = randomBytes(32);
  await writeSecret(file, `${key.toString('hex')}\n`, files);
  return key;
};

/** @throws CountersignError KEY_FILE */
export const loadDigestKey = async (file: string, files: FilePort = realFiles): Promise<Buffer> =>
  parseDigestKey(await readSecretFile(file, files), file);
