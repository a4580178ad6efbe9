/** Reading files that may have been tampered with: links are never followed, memory is bounded. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { realFiles } from '../base/durable.js';

const CHUNK = 1024 * 1024;

export interface FileDigest {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
}

/**
 * SHA-256 of a file, streamed.
 * @param prefix hashed before the content
 * @param onChunk given each chunk, which is overwritten by the next
 */
export const digestFile = async (
  path: string,
  prefix: Uint8Array = new Uint8Array(0),
  onChunk: (chunk: Uint8Array) => void = () => {},
): Promise<FileDigest> => {
  const file = await realFiles.open(path);
  try {
    const hash = createHash('sha256').update(prefix);
    const chunk = Buffer.allocUnsafe(CHUNK);
    for (let bytes = 0; ; ) {
      const count = await file.read(chunk, bytes);
      if (count === 0) return { bytes, sha256: hash.digest('hex') };
      const part = chunk.subarray(0, count);
      hash.update(part);
      bytes += count;
      onChunk(part);
    }
  } finally {
    await file.close();
  }
};

export interface FoundFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  /** `empty`: a folder in which there is nothing. */
  readonly kind: 'file' | 'link' | 'other' | 'empty';
  readonly bytes: number;
}

const MAX_DEPTH = 32;

/** Everything below a folder but the folders themselves, by name; of these, those in which there is nothing. */
export async function* walkFiles(folder: string, below = '', depth = 0): AsyncGenerator<FoundFile> {
  const names = [...(await realFiles.list(join(folder, below)))].sort();
  if (names.length === 0 && below !== '') yield { path: below, kind: 'empty', bytes: 0 };
  for (const name of names) {
    const path = below === '' ? name : `${below}/${name}`;
    const facts = await realFiles.facts(join(folder, path));
    if (!facts) continue;
    if (facts.kind !== 'folder') yield { path, kind: facts.kind, bytes: facts.size };
    else if (depth < MAX_DEPTH) yield* walkFiles(folder, path, depth + 1);
    else yield { path, kind: 'other', bytes: 0 };
  }
}
