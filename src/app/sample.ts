/** `sample`: the auditor's reproducible sample of one population of a package. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { csvRecords } from '../base/csv-read.js';
import { readBounded, realFiles } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { ManifestFile } from '../model/evidence.js';
import { csv } from '../report/csv.js';
import { writeSamplePdf } from '../report/pdf/sample/document.js';
import { drawSample, type SampleItem, sampleSeed } from '../report/sampling.js';
import { parseManifest } from '../verify/manifest.js';
import { type MadePages, makePages } from './sample/pages.js';

const MAX_MANIFEST = 256 * 1024 * 1024;
const MAX_SIZE = 10_000;
/** A page for each is for reading; nobody reads more. */
const MAX_PAGES = 1_000;

export interface SampleAsk {
  /** Folder of the package. */
  readonly dir: string;
  readonly control: string;
  /** Chosen by the auditor, once the package is in their hands. */
  readonly nonce: string;
  readonly size: number;
  /** Table that is written; neither it nor the files of its pages may exist. */
  readonly out: string;
  /** Whether each item is traced, as a PDF and a proof file beside the table. */
  readonly pages: boolean;
  /** Folder of the objects of AWS, where the package was made without them. */
  readonly raw?: string;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

/** What was written. */
interface Written {
  readonly table: string;
  /** Null where no pages were asked for. */
  readonly pages: string | null;
  /** Proof file of the records on the pages; null where there is none. */
  readonly proof: string | null;
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
  readonly files: Written;
}

type Drawn = Omit<Sample, 'files'>;

const changed = (file: string, problem: string): CountersignError =>
  new CountersignError('PACKAGE_CHANGED', { file, problem });

const usage = (problem: string): CountersignError => new CountersignError('USAGE', { problem });

const populationPath = (control: string): string => `csv/population_${control}.csv`;

const populationFile = async ({ dir, control }: SampleAsk): Promise<ManifestFile> => {
  const file = join(dir, 'manifest.json');
  if ((await realFiles.facts(file))?.kind !== 'file') throw new CountersignError('VERIFY_NOT_FOUND', { path: file });
  const bytes = await readBounded(file, MAX_MANIFEST);
  const path = populationPath(control);
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

const draw = async (ask: SampleAsk, { path, sha256: population }: ManifestFile): Promise<Drawn> => {
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

const tableOf = ({ control, population, items, nonce, seed, sample: drawn }: Drawn): string =>
  csv(
    COLUMNS,
    drawn.map(({ rank, item, hmac, about: { time, person, what } }) => [
      control,
      population,
      items,
      nonce,
      seed,
      rank,
      item,
      hmac,
      time,
      person,
      what,
      '',
      '',
    ]),
  );

/** `samples.csv`, with `samples.pdf` and `samples.proof.json` beside it. */
const namesOf = (out: string): { readonly pages: string; readonly proof: string } => {
  const stem = out.replace(/\.csv$/i, '');
  return { pages: `${stem}.pdf`, proof: `${stem}.proof.json` };
};

const pagesOf = (
  ask: SampleAsk,
  { control, population, items, nonce, seed, sample: drawn }: Drawn,
): Promise<MadePages> =>
  makePages({
    dir: resolve(ask.dir),
    control,
    population: { file: populationPath(control), sha256: population, items },
    nonce,
    seed,
    items: drawn.map(({ rank, item, hmac, about }) => ({ rank, item, hmac, ...about })),
    names: { table: basename(ask.out), proof: basename(namesOf(ask.out).proof) },
    ...(ask.raw !== undefined && { raw: ask.raw }),
    ...(ask.onProgress && { onProgress: ask.onProgress }),
  });

/** All or nothing, and never over another file. */
const write = async (ask: SampleAsk, drawn: Drawn, made: MadePages | null): Promise<Written> => {
  const { out } = ask;
  const names = namesOf(out);
  const done: string[] = [];
  const put = async (path: string, text: string): Promise<void> => {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
    done.push(path);
  };
  try {
    await put(out, tableOf(drawn));
    if (made?.proof) await put(names.proof, `${JSON.stringify(made.proof, null, 2)}\n`);
    if (made) {
      done.push(names.pages);
      await writeSamplePdf(names.pages, made.pages);
    }
    return { table: out, pages: made ? names.pages : null, proof: made?.proof ? names.proof : null };
  } catch (error) {
    for (const path of done) await rm(path, { force: true });
    throw error;
  }
};

const assertFree = async (ask: SampleAsk): Promise<void> => {
  const { pages, proof } = namesOf(ask.out);
  for (const path of ask.pages ? [ask.out, pages, proof] : [ask.out]) {
    if ((await realFiles.facts(path)) !== undefined) throw usage(`${path} exists already, and is not written over`);
  }
};

const check = ({ control, nonce, size, pages }: SampleAsk): void => {
  if (!/^[A-Z0-9-]{1,80}$/.test(control)) throw usage(`${JSON.stringify(control)} is no id of a control`);
  if (!/^[\x21-\x7e]{8,200}$/.test(nonce))
    throw usage('the nonce must be 8 to 200 printable characters, without spaces');
  if (!Number.isSafeInteger(size) || size < 1 || size > MAX_SIZE) throw usage(`the size must be from 1 to ${MAX_SIZE}`);
  if (pages && size > MAX_PAGES)
    throw usage(`pages are made of at most ${MAX_PAGES} items: --no-pages leaves them out`);
};

/**
 * Draws a sample from a population that the manifest lists, and writes it as CSV; with pages, also a PDF that traces
 * each item and a proof file of the records it names. The result and the note of each item are left to the auditor.
 * @throws CountersignError USAGE, VERIFY_NOT_FOUND, PACKAGE_CHANGED, and with pages what making them throws; nothing is written then
 */
export const sample = async (ask: SampleAsk): Promise<Sample> => {
  check(ask);
  await assertFree(ask);
  const drawn = await draw(ask, await populationFile(ask));
  const made = ask.pages ? await pagesOf(ask, drawn) : null;
  return { ...drawn, files: await write(ask, drawn, made) };
};
