/** Ends the open segment of the ledger at a moment of the operator's choice. */
import { type Clock, systemClock } from '../base/clock.js';
import { CountersignError } from '../base/errors.js';
import { loadSettings } from './config.js';
import { askWriter, ownLedgerDir } from './own-ledger.js';

export interface RotateAsk {
  readonly config?: string | undefined;
  readonly clock?: Clock;
  readonly environment?: NodeJS.ProcessEnv;
}

/** What became of it. */
export interface Rotated {
  readonly dir: string;
  /** First record of the segment that begins; its key is new, and the key of the segment before is gone. */
  readonly segment: number;
  /** Who did it: the running gateway, or this command where none runs. */
  readonly by: 'gateway' | 'command';
}

/**
 * Begins the next segment. Where no gateway runs, opening the ledger begins one, and it is closed again.
 * @throws CountersignError CONFIG_NOT_FOUND, CONFIG_INVALID, LEDGER_LOCKED, LEDGER_WRITE_FAILED, ROOT_KEY_UNAVAILABLE
 */
export const rotateLedger = async (ask: RotateAsk = {}): Promise<Rotated> => {
  const { config, clock = systemClock(), environment = process.env } = ask;
  const settings = await loadSettings(config, environment);
  const { value, by } = await askWriter(
    settings,
    { clock, environment },
    { action: 'rotate', ask: null, act: async (ledger) => ({ segment: (await ledger.rotate()).seq }) },
  );
  const segment = typeof value === 'object' && value !== null && 'segment' in value ? value.segment : undefined;
  if (typeof segment === 'number') return { dir: ownLedgerDir(settings), segment, by };
  throw new CountersignError('CONTROL_FAILED', { problem: 'the answer names no segment' });
};
