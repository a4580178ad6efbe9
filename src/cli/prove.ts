import { Flags } from '@oclif/core';
import { type ProofAsk, type ProofFile, prove } from '../index.js';
import { BaseCommand, configFlag } from './base.js';

/** The flags of every kind of proof. */
export const proveFlags = {
  config: configFlag,
  ledger: Flags.string({ summary: 'folder of the ledger (default: of the configuration)', helpValue: 'DIR' }),
  at: Flags.integer({
    summary: 'prove against the checkpoint over so many records, such as one the auditor kept (default: the last)',
    helpValue: 'SIZE',
    min: 1,
  }),
  out: Flags.string({ char: 'o', summary: 'a new file to write to (default: standard output)', helpValue: 'FILE' }),
};

interface Given {
  readonly config?: string | undefined;
  readonly ledger?: string | undefined;
  readonly at?: number | undefined;
  readonly out?: string | undefined;
}

/** Makes a proof, and prints it or says where it is. */
export abstract class ProveCommand extends BaseCommand {
  protected async make(ask: ProofAsk, { config, ledger, at, out }: Given): Promise<ProofFile> {
    const proof = await prove({ ask, dir: ledger, config, at, out });
    if (out === undefined) this.log(JSON.stringify(proof, null, 2));
    else this.log(`${out} verifies alone: countersign verify ${out} --trust trust.json`);
    return proof;
  }
}
