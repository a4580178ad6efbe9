/** Segments: a fresh key for each, certified by the root key, and never on disk. */
import { generateKeyPairSync } from 'node:crypto';
import { basename, join } from 'node:path';
import type { AppendFile, FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { createNoteSigner, type NoteSigner } from '../base/note.js';
import type { SignedFile } from './commit.js';
import { segmentPath } from './folder.js';
import { type SegmentRecord, segmentName, segmentText } from './format.js';
import type { Recovered } from './recover.js';
import type { RootKey } from './root.js';

interface SegmentKey {
  readonly signer: NoteSigner;
  /** The first record of the segment. */
  readonly record: SegmentRecord;
}

/** Where a segment begins: the number of its first record, and the leaf hash of the record before, hex. */
export interface SegmentStart {
  readonly seq: number;
  readonly prev: string;
}

/**
 * A new key for the segment that begins here. Only the signer holds it: whoever lets go of the signer has
 * ended it, as far as a garbage-collected runtime can.
 */
const createSegmentKey = async (root: RootKey, { seq, prev }: SegmentStart): Promise<SegmentKey> => {
  const { name, key: certifier } = root;
  const signer = createNoteSigner(name, generateKeyPairSync('ed25519').privateKey);
  const cert = Buffer.from(await root.sign(segmentText(name, seq, signer.key, prev))).toString('base64');
  return { signer, record: { origin: name, key: signer.key, root: certifier, cert } };
};

/**
 * Makes the file of a segment; its name is durable when this resolves. One that an earlier attempt left is taken
 * where nothing stands in it.
 */
const createSegmentFile = async (dir: string, first: number, files: FilePort): Promise<AppendFile> => {
  const path = segmentPath(dir, first);
  const there = await files.facts(path);
  if (there && there.size > 0) throw new CountersignError('LEDGER_DAMAGED', { dir, problem: `${path} holds bytes` });
  const file = there ? await files.append(path) : await files.create(path);
  try {
    await files.syncFolder(join(dir, 'log'));
    return file;
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
};

/** Where writing goes on. */
export interface OpenSegment extends SignedFile {
  /** What the segment begins with; null where the one that is there goes on. */
  readonly segment: SegmentRecord | null;
}

/** A segment with a key of its own that begins here. The key comes first: without it no file is made. */
export const beginSegment = async (
  { dir, files, root }: Pick<OpenSegmentAsk, 'dir' | 'files' | 'root'>,
  start: SegmentStart,
): Promise<OpenSegment> => {
  const { signer, record } = await createSegmentKey(root, start);
  const file = await createSegmentFile(dir, start.seq, files);
  return { file, signer, path: segmentPath(dir, start.seq), end: 0, segment: record };
};

/** What is acknowledged: number of records, leaf hash of the last, and the key that signed them. */
export interface Standpoint {
  readonly size: number;
  readonly prev: string;
  readonly verifier: { readonly key: string } | null;
}

interface OpenSegmentAsk {
  readonly dir: string;
  readonly files: FilePort;
  readonly root: RootKey;
  readonly found: Pick<Recovered, 'segment' | 'end'> & { readonly state: Standpoint };
  /** Whether keys of segments are wanted; a ledger that has them keeps them in any case. */
  readonly certified: boolean;
}

/** Goes on in the file that is there, where the root signs it; else begins another, or an empty one that is there. */
export const openSegment = async (ask: OpenSegmentAsk): Promise<OpenSegment> => {
  const { dir, files, root, found, certified } = ask;
  const { segment, state, end } = found;
  const { size: seq, prev, verifier } = state;
  const { signer } = root;
  if (!signer || certified || !(verifier === null || verifier.key === signer.key)) {
    return beginSegment(ask, { seq, prev });
  }
  const begins = segment === null || basename(segment) === segmentName(seq);
  const file = begins ? await createSegmentFile(dir, seq, files) : await files.append(segment);
  const path = begins ? segmentPath(dir, seq) : segment;
  return { file, signer, path, end, segment: seq === 0 ? { origin: signer.name, key: signer.key } : null };
};
