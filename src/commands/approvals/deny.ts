import { approvalFlags, approvalId, reasonFlag } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type ApprovalView, decidedText, openApprovals } from '../../index.js';

export default class ApprovalsDeny extends BaseCommand {
  static override summary = 'Deny one waiting call of another person.';
  static override description =
    'A denial is final: the call does not run. Ends with 14 where you may not decide the request.';
  static override examples = [
    '<%= config.bin %> approvals deny 01KAV8ZC4Q --reason "use the staging folder"',
    '<%= config.bin %> approvals deny 01KAV8ZC4Q --json',
  ];
  static override args = { id: approvalId };
  static override flags = { ...approvalFlags, reason: reasonFlag };

  async run(): Promise<{ approval: ApprovalView }> {
    const { args, flags } = await this.parse(ApprovalsDeny);
    const approval = await (await openApprovals(flags)).decide(args.id, 'deny', flags.reason ?? null);
    this.log(decidedText(approval));
    return { approval };
  }
}
