/** Going on after a failed write: what reached the disk is unknown, so it is set aside, and no descriptor is used twice. */
import { basename } from 'node:path';
import type { FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import type { RecoverRecord } from '../model/record.js';
import type { Segment } from './folder.js';
import { segmentPath } from './folder.js';
import { segmentFirst } from './format.js';
import { setAside } from './recover.js';
import type { RootKey } from './root.js';
import { type OpenSegment, openSegment, type Standpoint } from './segment.js';

/** What is acknowledged, and the file in which it ends. */
export interface Acknowledged {
  readonly state: Standpoint;
  readonly path: string;
  /** Bytes of the file. */
  readonly end: number;
}

export interface ResumeAsk {
  readonly dir: string;
  readonly files: FilePort;
  readonly root: RootKey;
  /** Whether keys of segments are wanted. */
  readonly certified: boolean;
  readonly acknowledged: Acknowledged;
  /** Told of what was set aside, as soon as it is: a later step may fail. */
  readonly onSetAside: (record: RecoverRecord) => void;
}

const damaged = (dir: string, problem: string): CountersignError =>
  new CountersignError('LEDGER_DAMAGED', { dir, problem });

/** Leaves of a segment file what is acknowledged. */
const mend = async ({ dir, files, onSetAside }: ResumeAsk, path: string, end: number): Promise<void> => {
  const facts = await files.facts(path);
  if (!facts && end === 0) return;
  const name = `log/${basename(path)}`;
  if (facts?.kind !== 'file') throw damaged(dir, `${name} is gone`);
  if (facts.size < end) throw damaged(dir, `${name} lost bytes that were on disk`);
  const last: Segment = { name, path, first: segmentFirst(basename(path)) ?? 0, size: facts.size };
  const record = await setAside({ dir, last, end, problem: null }, files);
  if (record) onSetAside(record);
};

/**
 * Sets aside what is not acknowledged and opens a segment to go on in: a new one, but in a ledger of one key, whose
 * file is opened again.
 * @throws the error of the system while the disk is not back; ROOT_KEY_UNAVAILABLE; LEDGER_DAMAGED where
 *   acknowledged bytes are gone
 */
export const reopen = async (ask: ResumeAsk): Promise<OpenSegment> => {
  const { dir, acknowledged } = ask;
  const { state, path, end } = acknowledged;
  await mend(ask, path, end);
  const next = segmentPath(dir, state.size);
  if (next !== path) await mend(ask, next, 0);
  return openSegment({ ...ask, found: { state, segment: path, end } });
};
