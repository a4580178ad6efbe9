/** A ledger of three certified segments whose keys the test holds, in lines, and what can be done to all of them. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createCompactRange, leafHash } from '../../src/base/merkle.js';
import { checkpointText, createNoteSigner, signNote } from '../../src/base/note.js';
import { checkpointLine, commitmentOf, FIRST_PREV, segmentName, segmentText } from '../../src/ledger/format.js';
import { ORIGIN } from '../ledger/samples.js';
import { temporary } from './sample.js';

export interface Segment {
  /** File name in `log/`. */
  readonly name: string;
  readonly lines: readonly string[];
}

export interface Certified {
  readonly root: KeyObject;
  /** Verifier key of the root. */
  readonly rootKey: string;
  /** The keys of the segments. */
  readonly keys: readonly KeyObject[];
  readonly segments: readonly Segment[];
}

const BOOT = '00000000-0000-4000-8000-000000000007';
const isRecord = (line: string): boolean => line.startsWith('{');
const isCheckpoint = (line: string): boolean => line.startsWith('~');

/** Lines of all segments as one list, changed, and in their files again. */
export const acrossSegments = (
  segments: readonly Segment[],
  change: (lines: readonly string[]) => readonly string[],
): readonly Segment[] => {
  const changed = change(segments.flatMap(({ lines }) => lines));
  let from = 0;
  return segments.map(({ name, lines }) => ({ name, lines: changed.slice(from, (from += lines.length)) }));
};

/** Signs every checkpoint anew, each segment's with the key at its place; `skip` segments stay as they are. */
export const signAnew = (segments: readonly Segment[], keys: readonly KeyObject[], skip = 0): readonly Segment[] => {
  const range = createCompactRange();
  return segments.map(({ name, lines }, index) => {
    const key = keys[index];
    const signer = key && createNoteSigner(ORIGIN, key);
    const signed = lines.map((line) => {
      if (isRecord(line)) range.append(leafHash(Buffer.from(line)));
      if (!isCheckpoint(line) || !signer || index < skip) return line;
      const text = checkpointText({ origin: ORIGIN, size: range.size, root: range.root() });
      return checkpointLine(signNote(text, [signer]));
    });
    return { name, lines: signed };
  });
};

/** The root over the records of all segments. */
export const rootOf = (segments: readonly Segment[], size: number): string => {
  const range = createCompactRange();
  const records = segments.flatMap(({ lines }) => lines.filter(isRecord));
  for (const line of records.slice(0, size)) range.append(leafHash(Buffer.from(line)));
  return range.root().toString('hex');
};

/** Writes lines as the format has them; nothing of the writer is used. */
class Lines {
  readonly out: string[] = [];
  private readonly range = createCompactRange();
  private prev = FIRST_PREV;

  get seq(): number {
    return this.range.size;
  }

  record(type: string, d: object, data?: string): void {
    const salt = Buffer.alloc(32, this.seq);
    const p = data === undefined ? {} : { p: { args: commitmentOf(salt, data) } };
    const t = new Date(Date.UTC(2026, 10, 24, 5) + this.seq * 10).toISOString();
    const head = `{"v":1,"seq":${this.seq},"prev":"${this.prev}","t":"${t}","m":${1000 + this.seq * 10}`;
    const line = `${head},"boot":"${BOOT}","type":"${type}","d":${JSON.stringify({ ...d, ...p })}}`;
    const leaf = leafHash(Buffer.from(line));
    this.out.push(line);
    if (data !== undefined) {
      this.out.push(`>{"seq":${this.seq},"name":"args","salt":"${salt.toString('hex')}","data":${data}}`);
    }
    this.prev = leaf.toString('hex');
    this.range.append(leaf);
  }

  seg(key: KeyObject, root: KeyObject): void {
    const [signer, rootSigner] = [createNoteSigner(ORIGIN, key), createNoteSigner(ORIGIN, root)];
    const text = segmentText(ORIGIN, this.seq, signer.key, this.prev);
    const cert = sign(null, Buffer.from(text), root).toString('base64');
    this.record('seg', { origin: ORIGIN, key: signer.key, root: rootSigner.key, cert });
  }

  checkpoint(key: KeyObject): void {
    const text = checkpointText({ origin: ORIGIN, size: this.seq, root: this.range.root() });
    this.out.push(checkpointLine(signNote(text, [createNoteSigner(ORIGIN, key)])));
  }
}

const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

/**
 * Three segments: `seg`, two calls with outcomes in a batch each, the last one with a heartbeat.
 * @param text in a payload of each call, to tell two ledgers of one history length apart
 */
export const certifiedLedger = (root = newKey(), text = 'read'): Certified => {
  const keys = [newKey(), newKey(), newKey()];
  const counts: Record<string, number> = {};
  const lines = new Lines();
  const segments = keys.map((key, index) => {
    const from = lines.out.length;
    const name = segmentName(lines.seq);
    lines.seg(key, root);
    counts['seg'] = index + 1;
    for (const n of [2 * index + 1, 2 * index + 2]) {
      const call = `01JD${String(n).padStart(22, '0')}`;
      lines.record('call', { call, forwarded: true, target: `file_${n}` }, `{"what":"${text}"}`);
      lines.record('result', { call, intent: lines.seq - 1, status: 'ok' });
      lines.checkpoint(key);
    }
    counts['call'] = counts['result'] = 2 * index + 2;
    if (index === 2) {
      lines.record('hb', { counts: { ...counts } });
      lines.checkpoint(key);
    }
    return { name, lines: lines.out.slice(from) };
  });
  return { root, rootKey: createNoteSigner(ORIGIN, root).key, keys, segments };
};

/** What lies in `log/`: lines, bytes, or where a link leads. */
export type Files = ReadonlyMap<string, readonly string[] | Buffer | { readonly link: string }>;

export const filesOf = (segments: readonly Segment[]): Map<string, readonly string[] | Buffer | { link: string }> =>
  new Map(segments.map(({ name, lines }) => [name, lines]));

/** A ledger folder with these files. */
export const folderOf = async (files: Files): Promise<string> => {
  const dir = await temporary();
  await mkdir(join(dir, 'log'));
  for (const [name, content] of files) {
    const path = join(dir, 'log', name);
    if ('link' in content) await symlink(content.link, path);
    else await writeFile(path, Buffer.isBuffer(content) ? content : content.map((line) => `${line}\n`).join(''));
  }
  return dir;
};
