/** `countersign ledger prune`: payloads, and later whole segments, that nobody must keep any more. */
import { type Clock, systemClock, timestamp } from '../../base/clock.js';
import { realFiles } from '../../base/durable.js';
import { readPruned } from '../../ledger/pruned.js';
import { type Boundary, lastBoundary } from '../../ledger/removal/boundary.js';
import { finishPruning, prunePayloads, pruneSegments, type Removed } from '../../ledger/removal/carry-out.js';
import type { Order } from '../../model/order.js';
import type { Settings } from '../../model/settings.js';
import { loadSettings } from '../config.js';
import { ownLedgerDir } from '../own-ledger.js';
import { checkAnchored, checkHistory, checkHolds, checkRetention, orderToCarryOut, refused } from './checks.js';
import { writeOrder } from './order-file.js';
import { ensureRecorded } from './record.js';

export interface RemovalDeps {
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What a new order is asked for. */
export interface PreparePruneAsk extends RemovalDeps {
  readonly config?: string | undefined;
  /** Records before this time, RFC 3339 or a date. */
  readonly before: string;
  readonly what: 'payloads' | 'segments';
  /** Where the order is written. */
  readonly file: string;
}

/** An order that custodians are to sign. */
export interface Prepared {
  readonly file: string;
  readonly order: Order;
  /** Time of the last record that it concerns. */
  readonly to: string;
}

const check = async (settings: Settings, what: string, boundary: Boundary, now: number): Promise<void> => {
  checkRetention(settings, what, boundary, now);
  checkHolds(settings, boundary, null);
  await checkAnchored(ownLedgerDir(settings), boundary.size);
};

const rootOf = ({ range }: Boundary): string => range.root().toString('hex');

/**
 * Writes an order for what could be removed now.
 * @throws CountersignError REMOVAL_REFUSED, ORDER_INVALID, CONFIG_INVALID …
 */
export const preparePrune = async (ask: PreparePruneAsk): Promise<Prepared> => {
  const { config, before, what, file, clock = systemClock(), environment = process.env } = ask;
  const settings = await loadSettings(config, environment);
  const limit = Date.parse(before);
  if (Number.isNaN(limit)) throw refused(`${JSON.stringify(before)} is no time`);
  const boundary = await lastBoundary(ownLedgerDir(settings), ({ time }) => time < limit, realFiles);
  if (!boundary) throw refused(`no whole segment is older than ${timestamp(limit)}`);
  await check(settings, what, boundary, clock.now());
  const { origin } = settings.ledger;
  const order: Order = {
    kind: 'prune',
    origin,
    what,
    size: boundary.size,
    root: rootOf(boundary),
    time: timestamp(clock.now()),
  };
  await writeOrder(file, order);
  return { file, order, to: timestamp(boundary.to) };
};

/** What came of a removal. */
export interface RemovalResult extends Removed {
  readonly dir: string;
  /** Records that it concerns, from the first. */
  readonly size: number;
}

/**
 * Carries out an order that two custodians signed: puts it on record, then removes. Asked again after it was cut off,
 * it goes on.
 * @throws CountersignError REMOVAL_REFUSED, ORDER_INVALID, LEDGER_DAMAGED …
 */
export const prune = async (
  ask: RemovalDeps & { readonly config?: string | undefined; readonly order: string },
): Promise<RemovalResult> => {
  const { config, clock = systemClock(), environment = process.env } = ask;
  const settings = await loadSettings(config, environment);
  const dir = ownLedgerDir(settings);
  const { text, order } = await orderToCarryOut(settings, ask.order, 'prune');
  const { size } = order;
  const what = order.what === 'segments' ? 'segments' : 'payloads';
  const gone = (await readPruned(dir, realFiles))?.size ?? 0;
  if (gone >= size) return { dir, size, payloads: 0, segments: await finishPruning(dir, realFiles), days: 0 };
  const boundary = checkHistory(await lastBoundary(dir, ({ seq }) => seq < size, realFiles), order);
  await check(settings, what, boundary, clock.now());
  await ensureRecorded(settings, { clock, environment }, { type: 'prune', d: { what, size, order: text } });
  const removed =
    what === 'payloads'
      ? await prunePayloads(dir, boundary, realFiles)
      : await pruneSegments(dir, order.origin, boundary, realFiles);
  return { dir, size, ...removed };
};
