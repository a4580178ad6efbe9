import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAtOnce } from '../../src/base/durable.js';
import { syncFiles } from '../../src/base/sync-files.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'cs-sync-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const some = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => {
    const path = join(dir, `${count}-${i}`);
    writeFileSync(path, 'x');
    return path;
  });

it.each([0, 3, 100])('%i files are synced, one by one or by their file system', async (count) => {
  await expect(syncFiles(some(count))).resolves.toBeUndefined();
});

it('where there is no such command each file is synced: one that is gone shows', async () => {
  const paths = some(70);
  await expect(syncFiles(paths, 'no-such-command')).resolves.toBeUndefined();
  rmSync(paths[40] ?? '');
  await expect(syncFiles(paths, 'no-such-command')).rejects.toThrow('ENOENT');
});

it('a file is made once, readable by its owner alone', () => {
  const path = join(dir, 'once');
  expect(createAtOnce(path, Buffer.from('a'))).toBe(true);
  expect(createAtOnce(path, Buffer.from('b'))).toBe(false);
});
