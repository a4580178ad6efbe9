/** Makes a part: logs of the raw evidence, each unpacked, hashed and checked, their events in one Parquet file. */
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { sha256 } from '../../base/digest.js';
import { isSystemError, readAtOnce } from '../../base/durable.js';
import { reason } from '../../base/errors.js';
import { GzipError, gunzipSingle } from '../../base/gzip.js';
import { isApart, TrailLogError } from '../../base/trail-log.js';
import { scanTrailLog } from '../../base/trail-scan/log.js';
import { RecordScan } from '../../base/trail-scan/scan.js';
import { EventColumns } from './event-columns.js';
import { ParquetFile } from './parquet.js';

const MAX_INFLATED_BYTES = 400 * 1024 ** 2;
/** Bytes gathered before they are written. */
const WRITE_BYTES = 1024 ** 2;

/** A log of the raw evidence. */
export interface LogSource {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Whether its name says that it is gzip. */
  readonly packed: boolean;
  /** Whether its name says that it holds no events of one caller. */
  readonly apart: boolean;
}

/** What one log holds. Its rows in the part count only where some are `staged`. */
export interface LogFacts {
  readonly rowsRead: number;
  /** Later told apart into out and duplicate. */
  readonly staged: number;
  readonly rejected: number;
  readonly excluded: number;
  /** The first record that was rejected and why, or why nothing could be read. */
  readonly reason: string | null;
  /** SHA-256 of the unpacked bytes; null where they cannot be unpacked. */
  readonly content: string | null;
}

export interface PartTask {
  /** The file to make; it must not be there. */
  readonly target: string;
  readonly logs: readonly LogSource[];
}

export interface MadePart {
  /** Of the logs, in their order. */
  readonly facts: readonly LogFacts[];
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** The first log that is not as the index of the raw evidence says; then nothing else holds. */
  readonly changed: { readonly log: number; readonly problem: string } | null;
}

/** A file that is written from its start to its end, and hashed on the way. */
class HashedFile {
  private readonly fd: number;
  private readonly hash = createHash('sha256');
  private readonly buffer = Buffer.allocUnsafe(WRITE_BYTES);
  private held = 0;
  bytes = 0;

  constructor(path: string) {
    this.fd = openSync(path, 'wx', 0o600);
  }

  write(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (this.held + bytes.length > this.buffer.length) this.flush();
    if (bytes.length > this.buffer.length) this.out(bytes);
    else this.held += bytes.copy(this.buffer, this.held);
  }

  private flush(): void {
    this.out(this.buffer.subarray(0, this.held));
    this.held = 0;
  }

  private out(bytes: Buffer): void {
    this.hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
  }

  /** Durable when it returns. */
  end(): string {
    this.flush();
    fsyncSync(this.fd);
    return this.hash.digest('hex');
  }

  close(): void {
    closeSync(this.fd);
  }
}

const NOTHING = { rowsRead: 0, staged: 0, rejected: 0, excluded: 0 } as const;

type Counts = { -readonly [K in keyof LogFacts]: LogFacts[K] };

/** The bytes of a log, or in words why they are not what was collected. */
const readLog = ({ path, sha256: hash, bytes: size }: LogSource): Buffer | string => {
  try {
    const bytes = readAtOnce(path, size);
    return sha256(bytes) === hash ? bytes : 'its bytes have another hash';
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'it is gone';
    return error instanceof RangeError ? 'its bytes have another hash' : reason(error);
  }
};

/** Makes parts one after the other; its memory is used again. */
export class PartMaker {
  private readonly scan = new RecordScan();
  private columns = new EventColumns();

  make({ target, logs }: PartTask): MadePart {
    const file = new HashedFile(target);
    try {
      const parquet = new ParquetFile(this.columns.columns, (bytes) => file.write(bytes));
      const facts: LogFacts[] = [];
      for (const [log, source] of logs.entries()) {
        const bytes = readLog(source);
        if (typeof bytes === 'string')
          return { facts, rows: 0, bytes: 0, sha256: '', changed: { log, problem: bytes } };
        facts.push(this.add(source, bytes, parquet));
      }
      this.flush(parquet);
      parquet.end();
      return { facts, rows: parquet.rows, sha256: file.end(), bytes: file.bytes, changed: null };
    } finally {
      file.close();
      // Of a part that did not come about, nothing goes into the next.
      if (this.columns.rows > 0) this.columns = new EventColumns();
    }
  }

  private flush(parquet: ParquetFile): void {
    parquet.group(this.columns.rows);
    this.columns.clear();
  }

  private add(source: LogSource, bytes: Buffer, parquet: ParquetFile): LogFacts {
    let content: string | null = null;
    try {
      const inflated = source.packed ? gunzipSingle(bytes, MAX_INFLATED_BYTES) : bytes;
      content = source.packed ? sha256(inflated) : source.sha256;
      return this.events(source, inflated, content, parquet);
    } catch (error) {
      if (!(error instanceof GzipError || error instanceof TrailLogError)) throw error;
      return { ...NOTHING, reason: error.message, content };
    }
  }

  private events(source: LogSource, inflated: Buffer, content: string, parquet: ParquetFile): LogFacts {
    const { scan, columns } = this;
    const counts: Counts = { ...NOTHING, reason: null, content };
    const file = Buffer.from(source.sha256);
    const takes = (apart: boolean): boolean => {
      counts.rowsRead++;
      if (apart || source.apart) counts.excluded++;
      else counts.staged++;
      if (columns.full) this.flush(parquet);
      return !apart && !source.apart;
    };
    scanTrailLog(inflated, scan, {
      plain: (index, time, apart, start, end) => {
        if (takes(apart)) columns.plain(file, index, time, scan, start, end);
      },
      other: (index, record, own) => {
        if (record.ok) {
          if (takes(isApart(record.category))) columns.other(file, index, own);
          return;
        }
        counts.rowsRead++;
        counts.rejected++;
        counts.reason ??= `record ${index + 1}: ${record.problem}`;
      },
    });
    return counts;
  }
}
