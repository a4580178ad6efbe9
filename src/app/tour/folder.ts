/** The demo's folder: fresh, marked as the demo's own, with keys of its own. */
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CountersignError } from '../../base/errors.js';
import type { PlanFile } from '../../demo/plan-model.js';
import { createDigestKey, createSigningKey } from '../../ledger/keys.js';

/** Marks a folder that the demo made, and may therefore empty. */
const MARKER = '.countersign-demo';

export interface DemoFolder {
  readonly dir: string;
  readonly config: string;
  readonly trust: string;
  /** What the sample file server serves; emptied at the end. */
  readonly files: string;
  /** Stands for the trail's bucket. */
  readonly trail: string;
  /** Where the copy with one changed byte goes. */
  readonly tampered: string;
}

const entriesOf = async (dir: string): Promise<readonly string[]> => {
  try {
    return await readdir(dir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

/**
 * Makes the folder, or empties one of an earlier demo.
 * @throws CountersignError USAGE where the folder holds anything else
 */
export const prepareFolder = async (path: string): Promise<DemoFolder> => {
  const dir = resolve(path);
  const entries = await entriesOf(dir);
  if (entries.length > 0 && !entries.includes(MARKER)) {
    throw new CountersignError('USAGE', { problem: `${dir} holds other files; name an empty folder with --dir` });
  }
  for (const entry of entries) if (entry !== MARKER) await rm(join(dir, entry), { recursive: true, force: true });
  await mkdir(join(dir, 'data', 'keys'), { recursive: true, mode: 0o700 });
  await writeFile(join(dir, MARKER), 'Made by `countersign demo`, which empties this folder when it runs again.\n');
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createSigningKey(join(dir, 'data/keys/report.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  const at = (name: string): string => join(dir, name);
  return {
    dir,
    config: at('countersign.yaml'),
    trust: at('trust.json'),
    files: at('files'),
    trail: at('sample-aws'),
    tampered: at('tampered'),
  };
};

/** Puts the sample files where the file server finds them. */
export const writeFiles = async (folder: string, files: readonly PlanFile[]): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { path, content } of files) {
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode: 0o600 });
  }
};

/** The files with the planted secrets are thrown away; the folder stays, so that the configuration still starts. */
export const emptyFiles = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
};
