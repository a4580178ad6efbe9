/** Lists a folder of delivered files, in the order of their keys. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { realFiles } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';

export interface Listed {
  /** Path below the folder, with `/`. */
  readonly key: string;
  readonly path: string;
  readonly bytes: number;
  /** Why it is not read; null for a plain file. */
  readonly refused: string | null;
}

const MAX_DEPTH = 32;
const MAX_FILES = 1_000_000;

const listFolder = async (from: string, prefix: string, depth: number, found: Listed[]): Promise<void> => {
  if (depth > MAX_DEPTH) throw new CountersignError('COLLECT_FOLDER', { dir: from, problem: 'folders lie too deep' });
  const names = (await readdir(from)).sort((a, b) => (a < b ? -1 : 1));
  for (const name of names) {
    const path = join(from, name);
    const key = prefix === '' ? name : `${prefix}/${name}`;
    const facts = await realFiles.facts(path);
    if (facts?.kind === 'folder') await listFolder(path, key, depth + 1, found);
    else if (facts?.kind === 'file') found.push({ key, path, bytes: facts.size, refused: null });
    else found.push({ key, path, bytes: 0, refused: facts?.kind === 'link' ? 'a symbolic link' : 'not a plain file' });
    if (found.length > MAX_FILES) {
      throw new CountersignError('COLLECT_FOLDER', { dir: from, problem: `more than ${MAX_FILES} files` });
    }
  }
};

/**
 * All files below a folder. Symbolic links are listed and refused, never followed.
 * @throws CountersignError COLLECT_FOLDER
 */
export const listFiles = async (from: string): Promise<readonly Listed[]> => {
  const found: Listed[] = [];
  try {
    await listFolder(from, '', 0, found);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('COLLECT_FOLDER', { dir: from, problem: reason(error) }, { cause: error });
  }
  return found.sort((a, b) => (a.key < b.key ? -1 : 1));
};
