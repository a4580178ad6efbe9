/** What anyone can do to the files of a package. */
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporary } from './sample.js';

export const put = async (dir: string, path: string, content: Buffer | string): Promise<void> => {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), content);
};

/** Flips the lowest bit of one byte. */
export const flip = async (path: string, at: number): Promise<void> => {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
};

export const edit = async (path: string, from: string | RegExp, to: string): Promise<void> => {
  const text = await readFile(path, 'utf8');
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`nothing in ${path} to change`);
  await writeFile(path, changed);
};

/** A link in place of a file, to the same bytes elsewhere. */
export const link = async (dir: string, name: string): Promise<void> => {
  const outside = join(await temporary(), 'file');
  await cp(join(dir, name), outside);
  await rm(join(dir, name));
  await symlink(outside, join(dir, name));
};
