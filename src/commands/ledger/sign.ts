import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../../cli/base.js';
import { type SignedFile, signOrder } from '../../index.js';

export default class LedgerSign extends BaseCommand {
  static override summary = "Add a custodian's signature to an order to prune or erase.";
  static override description =
    'Prints what the order says before anything else: read it. The key is an Ed25519 key as PKCS#8 PEM that its owner ' +
    'alone may read (openssl genpkey -algorithm ed25519). The configuration and the trust file name the verifier key ' +
    'that is printed.';
  static override examples = [
    '<%= config.bin %> ledger sign prune-2026-Q1.order --key alice.key --name alice@example.com',
    '<%= config.bin %> ledger sign erase-4711.order --key bob.key --name bob@example.com --json',
  ];
  static override args = { order: Args.string({ description: 'file of the order', required: true }) };
  static override flags = {
    key: Flags.string({ summary: 'file of the private key', helpValue: 'FILE', required: true }),
    name: Flags.string({ summary: 'name of the custodian', required: true }),
  };

  async run(): Promise<SignedFile> {
    const { args, flags } = await this.parse(LedgerSign);
    const signed = await signOrder({ file: args.order, key: flags.key, name: flags.name });
    const { kind, origin, what, size, time } = signed.order;
    const removed = kind === 'erase' ? `payloads of one list (${what})` : what;
    this.log(`Order of ${time}: ${kind} ${removed} of the first ${size} records of ${origin}.`);
    this.log(`It bears ${signed.signatures} signature${signed.signatures === 1 ? '' : 's'}; yours is by ${signed.key}`);
    return signed;
  }
}
