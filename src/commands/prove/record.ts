import { Args } from '@oclif/core';
import { ProveCommand, proveFlags } from '../../cli/prove.js';
import { CountersignError, type ProofFile } from '../../index.js';

const MOST = 100_000;

export default class ProveRecord extends ProveCommand {
  static override summary = 'Make a proof file of single records, such as a sample, that verifies alone.';
  static override description =
    'Holds the records as written with their payloads, the path of each to the root of a signed checkpoint, and the ' +
    'certificate of the key that signed it. The rest of the ledger is not in it. Payload lines may be cut out of the file.';
  static override examples = [
    '<%= config.bin %> prove record 17 4711 90210 --out sample.json',
    '<%= config.bin %> prove record 17 --out record.json',
    '<%= config.bin %> verify sample.json --trust trust.json',
  ];
  // Every argument is one; the first is named to be required.
  static override strict = false;
  static override args = { seq: Args.string({ description: 'numbers of records', required: true }) };
  static override flags = proveFlags;

  async run(): Promise<ProofFile> {
    const { argv, flags } = await this.parse(ProveRecord);
    const seqs = argv.slice(0, MOST + 1).map((text) => (/^\d{1,15}$/.test(String(text)) ? Number(text) : Number.NaN));
    if (seqs.some(Number.isNaN)) throw new CountersignError('USAGE', { problem: 'records are named by their numbers' });
    return this.make({ kind: 'records', seqs }, flags);
  }
}
