import { approvalFlags, approvalId, reasonFlag } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type ApprovalView, decidedText, openApprovals } from '../../index.js';

export default class ApprovalsApprove extends BaseCommand {
  static override summary = 'Approve one waiting call of another person.';
  static override description =
    'The call may then run once, with exactly the arguments shown, until its deadline. Nobody approves their own request. Ends with 14 where you may not decide it.';
  static override examples = [
    '<%= config.bin %> approvals approve 01KAV8ZC4Q --reason "agreed in ticket 4711"',
    '<%= config.bin %> approvals approve 01KAV8ZC4Q -c demo/countersign.yaml',
  ];
  static override args = { id: approvalId };
  static override flags = { ...approvalFlags, reason: reasonFlag };

  async run(): Promise<{ approval: ApprovalView }> {
    const { args, flags } = await this.parse(ApprovalsApprove);
    const approval = await (await openApprovals(flags)).decide(args.id, 'approve', flags.reason ?? null);
    this.log(decidedText(approval));
    return { approval };
  }
}
