import { Args, Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base.js';
import { progress } from '../cli/progress.js';
import { verificationLines } from '../cli/verification.js';
import { CountersignError, EXIT, type ExitCode, onlineBuckets, type Verification, verifyPath } from '../index.js';

const isExit = (code: number): code is ExitCode => Object.values<number>(EXIT).includes(code);

const ANSWERS: Readonly<Record<number, string>> = {
  [EXIT.ok]: 'Verified: everything is established.',
  [EXIT.incomplete]: 'Incomplete: what is there is consistent, but something is missing.',
  [EXIT.integrity]: 'Changed: this does not verify.',
  [EXIT.unanchored]: 'Consistent; what is listed above is not established.',
};

/** A date, or a time with its zone. */
const timeOf = (text: string): number => {
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    throw new CountersignError('USAGE', { problem: '--since takes a date, or a time with its zone (RFC 3339)' });
  }
  return time;
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
    since: Flags.string({
      summary: 'list gaps and turned clocks from this time on; all else is looked at from the first record on',
      helpValue: 'TIME',
    }),
    raw: Flags.string({
      summary: 'folder of the CloudTrail objects that a package leaves out, by hash',
      helpValue: 'DIR',
    }),
    online: Flags.boolean({
      summary: 'read anchors in the buckets that the trust file names, with your own credentials',
    }),
  };

  async run(): Promise<Verification> {
    const { args, flags } = await this.parse(Verify);
    const bar = progress(this.err.interactive);
    const verification = await verifyPath(args.path, {
      ...(flags.trust === undefined ? {} : { trust: flags.trust }),
      ...(flags.since === undefined ? {} : { since: timeOf(flags.since) }),
      ...(flags.raw === undefined ? {} : { raw: flags.raw }),
      ...(flags.online ? { online: onlineBuckets() } : {}),
      onProgress: ({ what, done, total }) => bar.update(what.includes('.jsonl') ? 'ledger' : what, done, total),
    }).finally(() => bar.stop());
    for (const line of verificationLines(this.out, verification)) this.log(line);
    this.log(`\n${ANSWERS[verification.exit] ?? ''}`);
    this.finish(isExit(verification.exit) ? verification.exit : EXIT.unexpected);
    return verification;
  }
}
