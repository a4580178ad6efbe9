import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { approvalFlags } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { type ApprovalView, openApprovals, printable, stateText, targetText, timeLeft } from '../../index.js';

export default class ApprovalsWatch extends BaseCommand {
  static override summary = 'Print each request as it comes, and what becomes of it, until interrupted.';
  static override description =
    'Shows the requests that your groups may decide, and your own. Decides nothing. With --json each line is one request.';
  static override examples = ['<%= config.bin %> approvals watch', '<%= config.bin %> approvals watch --once --json'];
  static override flags = {
    ...approvalFlags,
    interval: Flags.integer({ summary: 'seconds between two looks', default: 2, min: 1, max: 60 }),
    once: Flags.boolean({ summary: 'look once and end' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsWatch);
    const client = await openApprovals(flags);
    const seen = new Map<string, string>();
    for (;;) {
      const found = await client.list(true);
      for (const approval of found) this.show(approval, seen.get(approval.id));
      seen.clear();
      for (const approval of found) seen.set(approval.id, `${approval.state} ${approval.approved}`);
      if (flags.once) return;
      await sleep(flags.interval * 1000);
    }
  }

  /** One line for a request that waits and is new, or that changed since the last look. */
  private show(approval: ApprovalView, before: string | undefined): void {
    if (before === `${approval.state} ${approval.approved}`) return;
    if (before === undefined && approval.state !== 'pending') return;
    if (this.jsonEnabled()) {
      process.stdout.write(`${JSON.stringify(approval)}\n`);
      return;
    }
    const now = Date.now();
    const left = approval.state === 'pending' ? `, ${timeLeft(approval.deadline, now)} left` : '';
    const who = approval.own ? 'you' : printable(approval.requester);
    this.log(`${approval.id}  ${stateText(approval, now)}${left}  ${who}: ${targetText(approval)}`);
  }
}
