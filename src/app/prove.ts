/** Proof files of a ledger, for an auditor who shall not have all of it. */
import { writeFile } from 'node:fs/promises';
import { CountersignError, reason } from '../base/errors.js';
import { ledgerDir } from '../ledger/folder.js';
import { type ProofAsk, proveFrom } from '../ledger/prove.js';
import type { ProofFile } from '../model/proof.js';
import { loadSettings } from './config.js';

export type { ProofAsk } from '../ledger/prove.js';

/** What `countersign prove` is asked for. */
export interface ProveAsk {
  readonly ask: ProofAsk;
  /** Folder of the ledger; absent: the one of the configuration. */
  readonly dir?: string | undefined;
  readonly config?: string | undefined;
  /** Size of the checkpoint to prove against; absent: the last one. */
  readonly at?: number | undefined;
  /** A file to write to, which must not be there. */
  readonly out?: string | undefined;
}

const configuredDir = async (config: string | undefined): Promise<string> => {
  const { gateway, ledger } = await loadSettings(config);
  return ledgerDir(gateway.dataDir, ledger.origin);
};

/**
 * A proof file, written where one is named.
 * @throws CountersignError USAGE, LEDGER_NOT_FOUND, LEDGER_DAMAGED
 */
export const prove = async ({ ask, dir, config, at, out }: ProveAsk): Promise<ProofFile> => {
  const proof = await proveFrom({ dir: dir ?? (await configuredDir(config)), ask, at });
  if (out === undefined) return proof;
  try {
    // It holds payloads: for nobody else on this machine.
    await writeFile(out, `${JSON.stringify(proof, null, 2)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw new CountersignError('USAGE', { problem: `${out} cannot be written: ${reason(error)}` });
  }
  return proof;
};
