/**
 * Orders to remove something from a ledger: notes that two custodians sign, before anything is removed
 * (docs/ledger-format.md).
 */
import { createHash } from 'node:crypto';
import { checkNote, NoteError, type NoteVerifier, parseNote, type SignedNote } from '../base/note.js';

/** Custodians who must sign an order. */
export const CUSTODIANS = 2;

const KINDS = { prune: 'countersign/ledger-prune/v1', erase: 'countersign/ledger-erase/v1' } as const;

export interface Order {
  readonly kind: keyof typeof KINDS;
  readonly origin: string;
  /** `payloads` or `segments`; of an erasure, the SHA-256 in hex of its list. */
  readonly what: string;
  /** Records from the first that it is about. */
  readonly size: number;
  /** Merkle root over them, hex. */
  readonly root: string;
  /** When it was written, RFC 3339. */
  readonly time: string;
}

export interface SignedOrder extends Order {
  readonly note: SignedNote;
}

/** The text that custodians sign. */
export const orderText = ({ kind, origin, what, size, root, time }: Order): string =>
  `${[KINDS[kind], origin, what, size, root, time].join('\n')}\n`;

const isWhat = (kind: Order['kind'], what: string): boolean =>
  kind === 'prune' ? what === 'payloads' || what === 'segments' : /^[0-9a-f]{64}$/.test(what);

/** RFC 3339 in UTC with milliseconds, in its one form. */
const isTime = (time: string): boolean =>
  !Number.isNaN(Date.parse(time)) && new Date(Date.parse(time)).toISOString() === time;

/** @throws NoteError where the text is no order in its one form */
export const parseOrder = (text: string): SignedOrder => {
  const note = parseNote(text);
  const [head, origin = '', what = '', decimal = '', root = '', time = ''] = note.text.split('\n');
  const kind = head === KINDS.prune ? 'prune' : 'erase';
  const order: Order = { kind, origin, what, size: Number(decimal), root, time };
  const isForm = /^[0-9a-f]{64}$/.test(root) && Number.isSafeInteger(order.size) && isTime(time);
  // Written again it must be the same text: no other line, no other way to write a number.
  if (!isForm || !isWhat(kind, what) || orderText(order) !== note.text)
    throw new NoteError('not an order of this form');
  return { ...order, note };
};

/** Those of these custodians whose signature stands on the order and holds. */
export const signersOf = ({ note }: SignedOrder, custodians: readonly NoteVerifier[]): readonly NoteVerifier[] =>
  custodians.filter((custodian) => checkNote(note, custodian) === true);

/** One payload: number of its record, and its name. */
export type ErasedPayload = readonly [seq: number, name: string];

/** SHA-256 over the lines `<seq> <name>`, hex: what an erasure's order names. */
export const eraseDigest = (list: Iterable<ErasedPayload>): string => {
  const hash = createHash('sha256');
  for (const [seq, name] of list) hash.update(`${seq} ${name}\n`);
  return hash.digest('hex');
};
