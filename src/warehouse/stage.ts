/** Turns CloudTrail logs into line files that DuckDB reads: small enough for its memory, each record checked. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { compactJson } from '../base/json.js';
import { checkTrailRecord, isApart, splitTrailLog } from '../base/trail-log.js';

/** Counts of one log file. What is staged is later told apart into out and duplicate. */
export interface StagedCounts {
  readonly rowsRead: number;
  readonly staged: number;
  readonly rejected: number;
  readonly excluded: number;
  /** The first record that was rejected, and why. */
  readonly reason: string | null;
}

/** Half-open, milliseconds since 1970. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** A batch is loaded and deleted when it is this large: bounds the disk that staging needs. */
const BATCH_BYTES = 256 * 1024 ** 2;
const FLUSH_BYTES = 1024 ** 2;

export interface Stager {
  /**
   * Stages the records of one unpacked log under a file number.
   * @throws TrailLogError before anything of the file is staged
   */
  add(file: number, inflated: Buffer, apart: boolean): Promise<StagedCounts>;
  /** Loads what is left. */
  finish(): Promise<void>;
}

interface Batch {
  readonly path: string;
  readonly handle: FileHandle;
  bytes: number;
}

/** Counts while it yields the line of each record that is staged. */
function* stagedLines(
  file: number,
  inflated: Buffer,
  isExcluded: (time: number, category: string | null) => boolean,
  counts: { -readonly [K in keyof StagedCounts]: StagedCounts[K] },
): Generator<Buffer> {
  for (const bytes of splitTrailLog(inflated)) {
    const idx = counts.rowsRead++;
    const record = checkTrailRecord(bytes);
    if (!record.ok) {
      counts.rejected++;
      counts.reason ??= `record ${idx + 1}: ${record.problem}`;
    } else if (isExcluded(record.time, record.category)) counts.excluded++;
    else {
      counts.staged++;
      yield Buffer.concat([Buffer.from(`{"f":${file},"i":${idx},"r":`), compactJson(bytes), Buffer.from('}\n')]);
    }
  }
}

/**
 * Stages into files below `stage`.
 * @param load called with each complete line file, which it deletes
 * @param window events outside are excluded
 */
export const createStager = (
  stage: string,
  load: (path: string) => Promise<void>,
  window: Window | undefined,
): Stager => {
  let batch: Batch | undefined;
  let batches = 0;

  const close = async (): Promise<void> => {
    if (batch === undefined) return;
    const { handle, path } = batch;
    batch = undefined;
    await handle.close();
    await load(path);
  };

  const write = async (lines: readonly Buffer[]): Promise<void> => {
    if (batch === undefined) {
      const path = join(stage, `events-${batches++}.ndjson`);
      batch = { path, handle: await open(path, 'wx', 0o600), bytes: 0 };
    }
    const bytes = Buffer.concat(lines);
    await batch.handle.appendFile(bytes);
    batch.bytes += bytes.length;
  };

  const outside = (time: number): boolean => window !== undefined && (time < window.from || time >= window.to);

  const add = async (file: number, inflated: Buffer, apart: boolean): Promise<StagedCounts> => {
    const counts = { rowsRead: 0, staged: 0, rejected: 0, excluded: 0, reason: null };
    const isExcluded = (time: number, category: string | null): boolean => apart || isApart(category) || outside(time);
    let lines: Buffer[] = [];
    let held = 0;
    for (const line of stagedLines(file, inflated, isExcluded, counts)) {
      lines.push(line);
      held += line.length;
      if (held < FLUSH_BYTES) continue;
      await write(lines);
      lines = [];
      held = 0;
    }
    if (lines.length > 0) await write(lines);
    if (batch !== undefined && batch.bytes >= BATCH_BYTES) await close();
    return counts;
  };

  return { add, finish: close };
};
