import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { gettingStarted } from '../e2e/getting-started.js';
import { ROOT } from '../layers.js';
import { type Installed, installPacked } from './installed.js';

let dir: string;
let installed: Installed;
let files: readonly string[];
let home: string;

/** The installed command, without anything of this shell but its search path. */
const run = (args: readonly string[]) => {
  const env = { PATH: process.env['PATH'], HOME: home };
  const command = join(dir, 'prefix/bin/countersign');
  const { status, stdout, stderr } = spawnSync(command, [...args], { cwd: home, env, encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** The quickest of several, milliseconds: what others do on the machine only makes it longer. */
const quickest = (start: () => unknown): number =>
  Math.min(
    ...Array.from({ length: 7 }, () => {
      const begun = performance.now();
      start();
      return performance.now() - begun;
    }),
  );

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-pack-'));
  home = join(dir, 'home');
  await mkdir(home);
  installed = await installPacked(dir, home);
  ({ files } = installed);
}, 900_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

describe('the packed package', () => {
  it('holds what it needs, and no tests, maps, sources or leftovers of a build', () => {
    const tops = new Set(files.map((name) => name.split('/')[0] ?? ''));
    expect([...tops].sort()).toEqual([
      'LICENSE',
      'README.md',
      'bin',
      'controls',
      'dist',
      'docs',
      'oclif.manifest.json',
      'package.json',
      'templates',
    ]);
    expect(files.filter((name) => /\.map$|\.tsbuildinfo$|\.(?:test|spec)\.|(?<!\.d)\.[cm]?ts$/.test(name))).toEqual([]);
    expect(files).toContain('templates/init/countersign.yaml');
    expect(files).toContain('docs/countersign.schema.json');
  });

  it('holds exactly the build of the sources', async () => {
    const sources = await readdir(join(dir, 'checkout/src'), { recursive: true });
    const expected = sources
      .filter((name) => /\.c?ts$/.test(name) && !name.endsWith('.d.ts'))
      .map((name) => `dist/${name.replace(/\.(c?)ts$/, '.$1js')}`);
    expect(files.filter((name) => /^dist\/.*\.c?js$/.test(name)).sort()).toEqual(expected.sort());
  });

  it('installs into an empty prefix and runs there', async () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
    const told = run(['--version']);
    expect(told).toMatchObject({ status: 0, stderr: '' });
    expect(told.stdout).toContain(`countersign/${version} `);
    const help = run(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const command of ['init', 'doctor', 'proxy', 'verify'])
      expect(help.stdout).toMatch(new RegExp(`^ +${command} `, 'm'));
  });

  it('writes a first configuration there, whose cases hold', () => {
    expect(run(['init', 'gw', '--yes'])).toMatchObject({ status: 0, stderr: '' });
    expect(run(['policy', 'test', '-c', 'gw/countersign.yaml'])).toMatchObject({ status: 0 });
  });

  it('starts without loading all commands', () => {
    const bare = quickest(() => execFileSync(process.execPath, ['--eval', '0']));
    expect(quickest(() => run(['--version'])) / bare).toBeLessThan(7);
    expect(quickest(() => run(['--help'])) / bare).toBeLessThan(7);
  });
});

describe('a newcomer', () => gettingStarted(() => installed));
