import { Args, Flags } from '@oclif/core';
import { ProveCommand, proveFlags } from '../../cli/prove.js';
import type { ProofFile } from '../../index.js';

export default class ProveRange extends ProveCommand {
  static override summary = 'Make a proof file of all records from one to another, that none is missing.';
  static override description =
    'Between the first and the last record nothing can be left out: those that are to stay private are in it as leaf hash ' +
    'alone. Payload lines may be cut out of the file.';
  static override examples = [
    '<%= config.bin %> prove range 4700 4724 --out range.json',
    '<%= config.bin %> prove range 4700 4724 --redact 4703 --out range.json',
  ];
  static override args = {
    first: Args.integer({ description: 'number of the first record', required: true, min: 0 }),
    last: Args.integer({ description: 'number of the last record', required: true, min: 0 }),
  };
  static override flags = {
    ...proveFlags,
    redact: Flags.integer({
      summary: 'a record that stands there as its hash alone',
      helpValue: 'SEQ',
      multiple: true,
      multipleNonGreedy: true,
      min: 0,
    }),
  };

  async run(): Promise<ProofFile> {
    const { args, flags } = await this.parse(ProveRange);
    const redacted = new Set(flags.redact);
    return this.make({ kind: 'range', from: args.first, to: args.last + 1, redacted }, flags);
  }
}
