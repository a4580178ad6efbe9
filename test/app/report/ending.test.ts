/** A report that does not come to its end: by a signal, by being killed, for want of room. Nothing of it looks finished. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadSettings } from '../../../src/app/config.js';
import { parsePeriod, report } from '../../../src/app/report.js';
import { CountersignError } from '../../../src/base/errors.js';
import { verifyPath } from '../../../src/verify/verify.js';
import { makeWorld, type World } from './world.js';

const PERIOD = '2026-11-24T05';
const BIN = join(import.meta.dirname, '../../../bin/run.js');

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.remove());
afterEach(() => rmSync(join(world.dir, 'evidence'), { recursive: true, force: true }));

const make = (more: Partial<Parameters<typeof report>[0]> = {}, settings = world.settings) =>
  report({ settings, period: parsePeriod(PERIOD), version: '0.1.0', clock: world.clock, environment: {}, ...more });

/** What lies in a folder, hidden entries too. */
const inside = (dir: string): readonly string[] => {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
};
const evidence = (): readonly string[] => inside(join(world.dir, 'evidence'));
/** Copies, stages and the like that were written aside. */
const aside = (dir = world.dir): readonly string[] => [
  ...inside(join(dir, 'data')).filter((name) => name.startsWith('.')),
  ...inside(join(dir, 'evidence')).filter((name) => name.startsWith('.')),
];

describe('a report that is asked to stop', () => {
  test.each(['records', 'tests', 'tables', 'pdf'])('at %s: it ends there, and leaves nothing', async (at) => {
    const stop = new AbortController();
    const reason = new CountersignError('INTERRUPTED', { signal: 'SIGINT' });
    const seen: string[] = [];
    const onProgress = (step: string): void => {
      seen.push(step);
      if (step === at) stop.abort(reason);
    };
    await expect(make({ signal: stop.signal, onProgress })).rejects.toBe(reason);
    expect(seen).toContain(at);
    expect([evidence(), aside()]).toEqual([[], []]);
  });

  test('once it is sealed, it is written: the ledger records that it was made', async () => {
    const stop = new AbortController();
    const onProgress = (step: string): void => {
      if (step === 'seal') stop.abort(new Error('too late'));
    };
    const made = await make({ signal: stop.signal, onProgress });
    expect(made.access).toEqual({ recorded: true, reason: null });
    expect((await verifyPath(made.dir)).exit).toBe(13);
  });

  /** The command in a process of its own; a signal once it has begun to write the package. */
  const signalled = (...signals: readonly NodeJS.Signals[]) =>
    new Promise<{ code: number | null; signal: string | null; stderr: string }>((resolve) => {
      const args = [BIN, 'report', '--period', PERIOD, '-c', join(world.dir, 'countersign.yaml')];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      const watch = setInterval(() => {
        if (!inside(join(world.dir, 'data')).some((name) => name.startsWith('.warehouse-'))) return;
        clearInterval(watch);
        for (const signal of signals) child.kill(signal);
      }, 5);
      child.on('exit', (code, signal) => {
        clearInterval(watch);
        resolve({ code, signal, stderr });
      });
    });

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s: it says so, ends with 1, and leaves nothing', async (signal) => {
    const ended = await signalled(signal);
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.stderr).toContain('stopping at the next step');
    expect(ended.stderr).toContain(`stopped by ${signal} before it was done: nothing was written`);
    expect([evidence(), aside()]).toEqual([[], []]);
    expect((await verifyPath((await make()).dir)).exit).toBe(13);
  });

  test('by being killed: what is left is hidden, and removed by the next one, which is whole', async () => {
    expect(await signalled('SIGKILL')).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(evidence().filter((name) => !name.startsWith('.'))).toEqual([]);
    expect(aside().length).toBeGreaterThan(0);
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.once('exit', resolve));
    mkdirSync(join(world.dir, `evidence/.${PERIOD}Z.${gone.pid}.AbCdEf/csv`), { recursive: true });
    expect((await verifyPath((await make()).dir)).exit).toBe(13);
    expect([evidence(), aside()]).toEqual([[`${PERIOD}Z`], []]);
  });
});

/** A small disk of its own; null where this machine may not mount one. */
const smallDisk = (bytes: number): string | null => {
  const dir = mkdtempSync(join(tmpdir(), 'cs-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir], { stdio: 'ignore' });
    return dir;
  } catch {
    rmSync(dir, { recursive: true });
    return null;
  }
};
const probe = smallDisk(65_536);
const release = (dir: string): void => {
  execFileSync('umount', [dir]);
  rmSync(dir, { recursive: true });
};
if (probe === null)
  console.warn('not tested: a full disk (no file system can be mounted here; root of a container may not)');
else release(probe);

describe.skipIf(probe === null)('a disk that is full half-way', () => {
  /** Settings with one of the folders on a disk of so many bytes. */
  const onSmallDisk = async (folder: 'outDir' | 'dataDir', bytes: number) => {
    const disk = smallDisk(bytes) ?? expect.fail('it was there before');
    const own = join(disk, 'own');
    const filter = (path: string): boolean => !path.endsWith('.duckdb');
    if (folder === 'dataDir') cpSync(world.settings.gateway.dataDir, own, { recursive: true, filter });
    const { gateway, evidence: packages } = world.settings;
    const settings =
      folder === 'dataDir'
        ? { ...world.settings, gateway: { ...gateway, dataDir: own } }
        : { ...world.settings, evidence: { ...packages, outDir: own } };
    return { disk, own, settings };
  };

  const FULL = {
    code: 'DISK_FULL',
    exit: 1,
    message: expect.stringMatching(/^there is no room left on a disk, so no package was written: .*no space left/i),
  };

  test('where the package goes, at any file of it: told, nothing left, and the next one is whole', async () => {
    for (const bytes of [40_000, 600_000]) {
      const { disk, own, settings } = await onSmallDisk('outDir', bytes);
      try {
        await expect(make({}, settings)).rejects.toMatchObject(FULL);
        expect([inside(own), aside()]).toEqual([[], []]);
        if (bytes < 600_000) continue;
        execFileSync('mount', ['-o', 'remount,size=64m', disk]);
        expect((await verifyPath((await make({}, settings)).dir)).exit).toBe(13);
      } finally {
        release(disk);
      }
    }
  });

  test('where the data lies: told, and what was there is as it was', async () => {
    for (const bytes of [600_000, 3_000_000]) {
      const { disk, own, settings } = await onSmallDisk('dataDir', bytes);
      try {
        const before = inside(own);
        await expect(make({}, settings)).rejects.toMatchObject(FULL);
        expect([inside(own), evidence()]).toEqual([before, []]);
      } finally {
        release(disk);
      }
    }
  });

  test('the command says it in a sentence and ends with 1', async () => {
    const { disk, settings } = await onSmallDisk('outDir', 150_000);
    try {
      const config = join(world.dir, 'small.yaml');
      const text = readFileSync(world.settings.file, 'utf8');
      writeFileSync(config, text.replace('outDir: ./evidence', `outDir: ${settings.evidence.outDir}`), { mode: 0o600 });
      expect((await loadSettings(config, {})).evidence.outDir).toBe(settings.evidence.outDir);
      const child = spawn(process.execPath, [BIN, 'report', '--period', PERIOD, '-c', config, '--json']);
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      const code = await new Promise((resolve) => child.once('exit', resolve));
      expect(code).toBe(1);
      expect(JSON.parse(said)).toMatchObject({ error: { code: 'DISK_FULL', exit: 1 } });
    } finally {
      release(disk);
    }
  });
});
