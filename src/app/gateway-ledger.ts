/** The ledger of a gateway: compared with its anchors, opened, and anchored as it grows. */
import type { KeyObject } from 'node:crypto';
import { reason } from '../base/errors.js';
import type { Anchoring } from '../ledger/anchors/anchoring.js';
import { openLedger } from '../ledger/append.js';
import type { OpenedLedger } from '../ledger/opening.js';
import { type RemoteKey, rootKey, rootLine } from '../ledger/root.js';
import type { Settings } from '../model/settings.js';
import { anchorLedger, checkAnchors, openAnchors } from './anchors.js';
import { createListeners } from './approval-page.js';
import { ownLedgerDir } from './own-ledger.js';
import { KEPT } from './restore.js';
import type { WireDeps } from './wire-deps.js';

/** Milliseconds between attempts to write again, after the disk failed. */
const RETRY = { first: 1_000, most: 30_000 };

/** Opens the ledger: from here on everything can be recorded. */
const openOwnLedger = (
  settings: Settings,
  deps: WireDeps,
  key: KeyObject | RemoteKey,
  told: { readonly onResumed: () => void; readonly onSealed: () => void },
): Promise<OpenedLedger> => {
  const { origin, heartbeat, rotate, reserve } = settings.ledger;
  return openLedger({
    dir: ownLedgerDir(settings),
    origin,
    key,
    clock: deps.clock,
    heartbeat,
    retry: RETRY,
    keep: KEPT,
    onFailure: ({ message }) => deps.log.error({ problem: message }, 'the ledger cannot be written; calls are refused'),
    onProblem: (error) => deps.log.warn({ problem: reason(error) }, 'the ledger still cannot; it is tried again'),
    onResumed: () => {
      deps.log.info({}, 'the ledger is written again');
      told.onResumed();
    },
    onSealed: told.onSealed,
    ...(reserve ? { reserve } : {}),
    ...(rotate ? { rotate } : {}),
    ...(deps.files ? { files: deps.files } : {}),
  });
};

/** Opens the ledger where no anchor knows another history of it, and has it anchored from then on. */
export const openAnchored = async (
  settings: Settings,
  deps: WireDeps,
  key: KeyObject | RemoteKey,
  onResumed: () => void,
): Promise<{ readonly ledger: OpenedLedger; readonly anchoring: Anchoring }> => {
  const { clock, environment, log } = deps;
  const { origin } = settings.ledger;
  const dir = ownLedgerDir(settings);
  const root = rootKey(dir, origin, key);
  const own = await openAnchors(settings, { dir, sign: (text) => rootLine(root, text), clock, environment });
  await checkAnchors(settings, dir, own, log.warn.bind(log));
  const sealed = createListeners();
  const ledger = await openOwnLedger(settings, deps, key, { onResumed, onSealed: sealed.tell });
  const anchoring = await anchorLedger(ledger, own, clock, ({ name, problem, failures }) => {
    if (problem === null) log.info({ anchor: name }, 'an anchor confirms again');
    else log.warn({ anchor: name, problem, failures }, 'an anchor does not confirm; it is tried again');
  });
  sealed.subscribe(() => void anchoring.now());
  return { ledger, anchoring };
};
