import { mkdtemp, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fillFrom, makeFolder, readBounded, realFiles, writeAtomic } from '../../src/base/durable.js';
import { readLines } from '../../src/base/lines.js';
import { createBufferedFiles } from '../faults/buffered-files.js';
import { SimulatedDisk } from '../faults/simulated-disk.js';

const temporary = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-durable-'));

describe('writeAtomic', () => {
  test('replaces a file whole, readable by its owner alone, and leaves nothing beside it', async () => {
    const dir = await temporary();
    const path = join(dir, 'file');
    await writeAtomic(path, Buffer.from('one'));
    await writeAtomic(path, Buffer.from('two'));
    expect(await readFile(path, 'utf8')).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['file']);
  });

  test('a power cut at any operation leaves the old bytes or the new ones', async () => {
    for (let cut = 1; ; cut++) {
      const disk = new SimulatedDisk();
      disk.put('/data/file', Buffer.from('old'));
      let operations = 0;
      disk.fault = () => {
        if (++operations >= cut) throw new Error('the power is gone');
      };
      const done = await writeAtomic('/data/file', Buffer.from('new'), disk).then(
        () => true,
        () => false,
      );
      const after = disk.powerCut().bytes('/data/file').toString();
      expect(done ? ['new'] : ['old', 'new']).toContain(after);
      if (done) break;
    }
  });

  test('a failure removes the temporary file and keeps the old one', async () => {
    const disk = new SimulatedDisk();
    disk.put('/data/file', Buffer.from('old'));
    disk.fault = (operation) => {
      if (operation === 'sync') throw new Error('EIO');
    };
    await expect(writeAtomic('/data/file', Buffer.from('new'), disk)).rejects.toThrow('EIO');
    expect(disk.paths()).toEqual(['/data/file']);
  });
});

test('folders are made for their owner alone, and again without complaint', async () => {
  const path = join(await temporary(), 'a', 'b');
  await makeFolder(path);
  await makeFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

test('links are not followed', async () => {
  const dir = await temporary();
  await writeFile(join(dir, 'file'), 'x');
  await symlink(join(dir, 'file'), join(dir, 'link'));
  expect((await realFiles.facts(join(dir, 'link')))?.kind).toBe('link');
  await expect(realFiles.open(join(dir, 'link'))).rejects.toThrow(/ELOOP/);
  expect(await realFiles.facts(join(dir, 'file', 'below'))).toBeUndefined();
});

test('readBounded refuses what is longer', async () => {
  const path = join(await temporary(), 'file');
  await writeFile(path, Buffer.alloc(1000));
  expect((await readBounded(path, 1000)).length).toBe(1000);
  await expect(readBounded(path, 999)).rejects.toThrow(RangeError);
});

test('the stand-in for a page cache that dies with the process shows at sync alone what was written', async () => {
  const path = join(await temporary(), 'file');
  const file = await createBufferedFiles(realFiles).append(path);
  await file.write(Buffer.from('one'));
  expect(await readFile(path, 'utf8')).toBe('');
  await file.sync();
  await file.write(Buffer.from('two'));
  await file.close();
  expect(await readFile(path, 'utf8')).toBe('one');
});

describe('readLines', () => {
  const all = async (
    content: string | Buffer,
    limit: number,
    from = 0,
  ): Promise<readonly (readonly [number, number, string])[]> => {
    const path = join(await temporary(), 'file');
    await writeFile(path, content);
    const lines = [];
    for await (const group of readLines(path, limit, from)) {
      for (const { bytes, offset, end } of group) lines.push([offset, bytes.length, end] as const);
    }
    return lines;
  };

  test('offsets and ends', async () => {
    expect(await all('ab\n\ncd', 10)).toEqual([
      [0, 2, 'feed'],
      [3, 0, 'feed'],
      [4, 2, 'file'],
    ]);
    expect(await all('', 10)).toEqual([]);
    expect(await all('ab\ncd\n', 10, 3)).toEqual([[3, 2, 'feed']]);
  });

  test('a line over the limit is cut and ends the reading', async () => {
    expect(await all('ab\nabcdef\nx\n', 5)).toEqual([
      [0, 2, 'feed'],
      [3, 5, 'limit'],
    ]);
    expect(await all('abcdef', 5)).toEqual([[0, 5, 'limit']]);
  });

  test('lines that span chunks', async () => {
    const long = 'x'.repeat(300_000);
    expect(await all(`${long}\n${long}\ny`, 400_000)).toEqual([
      [0, 300_000, 'feed'],
      [300_001, 300_000, 'feed'],
      [600_002, 1, 'file'],
    ]);
  });
});

test('a buffer is filled from a place in a file, or not at all', async () => {
  const dir = await temporary();
  const path = join(dir, 'file');
  await writeFile(path, '0123456789');
  await symlink(path, join(dir, 'link'));
  const buffer = Buffer.alloc(4);
  expect(fillFrom(path, buffer, 3)).toBe(true);
  expect(buffer.toString()).toBe('3456');
  expect(fillFrom(path, buffer, 7)).toBe(false);
  expect(() => fillFrom(join(dir, 'link'), buffer, 0)).toThrow(/ELOOP/);
  expect(() => fillFrom(join(dir, 'none'), buffer, 0)).toThrow(/ENOENT/);
});
