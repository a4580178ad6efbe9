/** `countersign ledger erase`: a person's payloads, wherever they stand. */
import { systemClock, timestamp } from '../../base/clock.js';
import { realFiles } from '../../base/durable.js';
import { readLedger } from '../../ledger/read.js';
import { lastBoundary } from '../../ledger/removal/boundary.js';
import { erasePayloads } from '../../ledger/removal/carry-out.js';
import { type PersonalSelection, personalPayloads } from '../../ledger/removal/select.js';
import { type ErasedPayload, eraseDigest, type Order } from '../../model/order.js';
import type { Settings } from '../../model/settings.js';
import { loadSettings } from '../config.js';
import { askWriter, type CommandDeps, ownLedgerDir } from '../own-ledger.js';
import { checkHistory, checkHolds, orderToCarryOut, refused } from './checks.js';
import { writeOrder } from './order-file.js';
import type { Prepared, RemovalDeps, RemovalResult } from './prune.js';
import { ensureRecorded } from './record.js';

/** Whose payloads, or which. */
export interface EraseAsk extends RemovalDeps {
  readonly config?: string | undefined;
  /** `issuer|subject`. */
  readonly person?: string | undefined;
  /** Numbers of further records. */
  readonly records: readonly number[];
}

/** Characters of a list: it is one payload of the record. */
const MAX_LIST = 1_000_000;

interface Found {
  readonly list: readonly ErasedPayload[];
  readonly text: string;
}

const selectionOf = ({ person = '', records }: EraseAsk): PersonalSelection => {
  if (person === '' && records.length === 0) throw refused('neither a person nor a record is named');
  return { person: person === '' ? null : person, records: new Set(records) };
};

/** The payloads, held against the legal holds. */
const find = async (settings: Settings, selection: PersonalSelection, size: number): Promise<Found> => {
  const found = await personalPayloads(readLedger(ownLedgerDir(settings)), size, selection);
  for (const { time } of found)
    checkHolds(settings, { from: time, to: time }, selection.records.size > 0 ? null : selection.person);
  const list = found.map(({ payload }) => payload);
  if (list.length === 0) throw refused('no payload of it is in the ledger');
  const text = JSON.stringify(list);
  if (text.length > MAX_LIST) throw refused(`${list.length} payloads are more than one order can name`);
  return { list, text };
};

/** What is written on is closed first: only files that nobody writes on are replaced. */
const closeSegment = async (settings: Settings, deps: CommandDeps): Promise<void> => {
  const act = async (): Promise<null> => null;
  await askWriter(settings, deps, { action: 'rotate', ask: null, act });
};

/**
 * Ends the open segment, and writes an order for what is a person's in all that is before.
 * @throws CountersignError REMOVAL_REFUSED, ORDER_INVALID, CONFIG_INVALID …
 */
export const prepareErase = async (ask: EraseAsk & { readonly file: string }): Promise<Prepared> => {
  const { config, file, clock = systemClock(), environment = process.env } = ask;
  const selection = selectionOf(ask);
  const settings = await loadSettings(config, environment);
  await closeSegment(settings, { clock, environment });
  const boundary = await lastBoundary(ownLedgerDir(settings), () => true, realFiles);
  if (!boundary) throw refused('the ledger has no segment that ended');
  const { size, range, to } = boundary;
  const { list } = await find(settings, selection, size);
  const { origin } = settings.ledger;
  const root = range.root().toString('hex');
  const order: Order = { kind: 'erase', origin, what: eraseDigest(list), size, root, time: timestamp(clock.now()) };
  await writeOrder(file, order);
  return { file, order, to: timestamp(to) };
};

/**
 * Carries out an order that two custodians signed, for the same person and records. Asked again after it was cut off,
 * it goes on.
 * @throws CountersignError REMOVAL_REFUSED, ORDER_INVALID, LEDGER_DAMAGED …
 */
export const erase = async (ask: EraseAsk & { readonly order: string }): Promise<RemovalResult> => {
  const { config, clock = systemClock(), environment = process.env } = ask;
  const selection = selectionOf(ask);
  const settings = await loadSettings(config, environment);
  const dir = ownLedgerDir(settings);
  const { text: order, order: parsed } = await orderToCarryOut(settings, ask.order, 'erase');
  const { size, what } = parsed;
  checkHistory(await lastBoundary(dir, ({ seq }) => seq < size, realFiles), parsed);
  const { list, text } = await find(settings, selection, size);
  if (eraseDigest(list) !== what) throw refused('the order is for another person, or for other records');
  const draft = { type: 'erase', d: { size, count: list.length, order }, payloads: { list: text } } as const;
  await ensureRecorded(settings, { clock, environment }, draft);
  return { dir, size, ...(await erasePayloads(dir, size, list, realFiles)) };
};
