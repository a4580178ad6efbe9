/** Segments: a fresh key for each, certified by the root key, and never on disk. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { basename, join } from 'node:path';
import type { AppendFile, FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { createNoteSigner, NoteError, type NoteSigner } from '../base/note.js';
import { type SegmentRecord, segmentName, segmentText } from './format.js';
import type { Recovered } from './recover.js';

/** The key that certifies segments. */
export interface RootKey {
  /** Signs under the origin; its `key` is what a trust file names. */
  readonly signer: NoteSigner;
  /** Ed25519 private key. */
  readonly private: KeyObject;
}

/**
 * The root key of a ledger, from its origin and an Ed25519 private key.
 * @throws CountersignError LEDGER_KEY where the two cannot make one
 */
export const rootKey = (dir: string, origin: string, key: KeyObject): RootKey => {
  try {
    return { signer: createNoteSigner(origin, key), private: key };
  } catch (error) {
    if (error instanceof NoteError) throw new CountersignError('LEDGER_KEY', { dir, problem: error.message });
    throw error;
  }
};

interface SegmentKey {
  readonly signer: NoteSigner;
  /** The first record of the segment. */
  readonly record: SegmentRecord;
}

/** Where a segment begins: the number of its first record, and the leaf hash of the record before, hex. */
interface SegmentStart {
  readonly seq: number;
  readonly prev: string;
}

/**
 * A new key for the segment that begins here. Only the signer holds it: whoever lets go of the signer has
 * ended it, as far as a garbage-collected runtime can.
 */
export const createSegmentKey = (root: RootKey, { seq, prev }: SegmentStart): SegmentKey => {
  const { name, key: certifier } = root.signer;
  const signer = createNoteSigner(name, generateKeyPairSync('ed25519').privateKey);
  const text = segmentText(name, seq, signer.key, prev);
  const cert = sign(null, Buffer.from(text), root.private).toString('base64');
  return { signer, record: { origin: name, key: signer.key, root: certifier, cert } };
};

/** Makes the file of the segment that begins with this record; its name is durable when this resolves. */
export const createSegmentFile = async (dir: string, first: number, files: FilePort): Promise<AppendFile> => {
  const log = join(dir, 'log');
  const file = await files.create(join(log, segmentName(first)));
  await files.syncFolder(log);
  return file;
};

/** Where writing goes on. */
export interface OpenSegment {
  readonly file: AppendFile;
  readonly signer: NoteSigner;
  /** What the segment begins with; null where the one that is there goes on. */
  readonly segment: SegmentRecord | null;
}

interface OpenSegmentAsk {
  readonly dir: string;
  readonly files: FilePort;
  readonly root: RootKey;
  readonly found: Recovered;
  /** Whether keys of segments are wanted; a ledger that has them keeps them in any case. */
  readonly certified: boolean;
}

/** Goes on in the file that is there, where the root signs it or nothing stands in it yet; else begins another. */
export const openSegment = async ({ dir, files, root, found, certified }: OpenSegmentAsk): Promise<OpenSegment> => {
  const { segment, state } = found;
  const { size: seq, prev, verifier } = state;
  const { signer } = root;
  const oneKey = !certified && (verifier === null || verifier.key === signer.key);
  const isEmpty = segment !== null && basename(segment) === segmentName(seq);
  const goesOn = segment !== null && (oneKey || isEmpty);
  const file = goesOn ? await files.append(segment) : await createSegmentFile(dir, seq, files);
  if (oneKey) return { file, signer, segment: seq === 0 ? { origin: signer.name, key: signer.key } : null };
  const { signer: own, record } = createSegmentKey(root, { seq, prev });
  return { file, signer: own, segment: record };
};
