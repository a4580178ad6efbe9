/** Receipts of anchors in a ledger's folder: each counts only under a key that the trust file names. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { checkCosignature } from '../base/cosignature.js';
import { DerError } from '../base/der.js';
import { realFiles } from '../base/durable.js';
import type { JsonObject } from '../base/json.js';
import { readLines } from '../base/lines.js';
import { checkpointText, isNoteName, NoteError, parseSignatureLine } from '../base/note.js';
import { verifyTimestamp } from '../base/timestamp.js';
import type { Anchored } from './anchors.js';
import type { Findings } from './findings.js';
import { countOf, hashOf, objectOf, oneOf, readJson, ShapeError, textOf } from './shape.js';
import type { TrustedAnchors } from './trusted-anchors.js';

const MAX_RECEIPT = 131_072;
/** More than an anchor a minute gives in three years. */
const MAX_RECEIPTS = 2_000_000;

const KINDS = ['s3', 'timestamp', 'witness', 'file'] as const;
const MEMBERS: Readonly<Record<(typeof KINDS)[number], readonly string[]>> = {
  s3: ['bucket', 'key', 'version'],
  timestamp: ['token'],
  witness: ['cosignature'],
  file: [],
};

interface Receipt {
  readonly kind: (typeof KINDS)[number];
  readonly fields: JsonObject;
  readonly origin: string;
  readonly size: number;
  readonly root: string;
}

/** @throws ShapeError */
const parseReceipt = (line: Buffer): Receipt => {
  const value = readJson(line);
  const some = objectOf(
    value,
    'it',
    ['v', 'kind', 'origin', 'size', 'root', 'locator', 'at'],
    Object.values(MEMBERS).flat(),
  );
  const kind = oneOf(some['kind'], 'kind', KINDS);
  const fields = objectOf(value, 'it', ['v', 'kind', 'origin', 'size', 'root', 'locator', 'at', ...MEMBERS[kind]]);
  const origin = textOf(fields['origin'], 'origin');
  if (fields['v'] !== 1 || !isNoteName(origin)) throw new ShapeError('it is none of version 1');
  return { kind, fields, origin, size: countOf(fields['size'], 'size'), root: hashOf(fields['root'], 'root') };
};

/** What a receipt came to: it counts, or it is by somebody that nobody trusted, or it does not hold. */
type Judged =
  | { readonly state: 'counts'; readonly time: number; readonly by: string }
  | { readonly state: 'unknown' }
  | { readonly state: 'false'; readonly problem: string };

const judgeWitness = ({ fields }: Receipt, text: string, { witnesses }: TrustedAnchors): Judged => {
  try {
    const line = parseSignatureLine(textOf(fields['cosignature'], 'cosignature'));
    const cosigner = witnesses.find(({ name, keyId }) => name === line.name && keyId === line.keyId);
    if (!cosigner) return { state: 'unknown' };
    const time = checkCosignature(text, line, cosigner);
    return time === undefined
      ? { state: 'false', problem: `the witness ${cosigner.name} did not sign it` }
      : { state: 'counts', time, by: `the witness ${cosigner.name}` };
  } catch (error) {
    if (error instanceof NoteError) return { state: 'false', problem: `its cosignature is ${error.message}` };
    throw error;
  }
};

const judgeTimestamp = ({ fields }: Receipt, text: string, { timestamps }: TrustedAnchors): Judged => {
  const token = Buffer.from(textOf(fields['token'], 'token'), 'base64');
  if (timestamps.length === 0) return { state: 'unknown' };
  try {
    const { imprint, time } = verifyTimestamp(token, timestamps);
    const hash = createHash('sha256').update(text).digest();
    if (!imprint.equals(hash)) return { state: 'false', problem: 'its time stamp is of something else' };
    return { state: 'counts', time, by: 'a time stamp' };
  } catch (error) {
    if (error instanceof DerError) return { state: 'false', problem: `its time stamp ${error.message}` };
    throw error;
  }
};

const judge = (receipt: Receipt, trust: TrustedAnchors): Judged => {
  const { kind, origin, size, root } = receipt;
  const text = checkpointText({ origin, size, root: Buffer.from(root, 'hex') });
  if (kind === 'witness') return judgeWitness(receipt, text, trust);
  return kind === 'timestamp' ? judgeTimestamp(receipt, text, trust) : { state: 'unknown' };
};

async function* receiptLines(folder: string): AsyncGenerator<readonly [place: string, line: Buffer]> {
  for (const name of [...(await realFiles.list(folder))].sort()) {
    const path = join(folder, name);
    if (!name.endsWith('.jsonl') || (await realFiles.facts(path))?.kind !== 'file') continue;
    for await (const lines of readLines(path, MAX_RECEIPT)) {
      // A line without its end is a write that was cut short.
      for (const { bytes, offset, end } of lines) if (end !== 'file') yield [`${name}, byte ${offset}`, bytes];
    }
  }
}

/** Receipts of one kind that count for nothing. */
const tellUnknown = (what: string, unknown: ReadonlyMap<string, number>, findings: Findings): void => {
  for (const [kind, count] of unknown) {
    if (kind === 'file') continue;
    const mend =
      kind === 's3'
        ? '--online, and a trust file that names the bucket, looks them up'
        : 'no trust file names their keys';
    const many = count === 1 ? '1 receipt' : `${count} receipts`;
    findings.add('note', 'ANCHOR_UNKNOWN', `${what}: ${many} of kind ${kind} prove nothing by themselves: ${mend}.`);
  }
};

/**
 * The receipts in `anchors/` that count, for the ledgers of all origins.
 * @param what how messages call the ledger
 */
export const loadReceipts = async (
  dir: string,
  what: string,
  trust: TrustedAnchors,
  findings: Findings,
): Promise<readonly Anchored[]> => {
  const folder = join(dir, 'anchors');
  if ((await realFiles.facts(folder))?.kind !== 'folder') return [];
  const found: Anchored[] = [];
  const unknown = new Map<string, number>();
  let count = 0;
  for await (const [place, line] of receiptLines(folder)) {
    if (++count > MAX_RECEIPTS) {
      findings.add(
        'unestablished',
        'ANCHOR_RECEIPT',
        `${what}: anchors/ holds over ${MAX_RECEIPTS} receipts; the rest is not read.`,
      );
      break;
    }
    try {
      const receipt = parseReceipt(line);
      const { kind, origin, size, root } = receipt;
      const judged = judge(receipt, trust);
      if (judged.state === 'false') throw new ShapeError(judged.problem);
      if (judged.state === 'unknown') unknown.set(kind, (unknown.get(kind) ?? 0) + 1);
      else found.push({ origin, size, root, time: judged.time, by: judged.by });
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      findings.add(
        'unestablished',
        'ANCHOR_RECEIPT',
        `${what}: anchors/${place}: a receipt that does not hold: ${error.message}.`,
      );
    }
  }
  tellUnknown(what, unknown, findings);
  return found;
};
