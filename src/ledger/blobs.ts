/** Payloads that are too large for a line: files of their own, durable before the record that names them. */
import { join } from 'node:path';
import type { FilePort } from '../base/durable.js';
import type { Encoded } from './encode.js';

/** Writes each blob under its commitment; all of it is durable when this resolves. */
export const writeBlobs = async (dir: string, blobs: Encoded['blobs'], files: FilePort): Promise<void> => {
  const folder = join(dir, 'blobs');
  for (const { commitment, bytes } of blobs) {
    const file = await files.create(join(folder, commitment));
    try {
      await file.write(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await files.syncFolder(folder);
};
