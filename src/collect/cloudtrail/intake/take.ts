/** What is done with each delivered file: hashed, checked, and kept where it is evidence. Runs in threads. */
import { sha256 } from '../../../base/digest.js';
import { readAtOnce } from '../../../base/durable.js';
import { reason } from '../../../base/errors.js';
import type { RawObject } from '../../../model/evidence.js';
import { keepRaw } from '../../raw-store.js';
import { type Inspection, inspectFile, rawKindOf } from '../inspect.js';

/** A file that was delivered: where it lies, or its bytes. Structured-cloneable, as all here. */
export interface Arrived {
  readonly key: string;
  readonly from: string | Uint8Array;
}

export interface Taken {
  readonly sha256: string;
  readonly bytes: number;
  readonly found: Inspection;
  /** As what it is kept; null where it is no evidence. */
  readonly kind: RawObject['kind'] | null;
}

/** A file that could not be read or kept, and why. */
export interface NotTaken {
  readonly problem: string;
}

export interface TakeTask {
  /** Folder of the raw objects. */
  readonly root: string;
  readonly files: readonly Arrived[];
}

/** AWS delivers at most 50 MB; room for plain files. */
export const MAX_FILE_BYTES = 400 * 1024 ** 2;

const bytesOf = (from: string | Uint8Array): Buffer =>
  typeof from === 'string'
    ? readAtOnce(from, MAX_FILE_BYTES)
    : Buffer.from(from.buffer, from.byteOffset, from.byteLength);

/** Takes files one after the other. What is kept is durable once the store of raw objects was committed. */
export const takeFiles = ({ root, files }: TakeTask): readonly (Taken | NotTaken)[] =>
  files.map(({ key, from }) => {
    try {
      const bytes = bytesOf(from);
      const hash = sha256(bytes);
      const found = inspectFile(key, bytes);
      const kind = rawKindOf(key, found) ?? null;
      if (kind !== null) keepRaw(root, hash, bytes);
      return { sha256: hash, bytes: bytes.length, found, kind };
    } catch (error) {
      return { problem: reason(error) };
    }
  });
