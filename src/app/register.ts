/** Takes a register of the organisation and rebuilds the warehouse with it. */
import { type Clock, systemClock } from '../base/clock.js';
import { EXIT, type ExitCode } from '../base/errors.js';
import { type TakenRegister, takeRegister } from '../collect/registers.js';
import type { RegisterKind } from '../model/registers.js';
import type { Settings } from '../model/settings.js';
import { buildWarehouse } from '../warehouse/build.js';
import { ledgerRecords } from './collect.js';
import { peerRecords } from './peer-ledgers.js';

export interface RegisterAsk {
  readonly settings: Settings;
  readonly kind: RegisterKind;
  /** The CSV file. */
  readonly file: string;
  /** The machine's, where absent. */
  readonly clock?: Clock;
  readonly onProgress?: (step: string, done: number, total: number) => void;
}

/** Exit 2 where the file has problems: then nothing was taken. */
export type RegisterSummary = TakenRegister & { readonly exit: ExitCode };

/**
 * Takes a register whole or not at all, and rebuilds the warehouse with it.
 * @throws CountersignError REGISTER_FILE, RAW_INDEX, RAW_CHANGED, and those of `buildWarehouse`
 */
export const collectRegister = async (ask: RegisterAsk): Promise<RegisterSummary> => {
  const { settings, kind, file, onProgress } = ask;
  const { dataDir } = settings.gateway;
  const taken = await takeRegister({ dataDir, kind, file, now: (ask.clock ?? systemClock()).now() });
  if (taken.snapshot === null) return { ...taken, exit: EXIT.usage };
  const onStep = (step: string, done: number, total: number): void => onProgress?.(step, done, total);
  await buildWarehouse({
    dataDir,
    records: ledgerRecords(settings),
    peers: await peerRecords(settings),
    settings,
    onStep,
  });
  return { ...taken, exit: EXIT.ok };
};
