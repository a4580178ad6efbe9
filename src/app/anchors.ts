/** The anchors of a ledger, from its settings: compared before writing begins, then asked as it grows. */
import { openS3Client } from '../base/aws-client.js';
import { type Clock, timestamp } from '../base/clock.js';
import { parseCosigner } from '../base/cosignature.js';
import { CountersignError } from '../base/errors.js';
import type { Anchor } from '../ledger/anchors/anchor.js';
import { type AnchoredLedger, type Anchoring, startAnchoring } from '../ledger/anchors/anchoring.js';
import { createFileAnchor } from '../ledger/anchors/file.js';
import { newestReceipts } from '../ledger/anchors/receipts.js';
import { createS3Anchor } from '../ledger/anchors/s3.js';
import { type AnchorStanding, compareAnchors, refuseRollback } from '../ledger/anchors/start.js';
import { createTimestampAnchor } from '../ledger/anchors/timestamp.js';
import { createWitnessAnchor } from '../ledger/anchors/witness.js';
import type { AnchorSettings } from '../model/anchor.js';
import type { Ledger } from '../model/ports.js';
import type { Settings } from '../model/settings.js';

/** What anchors need of the process they run in. */
export interface AnchorDeps {
  /** Folder of the ledger. */
  readonly dir: string;
  /** The root key's signature line over a text. */
  readonly sign: (text: string) => Promise<string>;
  readonly clock: Clock;
  /** The environment of this process, which the SDK of AWS reads. */
  readonly environment: Record<string, string | undefined>;
}

type S3Settings = Extract<AnchorSettings, { kind: 's3' }>;

const openS3 = async (settings: S3Settings, origin: string, { clock, environment }: AnchorDeps): Promise<Anchor> => {
  const { name, bucket, prefix, retention } = settings;
  const client = await openS3Client({ ...settings, session: 'countersign-anchor' }, environment);
  return createS3Anchor({ name, origin, bucket, prefix, retention, client, clock });
};

const openAnchor = async (settings: AnchorSettings, origin: string, deps: AnchorDeps): Promise<Anchor> => {
  const { fetch } = globalThis;
  const { name } = settings;
  if (settings.kind === 's3') return openS3(settings, origin, deps);
  if (settings.kind === 'timestamp') return createTimestampAnchor({ name, url: settings.url, fetch });
  if (settings.kind === 'file') return createFileAnchor({ name, path: settings.path });
  const { dir, sign } = deps;
  return createWitnessAnchor({ name, url: settings.url, cosigner: parseCosigner(settings.key), sign, dir, fetch });
};

/** An anchor and its settings. */
export interface OwnAnchor {
  readonly anchor: Anchor;
  readonly every: number;
}

/** The anchors that the settings name; nothing is asked of them yet. */
export const openAnchors = ({ ledger }: Settings, deps: AnchorDeps): Promise<readonly OwnAnchor[]> =>
  Promise.all(
    (ledger.anchors ?? []).map(async (anchor) => ({
      anchor: await openAnchor(anchor, ledger.origin, deps),
      every: anchor.every,
    })),
  );

/** Longest time that all anchors together may take to answer before writing begins, milliseconds. */
const START_TIMEOUT = 60_000;

/** How each anchor, and each receipt on this machine, stands to this ledger. @param lookOnly see `LatestAsk` */
export const standingsOf = (
  { ledger }: Settings,
  dir: string,
  own: readonly OwnAnchor[],
  lookOnly: boolean,
): Promise<readonly AnchorStanding[]> =>
  compareAnchors(
    { dir, origin: ledger.origin },
    own.map(({ anchor }) => anchor),
    AbortSignal.timeout(START_TIMEOUT),
    lookOnly,
  );

/**
 * Before the ledger is opened for writing. What could not be asked is told and does not hold up the start.
 * @throws CountersignError LEDGER_ROLLED_BACK
 */
export const checkAnchors = async (
  settings: Settings,
  dir: string,
  own: readonly OwnAnchor[],
  warn: (facts: object, text: string) => void,
): Promise<void> => {
  for (const { name, problem } of refuseRollback(dir, await standingsOf(settings, dir, own, false))) {
    warn({ anchor: name, problem }, 'an anchor could not be asked whether it knows a longer history of this ledger');
  }
};

/** Has a ledger that is open anchored from here on. */
export const anchorLedger = async (
  ledger: AnchoredLedger,
  own: readonly OwnAnchor[],
  clock: Clock,
  onOutcome: Parameters<typeof startAnchoring>[0]['onOutcome'],
): Promise<Anchoring> => {
  const receipts = await newestReceipts(ledger.dir);
  const since = (anchor: Anchor): number => receipts.find(({ name }) => name === anchor.name)?.size ?? 0;
  const plans = own.map(({ anchor, every }) => ({ anchor, every, since: since(anchor) }));
  return startAnchoring({ ledger, plans, clock, onOutcome });
};

/**
 * Since when records have been unconfirmed, milliseconds since 1970; null where that is no longer than is allowed.
 * @param limit `ledger.maxUnanchored`, milliseconds; null: however long
 */
export const overdueSince = (
  { window }: Pick<Anchoring, 'window'>,
  limit: number | null,
  clock: Pick<Clock, 'now'>,
): number | null => {
  const { since } = window;
  return limit !== null && since !== null && clock.now() - since > limit ? since : null;
};

/**
 * A ledger that takes no call to forward while that is so.
 * @param overdue see `overdueSince`
 */
export const limitUnanchored = (ledger: Ledger, overdue: () => number | null): Ledger => ({
  append(draft) {
    const since = draft.type === 'call' && draft.d.forwarded ? overdue() : null;
    if (since === null) return ledger.append(draft);
    return Promise.reject(new CountersignError('LEDGER_UNANCHORED', { since: timestamp(since) }));
  },
  get healthy() {
    return ledger.healthy;
  },
  close: (reason) => ledger.close(reason),
});

/** What `/healthz` says of anchors; nothing where none is named. */
export const anchorHealth = (anchoring: Anchoring | null): Readonly<Record<string, string | number>> => {
  if (!anchoring || anchoring.status.length === 0) return {};
  const { records, since } = anchoring.window;
  const failing = anchoring.status.filter(({ failures }) => failures > 0).length;
  const answer = failing === 0 ? 'all answer' : `${failing} of ${anchoring.status.length} do not answer`;
  return {
    anchors: answer,
    unanchored_records: records,
    ...(since === null ? {} : { unanchored_since: timestamp(since) }),
  };
};
