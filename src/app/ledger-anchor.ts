/** Has every anchor confirm the ledger now, and says what each answered. */
import { type Clock, systemClock } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import { isArray, type JsonValue } from '../base/json.js';
import type { Anchoring } from '../ledger/anchors/anchoring.js';
import { isJsonObject } from '../ledger/format.js';
import type { OpenedLedger } from '../ledger/opening.js';
import type { Settings } from '../model/settings.js';
import { anchorLedger, checkAnchors, openAnchors } from './anchors.js';
import { loadSettings } from './config.js';
import { askWriter, type CommandDeps, ownLedgerDir } from './own-ledger.js';

export interface AnchorAsk {
  readonly config?: string | undefined;
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What one anchor answered. */
export interface AnchorAnswered {
  readonly name: string;
  /** Records that it confirms, or was asked to. */
  readonly size: number;
  /** Null where it confirms. */
  readonly problem: string | null;
}

export interface Anchored {
  readonly dir: string;
  readonly anchors: readonly AnchorAnswered[];
  /** Who asked: the running gateway, or this command where none runs. */
  readonly by: 'gateway' | 'command';
}

/** What a running gateway does for the command. */
export const anchorNow = async (anchoring: Pick<Anchoring, 'now'>): Promise<JsonValue> =>
  (await anchoring.now()).map(({ name, size, problem }) => ({ name, size, problem }));

const anchorAlone = async (
  settings: Settings,
  { clock, environment }: CommandDeps,
  ledger: OpenedLedger,
): Promise<JsonValue> => {
  const { dir } = ledger;
  const own = await openAnchors(settings, { dir, sign: (text) => ledger.signRoot(text), clock, environment });
  await checkAnchors(settings, dir, own, () => {});
  const anchoring = await anchorLedger(ledger, own, clock, () => {});
  try {
    return await anchorNow(anchoring);
  } finally {
    await anchoring.close();
  }
};

const answerOf = (value: JsonValue): AnchorAnswered => {
  const { name, size, problem } = isJsonObject(value) ? value : {};
  const isProblem = problem === null || typeof problem === 'string';
  if (typeof name === 'string' && typeof size === 'number' && isProblem) return { name, size, problem };
  throw new CountersignError('CONTROL_FAILED', { problem: 'the answer names no anchor' });
};

/**
 * Asks each anchor of the configuration, through the gateway where one runs.
 * @throws CountersignError USAGE where none is named; LEDGER_ROLLED_BACK, LEDGER_LOCKED, CONFIG_INVALID …
 */
export const anchorOwnLedger = async (ask: AnchorAsk = {}): Promise<Anchored> => {
  const { config, clock = systemClock(), environment = process.env } = ask;
  const settings = await loadSettings(config, environment);
  if ((settings.ledger.anchors ?? []).length === 0) {
    throw new CountersignError('USAGE', { problem: 'the configuration names no anchor under ledger.anchors' });
  }
  const deps = { clock, environment };
  const act = (ledger: OpenedLedger): Promise<JsonValue> => anchorAlone(settings, deps, ledger);
  const { value, by } = await askWriter(settings, deps, { action: 'anchor', ask: null, act });
  const answers = typeof value === 'object' && value !== null && isArray(value) ? value : [];
  return { dir: ownLedgerDir(settings), anchors: answers.map(answerOf), by };
};
