/**
 * What was taken out of a ledger by order: payloads, or its oldest segments. An order counts by the signatures of two
 * custodians of the trust file, over the root of the records that it is about.
 */
import { restoreCompactRange } from '../base/merkle.js';
import { NoteError } from '../base/note.js';
import type { RecordLine } from '../ledger/format.js';
import {
  CUSTODIANS,
  type ErasedPayload,
  eraseDigest,
  parseOrder,
  type SignedOrder,
  signersOf,
} from '../model/order.js';
import type { Pruned } from '../model/pruned.js';
import type { Findings } from './findings.js';
import { countOf, listOf, readJson, ShapeError, textOf } from './shape.js';
import type { TrustedKeys } from './trust.js';

/** Missing payloads that are held one by one; those beyond must be covered by a pruning. */
const MAX_SINGLE = 200_000;
/** Of these the place is known. */
const MAX_PLACES = 1_000;

/** A removal that is ordered. */
interface Ordered {
  readonly order: SignedOrder;
  readonly seq: number;
  /** Names of those who signed, by the trust file; empty where it names none. */
  readonly by: readonly string[];
}

export interface RemovalOptions {
  readonly trust: Pick<TrustedKeys, 'custodians'>;
  readonly findings: Findings;
  /** How messages call the ledger. */
  readonly what: string;
  /** Where the ledger begins; null: at its first record. */
  readonly pruned: Pruned | null;
}

const nameOf = (seq: number, name: string): string => `${seq} ${name}`;

/** Follows the `prune` and `erase` records of one ledger, and what is missing in it. */
export class RemovalWalk {
  private readonly options: RemovalOptions;
  /** Root over the records before each segment, hex. */
  private readonly roots = new Map<number, string>();
  private readonly ordered: Ordered[] = [];
  private readonly erased = new Set<string>();
  /** The erasure whose list comes next. */
  private pending: Ordered | null = null;
  /** Missing payloads, and where the line is that should follow them. */
  private readonly missed = new Map<string, { readonly seq: number; readonly message: string | null }>();
  private beyond = -1;

  constructor(options: RemovalOptions) {
    this.options = options;
    const { pruned } = options;
    const range = pruned && restoreCompactRange(pruned.size, pruned.peaks);
    if (pruned && range) this.roots.set(pruned.size, range.root().toString('hex'));
  }

  /** Before the first record of each segment. */
  boundary(size: number, root: () => Buffer): void {
    if (size > 0) this.roots.set(size, root().toString('hex'));
  }

  /** A payload that is not where it belongs. */
  missing(seq: number, name: string, message: string): void {
    if (this.missed.size < MAX_SINGLE) {
      this.missed.set(nameOf(seq, name), { seq, message: this.missed.size < MAX_PLACES ? message : null });
    } else this.beyond = Math.max(this.beyond, seq);
  }

  /** @param origin of the ledger */
  record(record: RecordLine, origin: string | undefined): void {
    this.pending = null;
    if (record.type !== 'prune' && record.type !== 'erase') return;
    const ordered = this.judge(record, origin);
    if (!ordered) return;
    if (record.type === 'prune') this.ordered.push(ordered);
    else this.pending = ordered;
  }

  /** A payload of the last record. */
  payload(name: string, data: Buffer | null): void {
    const { pending } = this;
    if (!pending || name !== 'list') return;
    try {
      if (!data) throw new ShapeError('its list is too long');
      const list = listOf(readJson(data), 'its list', (entry, where): ErasedPayload => {
        const [seq, payload] = listOf(entry, where, (item) => item);
        return [countOf(seq, `${where}[0]`), textOf(payload, `${where}[1]`)];
      });
      if (eraseDigest(list) !== pending.order.what) throw new ShapeError('its list is not the one that was ordered');
      for (const [seq, payload] of list) if (seq < pending.order.size) this.erased.add(nameOf(seq, payload));
      this.ordered.push(pending);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      this.refuse(pending.seq, 'ERASE_UNAUTHORISED', error.message);
    }
    this.pending = null;
  }

  /**
   * After the last record.
   * @param confirmed records that anchors confirm, from the first
   * @param origin of the ledger
   */
  end(confirmed: number, origin: string | undefined): void {
    const to = Math.max(
      0,
      ...this.ordered.filter(({ order }) => order.kind === 'prune').map(({ order }) => order.size),
    );
    for (const [key, { seq, message }] of this.missed) {
      if (seq < to || this.erased.delete(key)) continue;
      this.add('integrity', 'PAYLOAD_MISSING', message ?? `${this.options.what}: the payload ${key} is missing.`);
    }
    if (this.beyond >= to) {
      this.add(
        'integrity',
        'PAYLOAD_MISSING',
        `${this.options.what}: payloads up to that of record ${this.beyond} are missing.`,
      );
    }
    this.endErased(to);
    for (const ordered of this.ordered) this.tell(ordered);
    const { pruned } = this.options;
    if (!pruned) return;
    if (pruned.origin !== origin) {
      this.add('integrity', 'PRUNE_UNPROVEN', `${this.options.what}: pruned.json is of another ledger.`);
    }
    this.endPruned(pruned, confirmed);
  }

  /** What was ordered to be erased and is still here. */
  private endErased(to: number): void {
    if (this.beyond >= 0) return;
    const left = [...this.erased].filter(
      (key) => Number(key.split(' ', 1)[0]) >= Math.max(to, this.options.pruned?.size ?? 0),
    );
    if (left.length === 0) return;
    const message = `${this.options.what}: ${left.length} payloads that were ordered to be erased are still here: run the erasure again.`;
    this.add('incomplete', 'ERASE_UNFINISHED', message);
  }

  private endPruned({ size }: Pruned, confirmed: number): void {
    const { what } = this.options;
    const isOrdered = this.ordered.some(({ order }) => order.what === 'segments' && order.size >= size);
    if (!isOrdered) {
      const message = `${what}: records 0 to ${size - 1} were removed, and no order of two custodians to remove them is in what remains.`;
      this.add('integrity', 'PRUNE_UNAUTHORISED', message);
    }
    if (confirmed >= size) return;
    const message = `${what}: what stood in records 0 to ${size - 1} is the word of whoever removed them: no anchor of ${size} or more records confirms it.`;
    this.add('unestablished', 'PRUNE_UNPROVEN', message);
  }

  private tell({ order, by, seq }: Ordered): void {
    const { what } = this.options;
    const removed =
      order.kind === 'erase'
        ? 'payloads of a person'
        : `${order.what === 'segments' ? 'records' : 'payloads of records'} 0 to ${order.size - 1}`;
    const which = `${what}: ${removed} were removed by the order in record ${seq}, of ${order.time}`;
    if (by.length > 0) this.options.findings.establish(`${which}, signed by ${by.join(' and ')}.`);
    else
      this.add(
        'unestablished',
        'REMOVAL_UNCONFIRMED',
        `${which}; who signed it is not established: the trust file names no custodians.`,
      );
  }

  private judge(record: RecordLine, origin: string | undefined): Ordered | null {
    const { seq, type, d } = record;
    const code = type === 'prune' ? 'PRUNE_UNAUTHORISED' : 'ERASE_UNAUTHORISED';
    try {
      const order = parseOrder(typeof d['order'] === 'string' ? d['order'] : '');
      const fault = this.faultOf(order, record, origin);
      if (fault === null)
        return { order, seq, by: signersOf(order, this.options.trust.custodians).map(({ name }) => name) };
      this.refuse(seq, code, fault);
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      this.refuse(seq, code, `its order cannot be read: ${error.message}`);
    }
    return null;
  }

  private faultOf(order: SignedOrder, { type, d, seq }: RecordLine, origin: string | undefined): string | null {
    const { custodians } = this.options.trust;
    const isThis = order.kind === type && order.size === d['size'] && (type === 'erase' || order.what === d['what']);
    if (!isThis || order.origin !== origin || order.size > seq) return 'its order is for something else';
    if (order.root !== this.roots.get(order.size)) return 'its order is for another history';
    const signatures = custodians.length === 0 ? order.note.signatures.length : signersOf(order, custodians).length;
    if (signatures < CUSTODIANS) return `its order is not signed by ${CUSTODIANS} custodians`;
    return null;
  }

  private refuse(seq: number, code: string, problem: string): void {
    this.add('integrity', code, `${this.options.what}: record ${seq} removes something, but ${problem}.`);
  }

  private add(severity: Parameters<Findings['add']>[0], code: string, message: string): void {
    this.options.findings.add(severity, code, message);
  }
}
