/** Where a ledger lies, and the names in its folder. */
import { join } from 'node:path';
import type { FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { isNoteName } from '../base/note.js';
import { ledgerFolder, segmentFirst, segmentName } from './format.js';
import { readPruned } from './pruned.js';

/**
 * `<dataDir>/ledger/<origin>`, the origin as `ledgerFolder` writes it.
 * @throws CountersignError USAGE where the origin cannot name a ledger
 */
export const ledgerDir = (dataDir: string, origin: string): string => {
  const name = ledgerFolder(origin);
  if (!isNoteName(origin) || name.startsWith('.')) {
    throw new CountersignError('USAGE', { problem: `${JSON.stringify(origin)} cannot be the origin of a ledger` });
  }
  return join(dataDir, 'ledger', name);
};

/** The file that begins with this record. */
export const segmentPath = (dir: string, first: number): string => join(dir, 'log', segmentName(first));

export interface Segment {
  /** `log/<first seq>.jsonl`: how messages call it. */
  readonly name: string;
  readonly path: string;
  readonly first: number;
  readonly size: number;
}

/**
 * The segment files of a ledger in order; without those that `pruned.json` says were removed, where some are left.
 * @throws CountersignError LEDGER_NOT_FOUND without a `log` folder, LEDGER_DAMAGED where something else lies in it
 */
export const listSegments = async (dir: string, files: FilePort): Promise<readonly Segment[]> => {
  const log = join(dir, 'log');
  if ((await files.facts(log))?.kind !== 'folder') throw new CountersignError('LEDGER_NOT_FOUND', { dir });
  const segments: Segment[] = [];
  const begin = (await readPruned(dir, files))?.size ?? 0;
  for (const name of [...(await files.list(log))].sort()) {
    const path = join(log, name);
    const first = segmentFirst(name);
    const facts = await files.facts(path);
    if (first === undefined || facts?.kind !== 'file') {
      throw new CountersignError('LEDGER_DAMAGED', { dir, problem: `log/${name} is not a segment file` });
    }
    if (first >= begin) segments.push({ name: `log/${name}`, path, first, size: facts.size });
  }
  return segments;
};
