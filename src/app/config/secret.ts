/** Reads a secret from where the configuration says it is. The only place that touches their clear form. */
import { open } from 'node:fs/promises';
import { CountersignError, reason } from '../../base/errors.js';
import type { SecretSource } from '../../model/settings.js';

const MAX_BYTES = 65_536;

const openKeyFile = async (file: string) => {
  try {
    return await open(file, 'r');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : reason(error);
    throw new CountersignError('KEY_FILE', { file, problem: code === 'ENOENT' ? 'it does not exist' : code });
  }
};

const readKeyFile = async (file: string): Promise<string> => {
  const handle = await openKeyFile(file);
  const refuse = (problem: string) => new CountersignError('KEY_FILE', { file, problem });
  try {
    const { mode, uid, size, isRegular } = await handle.stat().then((stat) => ({
      mode: stat.mode,
      uid: stat.uid,
      size: stat.size,
      isRegular: stat.isFile(),
    }));
    const me = process.getuid?.();
    if (!isRegular) throw refuse('it is not a regular file');
    if (me !== undefined && (mode & 0o077) !== 0) throw refuse('others than its owner can read or change it');
    if (me !== undefined && uid !== me && uid !== 0) throw refuse('it belongs to another user');
    if (size > MAX_BYTES) throw refuse(`it is larger than ${MAX_BYTES} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
};

/**
 * The clear secret without a trailing line break.
 * @throws KEY_FILE where a file is absent, readable by others, foreign, too large or empty;
 *   SECRET_MISSING where the environment variable is unset or empty
 */
export const resolveSecret = async (source: SecretSource, env: NodeJS.ProcessEnv = process.env): Promise<string> => {
  if ('env' in source) {
    const value = env[source.env];
    if (!value) throw new CountersignError('SECRET_MISSING', { name: source.env });
    return value;
  }
  const text = (await readKeyFile(source.file)).replace(/\r?\n$/, '');
  if (text === '') throw new CountersignError('KEY_FILE', { file: source.file, problem: 'it is empty' });
  return text;
};
