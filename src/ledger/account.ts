/** What the records of a ledger add up to, as far as its writer must know it to go on. */
import type { RecordType } from '../model/record.js';

/** What one record changes, beside being one more of its type. */
export interface Effect {
  /** Call id, of a `call` that is let through: an outcome is owed. */
  readonly opens: string | null;
  /** Of a `result`: the sequence number of the intent whose outcome it is. */
  readonly closes: number | null;
  /** Call under way to which it belongs: where it is refused, the call ends without outcome. */
  readonly within: string | null;
  /** File below the ledger, of a `recover`. */
  readonly names: string | null;
  /** Whether it ends what was begun, such as a call or a session: the last to be refused where room is short. */
  readonly ends: boolean;
}

const NONE: Effect = { opens: null, closes: null, within: null, names: null, ends: false };

const member = (d: object, name: string): unknown => Object.getOwnPropertyDescriptor(d, name)?.value;

const textOf = (d: object, name: string): string | null => {
  const value = member(d, name);
  return typeof value === 'string' ? value : null;
};

const resultEffect = (d: object): Effect => {
  const intent = member(d, 'intent');
  return { ...NONE, closes: typeof intent === 'number' ? intent : null, within: textOf(d, 'call'), ends: true };
};

/** What a record of this type and content changes. */
export const effectOf = (type: RecordType, d: object): Effect => {
  switch (type) {
    case 'call':
      return member(d, 'forwarded') === true ? { ...NONE, opens: textOf(d, 'call') } : NONE;
    case 'result':
      return resultEffect(d);
    case 'message':
    case 'masking':
      return { ...NONE, within: textOf(d, 'call') };
    case 'recover':
      return { ...NONE, names: textOf(d, 'file') };
    case 'session':
      return { ...NONE, ends: textOf(d, 'event') === 'closed' };
    default:
      return NONE;
  }
};

/** The sum over records from the first on. */
export interface Account {
  /** Records per type. */
  readonly counts: Map<RecordType, number>;
  /** Forwarded calls without a result: sequence number of the intent, and call id. */
  readonly open: Map<number, string>;
  /** Files that `recover` records name. */
  readonly named: Set<string>;
}

/** The account of a ledger without records. */
export const newAccount = (): Account => ({ counts: new Map(), open: new Map(), named: new Set() });

/** An account of its own with the same sums. */
export const copyAccount = ({ counts, open, named }: Account): Account => ({
  counts: new Map(counts),
  open: new Map(open),
  named: new Set(named),
});

/** Adds the record with this number. */
export const addTo = ({ counts, open, named }: Account, seq: number, type: RecordType, effect: Effect): void => {
  counts.set(type, (counts.get(type) ?? 0) + 1);
  if (effect.opens !== null) open.set(seq, effect.opens);
  if (effect.closes !== null) open.delete(effect.closes);
  if (effect.names !== null) named.add(effect.names);
};
