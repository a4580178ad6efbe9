/** `anchors/<name>-<day>.jsonl`: what anchors answered, one line each. */
import { join } from 'node:path';
import { type FilePort, makeFolder, realFiles } from '../../base/durable.js';
import { at, JsonError, parseJson, stringOf } from '../../base/json.js';
import type { AnchorReceipt } from '../../model/anchor.js';
import type { Confirmed } from './anchor.js';
import { lastLine } from './last-line.js';

/** Bytes of a receipt: a time stamp with a chain of certificates, in base64. */
const MAX_RECEIPT = 131_072;

const folderOf = (dir: string): string => join(dir, 'anchors');

/**
 * Adds a receipt, durably.
 * @param name of the anchor
 * @param now wall clock, milliseconds since 1970
 */
export const keepReceipt = async (
  dir: string,
  name: string,
  now: number,
  receipt: AnchorReceipt,
  files: FilePort = realFiles,
): Promise<void> => {
  const folder = folderOf(dir);
  await makeFolder(folder, files);
  const day = new Date(now).toISOString().slice(0, 10);
  const file = await files.append(join(folder, `${name}-${day}.jsonl`));
  try {
    await file.write(Buffer.from(`${JSON.stringify(receipt)}\n`));
    await file.sync();
  } finally {
    await file.close();
  }
  await files.syncFolder(folder);
};

/** A receipt of this machine, as far as it is looked at before writing begins. */
export interface KeptReceipt extends Confirmed {
  readonly root: Buffer;
  /** Name of the anchor. */
  readonly name: string;
  /** See `AnchorReceipt`; empty where it is none of ours. */
  readonly kind: string;
  /** The time that the anchor stated, RFC 3339; null where it stated none. */
  readonly at: string | null;
}

const parse = (name: string, line: Buffer): KeptReceipt | null => {
  try {
    const node = parseJson(line);
    const size = at(node, 'size');
    const root = Buffer.from(stringOf(at(node, 'root')) ?? '', 'hex');
    if (size?.kind !== 'number' || root.length !== 32) return null;
    const [kind = '', time = null] = [stringOf(at(node, 'kind')), stringOf(at(node, 'at'))];
    return { name, kind, size: size.value, root, at: time };
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

/** The newest receipt of each anchor, by the day in the names of its files. */
export const newestReceipts = async (dir: string, files: FilePort = realFiles): Promise<readonly KeptReceipt[]> => {
  const folder = folderOf(dir);
  if ((await files.facts(folder))?.kind !== 'folder') return [];
  const newest = new Map<string, string>();
  for (const file of [...(await files.list(folder))].sort()) {
    const [, name] = /^([A-Za-z0-9_-]+)-\d{4}-\d\d-\d\d\.jsonl$/.exec(file) ?? [];
    if (name !== undefined) newest.set(name, file);
  }
  const found: KeptReceipt[] = [];
  for (const [name, file] of newest) {
    const line = await lastLine(join(folder, file), MAX_RECEIPT, files);
    const receipt = line ? parse(name, line) : null;
    if (receipt) found.push(receipt);
  }
  return found;
};
