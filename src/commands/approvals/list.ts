import { Flags } from '@oclif/core';
import { approvalFlags } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type Column, table } from '../../cli/print.js';
import { type ApprovalView, openApprovals, printable, shorten, stateText, targetText, timeLeft } from '../../index.js';

export default class ApprovalsList extends BaseCommand {
  static override summary = 'List the calls that wait for a second person.';
  static override description = 'Shows the requests that your groups may decide, and your own. Decides nothing.';
  static override examples = ['<%= config.bin %> approvals list', '<%= config.bin %> approvals list --all --json'];
  static override flags = {
    ...approvalFlags,
    all: Flags.boolean({ summary: 'also those that are decided, used or over' }),
  };

  async run(): Promise<{ approvals: readonly ApprovalView[] }> {
    const { flags } = await this.parse(ApprovalsList);
    const approvals = await (await openApprovals(flags)).list(flags.all);
    const now = Date.now();
    const columns: Column<ApprovalView>[] = [
      { head: 'id', cell: ({ id }) => id },
      flags.all
        ? { head: 'state', cell: (approval) => stateText(approval, now) }
        : { head: 'left', cell: ({ deadline }) => timeLeft(deadline, now) },
      { head: 'who', cell: ({ requester, own }) => shorten(own ? 'you' : printable(requester), 18) },
      { head: 'asks to run', cell: targetText },
    ];
    if (approvals.length === 0) this.log(flags.all ? 'No request is remembered.' : 'Nothing waits for you.');
    else for (const line of table(this.out, columns, approvals)) this.log(line);
    return { approvals };
  }
}
