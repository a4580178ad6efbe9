import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { state } from '../cli/print.js';
import { EXIT, type ExitCode, type Finding, onlineBuckets, type Verification, verifyPath } from '../index.js';

const isExit = (code: number): code is ExitCode => Object.values<number>(EXIT).includes(code);

const SHOWN = { integrity: 'fail', incomplete: 'open', unestablished: 'open', note: 'open' } as const;

const ANSWERS: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'Verified: everything is established.',
  [EXIT.incomplete]: 'Incomplete: what is there is consistent, but something is missing.',
  [EXIT.integrity]: 'Changed: this does not verify.',
  [EXIT.unanchored]: 'Consistent; what is listed above is not established.',
};

export default class Verify extends BaseCommand {
  static override summary = 'Verify a ledger, an evidence package or a proof file, offline.';
  static override description =
    'Believes only what the trust file names, which must come to the auditor apart from the package. Uses nothing of the ' +
    'program that wrote the evidence. Ends with 0 where everything is established, 13 where it is consistent but something ' +
    'is not, 11 where something is missing, 12 where anything was changed.';
  static override examples = [
    '<%= config.bin %> verify evidence/2026-Q3 --trust trust.json',
    '<%= config.bin %> verify data/ledger/example.com_mcp_gw-1 --json',
  ];
  static override args = {
    path: Args.string({ description: 'folder of the package or ledger, or a proof file', required: true }),
  };
  static override flags = {
    trust: Flags.string({ summary: "the auditor's trust file", helpValue: 'FILE' }),
    online: Flags.boolean({
      summary: 'read anchors in the buckets that the trust file names, with your own credentials',
    }),
  };

  private progress(done: number, total: number): void {
    if (!this.err.interactive) return;
    const share = total === 0 ? 100 : Math.floor((done / total) * 100);
    process.stderr.write(`\r\u001b[K${this.err.paint('dim', `verifying ${share} %`)}`);
  }

  private print({ severity, message }: Finding): void {
    this.log(`${state(this.out, SHOWN[severity])}  ${message}`);
  }

  async run(): Promise<Verification> {
    const { args, flags } = await this.parse(Verify);
    const verification = await verifyPath(args.path, {
      ...(flags.trust === undefined ? {} : { trust: flags.trust }),
      ...(flags.online ? { online: onlineBuckets() } : {}),
      onProgress: ({ done, total }) => this.progress(done, total),
    });
    if (this.err.interactive) process.stderr.write('\r\u001b[K');
    for (const line of verification.established) this.log(`${state(this.out, 'pass')}  ${line}`);
    for (const finding of verification.findings) this.print(finding);
    this.log(`\n${ANSWERS[verification.exit] ?? ''}`);
    this.finish(isExit(verification.exit) ? verification.exit : EXIT.unexpected);
    return verification;
  }
}
