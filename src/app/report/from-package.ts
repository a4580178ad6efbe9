/** A package as the source of its own tests: what it holds, put where the program reads it. */
import { constants } from 'node:fs';
import { copyFile, cp, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readBounded, realFiles } from '../../base/durable.js';
import { CountersignError, reason } from '../../base/errors.js';
import type { Control } from '../../controls/definition.js';
import type { LoadedWaivers } from '../../controls/waivers.js';
import type { Manifest, Period } from '../../model/evidence.js';
import { parseRawIndex, rawPath } from '../../model/raw-index.js';
import type { Settings } from '../../model/settings.js';
import { parseManifest } from '../../verify/manifest.js';
import { readJson } from '../../verify/shape.js';
import { verifyPath } from '../../verify/verify.js';
import { loadSettings } from '../config.js';
import { type ShownResult, shownResults } from './shown-results.js';
import { waiversOf } from './waivers.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_INDEX = 512 * 1024 * 1024;
const MAX_RESULTS = 1024 * 1024 * 1024;

type OnProgress = (step: string, done: number, total: number) => void;

/** Findings that mean the folder is not what was signed; what its ledger holds is for the tests themselves to say. */
const NOT_THE_PACKAGE: ReadonlySet<string> = new Set([
  'FILE_ALTERED',
  'MISSING_FILE',
  'EXTRA_FILE',
  'NOT_A_FILE',
  'ROWS_DIFFER',
  'MANIFEST_INVALID',
  'EVIDENCE_ROOT',
  'BAD_SIGNATURE',
  'NOTHING_FOUND',
]);

/**
 * The manifest of a package whose files are those that were signed.
 * @throws CountersignError PACKAGE_UNSOUND, VERIFY_NOT_FOUND
 */
export const readPackage = async (dir: string, onProgress?: OnProgress): Promise<Manifest> => {
  const { findings } = await verifyPath(dir, { onProgress: ({ done, total }) => onProgress?.('verify', done, total) });
  const broken = findings.find(({ code }) => NOT_THE_PACKAGE.has(code));
  if (broken) throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: broken.message.replace(/\.$/, '') });
  try {
    return parseManifest(await readBounded(join(dir, 'manifest.json'), MAX_MANIFEST));
  } catch (error) {
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: reason(error) }, { cause: error });
  }
};

/** Settings as the package holds them, with the data folder put elsewhere. */
export const settingsOf = async (dir: string, { files }: Manifest, dataDir: string): Promise<Settings> => {
  const [file, ...more] = files.filter(({ path }) => path.startsWith('config/'));
  if (file === undefined || more.length > 0)
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: 'config/ does not hold exactly one file' });
  const settings = await loadSettings(join(dir, file.path));
  return { ...settings, gateway: { ...settings.gateway, dataDir } };
};

/** Objects that the package names and leaves out, from a folder in which they are kept by hash. */
const copyObjects = async (dir: string, raw: string | undefined, dataDir: string): Promise<void> => {
  const objects = parseRawIndex(await readBounded(join(dir, 'raw', 'index.ndjson'), MAX_INDEX));
  for (const hash of new Set(objects.map(({ sha256 }) => sha256))) {
    const from = join(raw ?? '', rawPath(hash));
    if (raw === undefined || (await realFiles.facts(from))?.kind !== 'file')
      throw new CountersignError('RAW_LEFT_OUT', { dir, objects: String(objects.length), where: raw ?? 'the package' });
    const to = join(dataDir, 'raw', rawPath(hash));
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
};

/**
 * Copies what the tests are made from into a data folder.
 * @param raw where CloudTrail objects lie that the package leaves out
 * @throws CountersignError RAW_LEFT_OUT where they are needed and not there
 */
export const copyData = async (dir: string, { cloudtrail }: Manifest, dataDir: string, raw?: string): Promise<void> => {
  for (const name of ['ledger', 'raw', 'snapshots']) {
    if ((await realFiles.facts(join(dir, name)))?.kind !== 'folder') continue;
    await cp(join(dir, name), join(dataDir, name), { recursive: true, mode: constants.COPYFILE_FICLONE });
  }
  if (cloudtrail.leftOut && cloudtrail.logs + cloudtrail.digests > 0) await copyObjects(dir, raw, dataDir);
};

/**
 * The results that the package shows, by control.
 * @throws CountersignError PACKAGE_UNSOUND
 */
export const readShown = async (dir: string): Promise<ReadonlyMap<string, ShownResult>> => {
  try {
    return shownResults(readJson(await readBounded(join(dir, 'results.json'), MAX_RESULTS)));
  } catch (error) {
    const problem = `results.json cannot be read: ${reason(error)}`;
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem }, { cause: error });
  }
};

/** Its own waivers; one that does not hold was never in a package that this program made. */
export const packageWaivers = async (
  dir: string,
  settings: Settings,
  controls: readonly Control[],
  period: Period,
): Promise<LoadedWaivers> => {
  const folder = join(dir, 'waivers');
  const there = (await realFiles.facts(folder))?.kind === 'folder';
  try {
    return await waiversOf(there ? folder : null, settings, controls, period);
  } catch (error) {
    throw new CountersignError('PACKAGE_UNSOUND', { dir, problem: reason(error) }, { cause: error });
  }
};

/** The period of a package. */
export const periodOf = ({ period: { label, from, to } }: Manifest): Period => ({
  label,
  from: Date.parse(from),
  to: Date.parse(to),
});
