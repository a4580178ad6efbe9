import { Args } from '@oclif/core';
import { ProveCommand, proveFlags } from '../../cli/prove.js';
import type { ProofFile } from '../../index.js';

export default class ProveConsistency extends ProveCommand {
  static override summary = 'Make a proof file that the ledger still begins with the records it had earlier.';
  static override description =
    'Shows that the tree over the first records, whose root an auditor may have kept, is the begin of the tree of a later ' +
    'checkpoint: nothing before was changed, left out or put in. No record is in it.';
  static override examples = [
    '<%= config.bin %> prove consistency 120000 --out quarters.json',
    '<%= config.bin %> prove consistency 120000 --out quarters.json --json',
  ];
  static override args = {
    size: Args.integer({ description: 'number of records it had', required: true, min: 1 }),
  };
  static override flags = proveFlags;

  async run(): Promise<ProofFile> {
    const { args, flags } = await this.parse(ProveConsistency);
    return this.make({ kind: 'begin', size: args.size }, flags);
  }
}
