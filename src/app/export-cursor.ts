/** Where an export stands: the last record that its receiver has. Durable, and bound to the history it belongs to. */
import { join } from 'node:path';
import { z } from 'zod';
import { isSystemError, makeFolder, readBounded, writeAtomic } from '../base/durable.js';
import { CountersignError, reason } from '../base/errors.js';

const MAX_BYTES = 4_096;

const schema = z.strictObject({
  v: z.literal(1),
  origin: z.string(),
  seq: z.int().min(0),
  leaf: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Cursor = z.output<typeof schema>;

const cursorFile = (dir: string, name: string): string => join(dir, `${name}.cursor.json`);

/**
 * @returns null where nothing was sent yet
 * @throws CountersignError EXPORT_CURSOR where the file is not as it was written
 */
export const readCursor = async (dir: string, name: string): Promise<Cursor | null> => {
  const file = cursorFile(dir, name);
  const damaged = (problem: string) => new CountersignError('EXPORT_CURSOR', { name, seq: 'unknown', problem, file });
  const bytes = await readBounded(file, MAX_BYTES).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return null;
    throw damaged(reason(error));
  });
  if (bytes === null) return null;
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    throw damaged(`${file} does not have the form it was written in`);
  }
};

/** Holds the history of a ledger, read from its first record on, to what an export has sent of it. */
export interface Bookmark {
  /**
   * Whether the receiver has a record already.
   * @throws CountersignError EXPORT_CURSOR where the record sent last is another one, or what follows it was pruned
   */
  isPast(entry: { readonly seq: number; readonly leaf: string }): boolean;
  /**
   * To be told when all was read that there is.
   * @throws CountersignError EXPORT_CURSOR where the record sent last is not among it
   */
  end(): void;
}

/** @param cursor null: nothing was sent yet */
export const createBookmark = (cursor: Cursor | null, origin: string, name: string, dir: string): Bookmark => {
  if (cursor === null) return { isPast: () => false, end: () => undefined };
  let last: number | null = null;
  const broken = (problem: string): CountersignError =>
    new CountersignError('EXPORT_CURSOR', { name, seq: cursor.seq, problem, file: cursorFile(dir, name) });
  if (cursor.origin !== origin) throw broken(`it was of ${cursor.origin}`);
  return {
    isPast({ seq, leaf }) {
      if (last === null && seq > cursor.seq + 1) throw broken('records after it were pruned before they were sent');
      if (seq === cursor.seq && leaf !== cursor.leaf) throw broken('it is another one now');
      last = seq;
      return seq <= cursor.seq;
    },
    end() {
      if (last === null || last < cursor.seq) throw broken('the ledger ends before it');
    },
  };
};

export const writeCursor = async (dir: string, name: string, cursor: Cursor): Promise<void> => {
  await makeFolder(dir);
  await writeAtomic(cursorFile(dir, name), Buffer.from(`${JSON.stringify(cursor)}\n`));
};
