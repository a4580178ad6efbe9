/** What stands before anything is removed: retention, legal holds, anchors, and the signatures of two custodians. */
import { timestamp } from '../../base/clock.js';
import { CountersignError } from '../../base/errors.js';
import { parseVerifierKey } from '../../base/note.js';
import { newestReceipts } from '../../ledger/anchors/receipts.js';
import type { Boundary } from '../../ledger/removal/boundary.js';
import { CUSTODIANS, type SignedOrder, signersOf } from '../../model/order.js';
import type { HoldSettings } from '../../model/removal.js';
import type { Settings } from '../../model/settings.js';
import { readOrder } from './order-file.js';

/** @param problem a whole clause */
export const refused = (problem: string): CountersignError => new CountersignError('REMOVAL_REFUSED', { problem });

/** What is kept at least: milliseconds. */
const keptFor = ({ ledger }: Settings, what: string): number => {
  const { retention = 0, recordRetention = 0 } = ledger;
  return what === 'segments' ? Math.max(retention, recordRetention) : retention;
};

/** @throws CountersignError REMOVAL_REFUSED */
export const checkRetention = (settings: Settings, what: string, { to }: Pick<Boundary, 'to'>, now: number): void => {
  const until = to + keptFor(settings, what);
  if (until <= now) return;
  const field = what === 'segments' ? 'ledger.recordRetention' : 'ledger.retention';
  throw refused(`the last of them is of ${timestamp(to)} and is kept until ${timestamp(until)} by ${field}`);
};

const covers = ({ from, to, person }: HoldSettings, first: number, last: number, subject: string | null): boolean =>
  (from === null || from <= last) &&
  (to === null || to > first) &&
  (person === null || subject === null || person === subject);

/**
 * @param person whose payloads go; null: everybody's
 * @throws CountersignError REMOVAL_REFUSED where any of it is held
 */
export const checkHolds = (
  { ledger }: Settings,
  { from, to }: Pick<Boundary, 'from' | 'to'>,
  person: string | null,
): void => {
  const hold = (ledger.holds ?? []).find((one) => covers(one, from, to, person));
  if (hold) throw refused(`the legal hold ${hold.id} covers it: ${hold.reason}`);
};

/** What is removed can be checked against an anchor for ever after, or never. @throws CountersignError REMOVAL_REFUSED */
export const checkAnchored = async (dir: string, size: number): Promise<void> => {
  const confirmed = Math.max(0, ...(await newestReceipts(dir)).map((receipt) => receipt.size));
  if (confirmed >= size) return;
  throw refused(`no anchor confirms the first ${size} records yet; \`countersign ledger anchor\` asks each now`);
};

/** @throws CountersignError REMOVAL_REFUSED unless two of the configured custodians signed it */
const checkCustodians = ({ ledger }: Settings, order: SignedOrder): void => {
  const custodians = (ledger.custodians ?? []).map(parseVerifierKey);
  if (custodians.length < CUSTODIANS)
    throw refused(`ledger.custodians names ${custodians.length} of them, and two must sign`);
  const signed = signersOf(order, custodians);
  if (signed.length >= CUSTODIANS) return;
  const names = signed.length === 0 ? 'none of them' : `${signed.map(({ name }) => name).join()} alone`;
  throw refused(`two custodians must sign the order; ${names} did`);
};

/**
 * The order in a file, for this ledger and signed by two custodians.
 * @throws CountersignError REMOVAL_REFUSED, ORDER_INVALID
 */
export const orderToCarryOut = async (
  settings: Settings,
  file: string,
  kind: SignedOrder['kind'],
): Promise<{ readonly text: string; readonly order: SignedOrder }> => {
  const found = await readOrder(file);
  if (found.order.kind !== kind || found.order.origin !== settings.ledger.origin) {
    throw refused('the order is for something else, or for another ledger');
  }
  checkCustodians(settings, found.order);
  return found;
};

/** What stands at a boundary is what the order's root says. @throws CountersignError REMOVAL_REFUSED */
export const checkHistory = (boundary: Boundary | null, { size, root }: SignedOrder): Boundary => {
  if (boundary?.size === size && boundary.range.root().toString('hex') === root) return boundary;
  throw refused('the order is for another history of this ledger');
};
