/** The folder a package is written into before it has its name: every file is hashed as it is written. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { csvRowCounter, isTable } from '../base/csv-rows.js';
import { sha256 } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import type { ManifestFile } from '../model/evidence.js';

type Chunks = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

export interface Staging {
  readonly dir: string;
  /** What was written, sorted by path. */
  readonly files: () => readonly ManifestFile[];
  write(path: string, data: string | Uint8Array): Promise<ManifestFile>;
  /** Writes in bounded memory. */
  writeChunks(path: string, chunks: Chunks): Promise<ManifestFile>;
  /** Copies a file. With `expected`, its hash must be that: EVIDENCE_CHANGED otherwise. */
  copy(path: string, from: string, expected?: string): Promise<ManifestFile>;
  /** Takes up a file that was written into the folder by other means. */
  adopt(path: string): Promise<ManifestFile>;
  /** Removes everything. */
  discard(): Promise<void>;
}

/** Paths sort by code units, as `sha256sum` lists do in the C locale for ASCII names. */
const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : 1);

const metered = (path: string, onEnd: (entry: ManifestFile) => void): Transform => {
  const hash = createHash('sha256');
  const counter = isTable(path) ? csvRowCounter() : undefined;
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      counter?.add(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      onEnd({ path, bytes, sha256: hash.digest('hex'), ...(counter && { rows: counter.rows() }) });
      done();
    },
  });
};

/**
 * Opens a new, empty folder.
 * @param prefix how its path begins; six letters follow, as nobody else's has them
 */
export const openStaging = async (prefix: string): Promise<Staging> => {
  await mkdir(dirname(prefix), { recursive: true, mode: 0o700 });
  const dir = await mkdtemp(prefix);
  const files = new Map<string, ManifestFile>();
  const put = async (path: string, source: Readable): Promise<ManifestFile> => {
    if (files.has(path)) throw new Error(`the package holds ${path} already`);
    const target = join(dir, ...path.split('/'));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    let entry: ManifestFile = { path, bytes: 0, sha256: '' };
    const meter = metered(path, (metering) => {
      entry = metering;
    });
    await pipeline(source, meter, createWriteStream(target, { flags: 'wx', mode: 0o600, flush: true }));
    files.set(path, entry);
    return entry;
  };
  return {
    dir,
    files: () => [...files.values()].sort(byPath),
    write: (path, data) => put(path, Readable.from([Buffer.from(data)])),
    writeChunks: (path, chunks) => put(path, Readable.from(chunks, { objectMode: true }).map(toBuffer)),
    copy: async (path, from, expected) => {
      const entry = await put(path, createReadStream(from));
      if (expected !== undefined && entry.sha256 !== expected) {
        throw new CountersignError('EVIDENCE_CHANGED', { file: from, problem: 'its bytes have another hash' });
      }
      return entry;
    },
    adopt: async (path) => {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const chunk of createReadStream(join(dir, ...path.split('/')))) {
        const piece = toBuffer(chunk);
        hash.update(piece);
        bytes += piece.length;
      }
      const entry = { path, bytes, sha256: hash.digest('hex') };
      files.set(path, entry);
      return entry;
    },
    discard: () => rm(dir, { recursive: true, force: true }),
  };
};

const toBuffer = (chunk: unknown): Buffer => {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (typeof chunk === 'string' || chunk instanceof Uint8Array) return Buffer.from(chunk);
  throw new TypeError('a chunk that is neither text nor bytes');
};

/** Files that are no evidence themselves but are made from it. */
const DERIVED: ReadonlySet<string> = new Set([
  'report.pdf',
  'report.html',
  'manifest.json',
  'manifest.sig',
  'run.json',
]);

/**
 * SHA-256 over the `sha256sum` lines of the files, without those that print or sign the result:
 * `<hex>  <path>\n`, sorted by path.
 */
export const evidenceRoot = (files: readonly ManifestFile[]): string =>
  sha256(
    files
      .filter(({ path }) => !DERIVED.has(path))
      .sort(byPath)
      .map(({ sha256: hash, path }) => `${hash}  ${path}\n`)
      .join(''),
  );
