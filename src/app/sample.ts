/** `sample`: the auditor's reproducible sample of one population of a package. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csvRecords } from '../base/csv-read.js';
import { isSystemError, readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { ManifestFile } from '../model/evidence.js';
import { csv } from '../report/csv.js';
import { drawSample, type SampleItem, sampleSeed } from '../report/sampling.js';
import { parseManifest } from '../verify/manifest.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_SIZE = 10_000;

export interface SampleAsk {
  /** Folder of the package. */
  readonly dir: string;
  readonly control: string;
  /** Chosen by the auditor, once the package is in their hands. */
  readonly nonce: string;
  readonly size: number;
  /** File that is written; it must not exist. */
  readonly out: string;
}

interface About {
  readonly time: string;
  readonly person: string;
  readonly what: string;
}

export interface Sample {
  readonly control: string;
  /** SHA-256 of the population's CSV. */
  readonly population: string;
  readonly items: number;
  readonly nonce: string;
  readonly seed: string;
  readonly sample: readonly SampleItem<About>[];
  readonly out: string;
}

const changed = (file: string, problem: string): CountersignError =>
  new CountersignError('PACKAGE_CHANGED', { file, problem });

const usage = (problem: string): CountersignError => new CountersignError('USAGE', { problem });

const populationFile = async ({ dir, control }: SampleAsk): Promise<ManifestFile> => {
  const file = join(dir, 'manifest.json');
  if ((await realFiles.facts(file))?.kind !== 'file') throw new CountersignError('VERIFY_NOT_FOUND', { path: file });
  const bytes = await readBounded(file, MAX_MANIFEST);
  const path = `csv/population_${control}.csv`;
  try {
    const found = parseManifest(bytes).files.find((one) => one.path === path);
    if (found) return found;
  } catch (error) {
    throw changed('manifest.json', reason(error));
  }
  throw usage(`the package lists no population of ${control}: it was not tested, or there is no such control`);
};

/** The text of a file while its hash is taken, so that what is sampled is what was hashed. */
async function* hashed(file: string, onEnd: (hash: string) => void): AsyncGenerator<string> {
  const hash = createHash('sha256');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for await (const chunk of createReadStream(file)) {
    if (!Buffer.isBuffer(chunk)) continue;
    hash.update(chunk);
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
  onEnd(hash.digest('hex'));
}

const draw = async (ask: SampleAsk, { path, sha256: population }: ManifestFile): Promise<Omit<Sample, 'out'>> => {
  const { dir, control, nonce, size } = ask;
  let found = '';
  let items = -1;
  async function* rows(): AsyncGenerator<{ readonly item: string; readonly about: About }> {
    const text = hashed(join(dir, ...path.split('/')), (hash) => {
      found = hash;
    });
    for await (const [item = '', time = '', person = '', what = ''] of csvRecords(text)) {
      if (items++ >= 0) yield { item, about: { time, person, what } };
    }
  }
  const seed = sampleSeed(population, nonce);
  const sample = await drawSample(rows(), seed, size).catch((error: unknown) => {
    throw changed(path, reason(error));
  });
  if (found !== population) throw changed(path, 'its bytes have another hash');
  return { control, population, items, nonce, seed, sample };
};

const COLUMNS = [
  'control_id',
  'population_sha256',
  'population',
  'nonce',
  'seed',
  'rank',
  'item',
  'hmac',
  'time',
  'person',
  'what',
  'result',
  'auditor_note',
];

/** Written at once and never over another file. */
const write = async (out: string, drawn: Omit<Sample, 'out'>): Promise<void> => {
  const { control, population, items, nonce, seed } = drawn;
  const rows = drawn.sample.map(
    ({ rank, item, hmac, about: { time, person, what } }) =>
      [control, population, items, nonce, seed, rank, item, hmac, time, person, what, '', ''] as const,
  );
  try {
    await writeFile(out, csv(COLUMNS, rows), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw isSystemError(error, 'EEXIST') ? usage(`${out} exists already, and is not written over`) : error;
  }
};

/**
 * Draws a sample from a population that the manifest lists, and writes it as CSV. The result and the note of each
 * item are left to the auditor.
 * @throws CountersignError USAGE, VERIFY_NOT_FOUND, PACKAGE_CHANGED; nothing is written then
 */
export const sample = async (ask: SampleAsk): Promise<Sample> => {
  if (!/^[A-Z0-9-]{1,80}$/.test(ask.control)) throw usage(`${JSON.stringify(ask.control)} is no id of a control`);
  if (!/^[\x21-\x7e]{8,200}$/.test(ask.nonce))
    throw usage('the nonce must be 8 to 200 printable characters, without spaces');
  if (!Number.isSafeInteger(ask.size) || ask.size < 1 || ask.size > MAX_SIZE) {
    throw usage(`the size must be from 1 to ${MAX_SIZE}`);
  }
  const drawn = await draw(ask, await populationFile(ask));
  await write(ask.out, drawn);
  return { ...drawn, out: ask.out };
};
