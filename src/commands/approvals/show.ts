import { approvalFlags, approvalId } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type ApprovalDetail, approvalLines, openApprovals } from '../../index.js';

export default class ApprovalsShow extends BaseCommand {
  static override summary = 'Show who asks for what, with which arguments, and until when.';
  static override description = 'Secrets in the arguments are masked. Decides nothing.';
  static override examples = [
    '<%= config.bin %> approvals show 01KAV8ZC4Q',
    '<%= config.bin %> approvals show 01KAV8ZC4Q --json',
  ];
  static override args = { id: approvalId };
  static override flags = approvalFlags;

  async run(): Promise<{ approval: ApprovalDetail }> {
    const { args, flags } = await this.parse(ApprovalsShow);
    const approval = await (await openApprovals(flags)).show(args.id);
    for (const line of approvalLines(approval, this.out, Date.now())) this.log(line);
    return { approval };
  }
}
