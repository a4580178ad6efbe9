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

interface Held {
  readonly draft: boolean;
  /** Whether it answers another: what people wrote is never thrown away. */
  readonly answers: boolean;
}

/** What a folder holds. What cannot be read is taken for final, and not touched. */
const heldIn = async (dir: string): Promise<Held> => {
  try {
    const manifest = parseJson(await readBounded(join(dir, 'manifest.json'), MAX_MANIFEST));
    const answers = (await realFiles.facts(join(dir, 'responses'))) !== undefined;
    return { draft: stringOf(at(manifest, 'status')) === 'DRAFT', answers };
  } catch {
    return { draft: false, answers: false };
  }
};

const nameOf = (outDir: string, label: string, revision: number): string =>
  join(outDir, revision === 1 ? label : `${label}.r${revision}`);

const isThere = async (dir: string): Promise<boolean> => (await realFiles.facts(dir)) !== undefined;

/** The first name of the period that is free, or held by a draft that nothing answers and that answers nothing. */
export const chooseRevision = async (outDir: string, label: string): Promise<Revision> => {
  for (let revision = 1, before: string | null = null; ; revision++) {
    const dir = nameOf(outDir, label, revision);
    if (!(await isThere(dir))) return { dir, revision, before };
    const { draft, answers } = await heldIn(dir);
    const followed = await isThere(nameOf(outDir, label, revision + 1));
    if (draft && !answers && !followed) return { dir, revision, before };
    if (!draft) before = dir;
  }
};

/** The first name of the period that is free: what is there already is never touched, be it a draft. */
export const nextRevision = async (outDir: string, label: string): Promise<Revision> => {
  for (let revision = 1; ; revision++) {
    const dir = nameOf(outDir, label, revision);
    if (!(await isThere(dir))) return { dir, revision, before: null };
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
