/** `countersign keys`: what an auditor's trust file names of this organisation. */

import { rootKey } from '../ledger/root.js';
import type { Settings } from '../model/settings.js';
import { ledgerKey, ownLedgerDir } from './own-ledger.js';
import { reportSigner } from './report.js';

/** C2SP verifier keys, under the names that a trust file has for them. They are public. */
export interface VerifierKeys {
  readonly ledgers: readonly string[];
  readonly reports: readonly string[];
}

/**
 * The verifier keys of the configuration. Nothing is written, and no ledger needs to be there.
 * @throws CountersignError KEY_FILE, SECRET_MISSING, CONFIG_DEMO, ROOT_KEY_UNAVAILABLE
 */
export const verifierKeys = async (
  settings: Settings,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<VerifierKeys> => {
  const root = rootKey(ownLedgerDir(settings), settings.ledger.origin, await ledgerKey(settings, environment));
  const report = await reportSigner(settings, environment);
  return { ledgers: [root.key], reports: [report.key] };
};
