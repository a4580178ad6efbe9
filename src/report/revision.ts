/** Names of packages: `2026-Q3`, then `2026-Q3.r2` and on. */
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import { at, parseJson, stringOf } from '../base/json.js';

const MAX_MANIFEST = 256 * 1024 * 1024;

export interface Revision {
  readonly dir: string;
  readonly revision: number;
  /** The report of the period before this one, which is final; null for the first. */
  readonly before: string | null;
}

/** Whether a folder holds a draft. What cannot be read is taken for final, and not touched. */
const isDraft = async (dir: string): Promise<boolean> => {
  try {
    const manifest = parseJson(await readBounded(join(dir, 'manifest.json'), MAX_MANIFEST));
    return stringOf(at(manifest, 'status')) === 'DRAFT';
  } catch {
    return false;
  }
};

/** The first name of the period that is free or held by a draft. */
export const chooseRevision = async (outDir: string, label: string): Promise<Revision> => {
  for (let revision = 1, before: string | null = null; ; revision++) {
    const dir = join(outDir, revision === 1 ? label : `${label}.r${revision}`);
    if ((await realFiles.facts(dir)) === undefined || (await isDraft(dir))) return { dir, revision, before };
    before = dir;
  }
};

/** Gives the finished folder its name; a draft that held it is set aside first and removed after. */
export const publish = async (staged: string, dir: string): Promise<void> => {
  const old = `${staged}.old`;
  const replaced = (await realFiles.facts(dir)) !== undefined;
  if (replaced) await rename(dir, old);
  await rename(staged, dir);
  await realFiles.syncFolder(dirname(dir));
  if (replaced) await rm(old, { recursive: true, force: true });
};
