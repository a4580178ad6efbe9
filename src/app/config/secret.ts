/** Reads a secret from where the configuration says it is. */
import { CountersignError } from '../../base/errors.js';
import { readSecretFile } from '../../ledger/keys.js';
import type { SecretSource } from '../../model/credential-settings.js';
import { readStoredSecret } from './secrets-manager.js';

/** What a source is called in messages. */
export const sourceName = (source: SecretSource): string => {
  if ('file' in source) return source.file;
  return 'env' in source ? source.env : source.secretsManager;
};

/**
 * The clear secret without a trailing line break.
 * @throws KEY_FILE where a file is absent, readable by others, too large or empty;
 *   SECRET_MISSING where the environment variable is unset or empty; SECRET_STORE where AWS does not give it
 */
export const resolveSecret = async (source: SecretSource, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  if ('env' in source) {
    const value = env[source.env];
    if (!value) throw new CountersignError('SECRET_MISSING', { name: source.env });
    return value;
  }
  if ('secretsManager' in source) return readStoredSecret(source.secretsManager, env);
  const text = (await readSecretFile(source.file)).replace(/\r?\n$/, '');
  if (text === '') throw new CountersignError('KEY_FILE', { file: source.file, problem: 'it is empty' });
  return text;
};
