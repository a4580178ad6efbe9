/** Real CloudTrail files, where they lie beside the checkout: each loads, or is refused, with the count expected. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collectCloudTrailFolder } from '../../src/collect/cloudtrail/files.js';
import { inspectFile } from '../../src/collect/cloudtrail/inspect.js';
import { ROOT } from '../layers.js';

const DATA = join(ROOT, '../shared/data/cloudtrail');
const there = existsSync(DATA);
const scratch = (): string => mkdtempSync(join(tmpdir(), 'cs-real-'));

/** Read: files, records taken, records and files not taken. */
const FOLDERS: readonly (readonly [folder: string, files: number, out: number])[] = [
  ['invictus', 55, 2_900],
  ['stratus', 35, 310],
  ['traildiscover', 0, 0],
  ['lookup-events', 0, 0],
  ['otrf', 0, 0],
];

it.each(there ? FOLDERS : [])(
  '%s: %i files with %i events, the rest passed over by name',
  async (folder, read, out) => {
    const dataDir = scratch();
    const { files } = await collectCloudTrailFolder({ from: join(DATA, folder), dataDir });
    rmSync(dataDir, { recursive: true });
    const logs = files.filter(({ kind }) => kind === 'log');
    expect(logs).toHaveLength(read);
    const sum = (of: 'out' | 'rejected' | 'duplicate' | 'excluded'): number =>
      logs.reduce((n, file) => n + file[of], 0);
    expect([sum('out'), sum('rejected'), sum('duplicate'), sum('excluded')]).toEqual([out, 0, 0, 0]);
    const others = files.filter(({ kind }) => kind !== 'log');
    expect(others.map(({ reason }) => reason)).toEqual(others.map(() => 'not a .json or .json.gz file'));
    expect(files).toHaveLength(readdirSync(join(DATA, folder)).length);
  },
);

/** 315 events: 296 in lists; 19 files hold a bare event, which is no form in which CloudTrail delivers. */
const TRAILDISCOVER = { files: 336, out: 296, rejected: 0, refused: 19 };

it.each(there ? ['events.tar.gz'] : [])('%s: events in lists load, bare ones are refused', (archive) => {
  const dir = scratch();
  expect(spawnSync('tar', ['xzf', join(DATA, 'traildiscover', archive), '-C', dir]).status).toBe(0);
  const found = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => inspectFile(`${entry.name}.json`, readFileSync(join(entry.parentPath, entry.name))));
  rmSync(dir, { recursive: true });
  expect(found).toHaveLength(TRAILDISCOVER.files);
  expect(found.reduce((n, { out }) => n + out, 0)).toBe(TRAILDISCOVER.out);
  expect(found.reduce((n, { rejected }) => n + rejected, 0)).toBe(TRAILDISCOVER.rejected);
  expect(found.filter(({ readable }) => !readable)).toHaveLength(TRAILDISCOVER.refused);
});

it(there ? 'the folder of real data is there' : 'the folder of real data is absent: nothing real was read', () => {
  expect(existsSync(DATA)).toBe(there);
});
