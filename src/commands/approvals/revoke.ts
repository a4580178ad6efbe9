import { approvalFlags, approvalId, reasonFlag } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type ApprovalView, decidedText, openApprovals } from '../../index.js';

export default class ApprovalsRevoke extends BaseCommand {
  static override summary = 'Take back a grant, or withdraw your own request.';
  static override description =
    'Calls in flight under the grant are ended. A reviewer takes back a grant; the one who asked can do so too, and can withdraw a request that still waits. Ends with 14 where you may not.';
  static override examples = [
    '<%= config.bin %> approvals revoke 01KAV8ZC4Q --reason "the change is over"',
    '<%= config.bin %> approvals revoke 01KAV8ZC4Q --json',
  ];
  static override args = { id: approvalId };
  static override flags = { ...approvalFlags, reason: reasonFlag };

  async run(): Promise<{ approval: ApprovalView }> {
    const { args, flags } = await this.parse(ApprovalsRevoke);
    const approval = await (await openApprovals(flags)).revoke(args.id, flags.reason ?? null);
    this.log(decidedText(approval));
    return { approval };
  }
}
