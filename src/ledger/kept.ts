/** Records that the next start must read again, and where they stand, so that it need not read the others. */
import { join } from 'node:path';
import type { FilePort, ReadFile } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';
import type { RecordType } from '../model/record.js';
import { segmentPath } from './folder.js';
import { commitmentOf, MAX_LINE_BYTES, parsePayloadLine, parseRecordLine, segmentName } from './format.js';
import { type EntryPayload, entryOf, type LedgerEntry } from './read.js';

/** For how long records of a type are read again, milliseconds by their own time; Infinity: always. */
export type KeepRule = Readonly<Partial<Record<RecordType, number>>>;

export interface KeptPlace {
  readonly type: RecordType;
  /** First record of the segment. */
  readonly first: number;
  /** Byte offset of the record line in its file. */
  readonly offset: number;
  /** Wall clock of the record, milliseconds since 1970. */
  readonly time: number;
}

/** Those that are still to be read again. */
export const stillKept = (places: readonly KeptPlace[], rule: KeepRule, now: number): KeptPlace[] =>
  places.filter(({ type, time }) => now - time <= (rule[type] ?? 0));

const FEED = 0x0a;
/** The first byte of a payload line. */
const PAYLOAD = 0x3e;
const FIRST_READ = 8 * 1024;
/** A record and sixteen payloads. */
const MAX_READ = 32 * MAX_LINE_BYTES;

const readAt = async (file: ReadFile, offset: number, size: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(size);
  let length = 0;
  for (let count = -1; count !== 0 && length < size; length += count) {
    count = await file.read(buffer.subarray(length), offset + length);
  }
  return buffer.subarray(0, length);
};

/** The record line and the payload lines that follow it; undefined where they are not whole in these bytes. */
const linesOf = (bytes: Buffer, isAll: boolean): readonly Buffer[] | undefined => {
  const lines: Buffer[] = [];
  let start = 0;
  for (let feed = bytes.indexOf(FEED); feed >= 0; feed = bytes.indexOf(FEED, start)) {
    if (lines.length > 0 && bytes[start] !== PAYLOAD) return lines;
    lines.push(bytes.subarray(start, feed));
    start = feed + 1;
  }
  const isWhole = start < bytes.length ? lines.length > 0 && bytes[start] !== PAYLOAD : isAll;
  return isWhole ? lines : undefined;
};

const linesAt = async (file: ReadFile, offset: number): Promise<readonly Buffer[]> => {
  for (let size = FIRST_READ; size <= MAX_READ; size *= 4) {
    const bytes = await readAt(file, offset, size);
    const lines = linesOf(bytes, bytes.length < size);
    if (lines) return lines;
    if (bytes.length < size) break;
  }
  throw new RangeError('no whole record stands there');
};

/** Payloads that were erased are absent. */
const payloadsOf = (
  dir: string,
  commitments: ReadonlyMap<string, string>,
  lines: readonly Buffer[],
): Record<string, EntryPayload> => {
  const payloads: Record<string, EntryPayload> = Object.create(null);
  for (const line of lines) {
    const { name, data, salt } = parsePayloadLine(line);
    const commitment = commitments.get(name);
    if (commitment === undefined || (data && commitmentOf(salt, data) !== commitment)) {
      throw new RangeError('a payload is not the one the record names');
    }
    payloads[name] = data ? { data: data.toString('utf8') } : { blob: join(dir, 'blobs', commitment) };
  }
  return payloads;
};

const entryAt = async (dir: string, file: ReadFile, { first, offset, type }: KeptPlace): Promise<LedgerEntry> => {
  const [line = Buffer.alloc(0), ...rest] = await linesAt(file, offset);
  const record = parseRecordLine(line);
  if (record.type !== type) throw new RangeError(`a record of type ${record.type} stands there`);
  const payloads = payloadsOf(dir, new Map(record.payloads), rest);
  return entryOf({ record, payloads, file: `log/${segmentName(first)}`, offset });
};

/**
 * The records at these places, in order.
 * @throws CountersignError LEDGER_DAMAGED where no such record stands at one of them
 */
export async function* readKept(
  dir: string,
  places: readonly KeptPlace[],
  files: FilePort,
): AsyncGenerator<LedgerEntry> {
  let at = -1;
  let file: ReadFile | null = null;
  try {
    for (const place of places) {
      if (at !== place.first) {
        await file?.close();
        at = place.first;
        file = null;
      }
      file ??= await files.open(segmentPath(dir, place.first));
      yield await entryAt(dir, file, place).catch((error: unknown) => {
        const problem = `log/${segmentName(place.first)}, byte ${place.offset}: ${reason(error)}`;
        throw new CountersignError('LEDGER_DAMAGED', { dir, problem }, { cause: error });
      });
    }
  } finally {
    await file?.close();
  }
}
