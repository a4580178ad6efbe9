/**
 * A plain text file as an anchor: each checkpoint as one line of JSON, in the very form in which a trust file takes
 * it under `checkpoints`. It confirms something once somebody has carried it elsewhere.
 */
import { dirname } from 'node:path';
import { type FilePort, isSystemError, makeFolder, realFiles } from '../../base/durable.js';
import { reason } from '../../base/errors.js';
import { at, JsonError, parseJson, stringOf } from '../../base/json.js';
import type { AnchorReceipt } from '../../model/anchor.js';
import { type Anchor, AnchorError, type AnchorHead, type Confirmed, type LatestAsk } from './anchor.js';
import { lastLine } from './last-line.js';

const MAX_LINE = 1_024;

const parse = (line: Buffer, origin: string): Confirmed | null => {
  try {
    const node = parseJson(line);
    const size = at(node, 'size');
    const root = stringOf(at(node, 'root')) ?? '';
    if (stringOf(at(node, 'origin')) !== origin || size?.kind !== 'number') return null;
    return { size: size.value, root: Buffer.from(root, 'hex') };
  } catch (error) {
    if (error instanceof JsonError) return null;
    throw error;
  }
};

export interface FileAnchorOptions {
  readonly name: string;
  readonly path: string;
  readonly files?: FilePort;
}

const failure = (error: unknown): AnchorError => new AnchorError(`the file cannot be used: ${reason(error)}`);

export const createFileAnchor = ({ name, path, files = realFiles }: FileAnchorOptions): Anchor => {
  const put = async ({ origin, size, root }: AnchorHead): Promise<AnchorReceipt> => {
    const line = JSON.stringify({ origin, size, root: root.toString('hex') });
    try {
      await makeFolder(dirname(path), files);
      const file = await files.append(path);
      try {
        await file.write(Buffer.from(`${line}\n`));
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw failure(error);
    }
    return { v: 1, kind: 'file', origin, size, root: root.toString('hex'), locator: path, at: null };
  };
  const latest = async ({ origin }: LatestAsk): Promise<Confirmed | null> => {
    try {
      const line = await lastLine(path, MAX_LINE, files);
      return line ? parse(line, origin) : null;
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return null;
      throw failure(error);
    }
  };
  return { name, kind: 'file', locator: path, put, latest };
};
