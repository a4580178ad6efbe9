import { setTimeout as sleep } from 'node:timers/promises';
import { Flags } from '@oclif/core';
import { approvalFlags } from '../../cli/approvals.js';
import { BaseCommand } from '../../cli/base.js';
import { createKeyboard, type Keyboard } from '../../cli/keyboard.js';
import {
  type ApprovalsClient,
  type ApprovalView,
  approvalLines,
  decidedText,
  openApprovals,
  printable,
  stateText,
  targetText,
  timeLeft,
} from '../../index.js';

export default class ApprovalsWatch extends BaseCommand {
  static override summary = 'Print each request as it comes, and what becomes of it, until interrupted.';
  static override description =
    'Shows the requests that your groups may decide, and your own. On a terminal, a approves and d denies the oldest that waits for you, after it was shown and y was pressed; q ends. With --json each line is one request, and no key is read.';
  static override examples = ['<%= config.bin %> approvals watch', '<%= config.bin %> approvals watch --once --json'];
  static override flags = {
    ...approvalFlags,
    interval: Flags.integer({ summary: 'seconds between two looks', default: 2, min: 1, max: 60 }),
    once: Flags.boolean({ summary: 'look once and end' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(ApprovalsWatch);
    const client = await openApprovals(flags);
    const keys = flags.once ? null : this.keys(client);
    try {
      await this.watch(client, flags, keys);
    } finally {
      keys?.close();
    }
  }

  private async watch(
    client: ApprovalsClient,
    flags: { readonly once: boolean; readonly interval: number },
    keys: Keyboard | null,
  ): Promise<void> {
    const seen = new Map<string, string>();
    for (;;) {
      const found = await client.list(true);
      for (const approval of found) this.show(approval, seen.get(approval.id));
      seen.clear();
      for (const approval of found) seen.set(approval.id, `${approval.state} ${approval.approved}`);
      if (flags.once) return;
      if (keys) await keys.during(flags.interval * 1000, found);
      else await sleep(flags.interval * 1000);
      if (keys?.ended) return;
    }
  }

  /** The keys of a person at a terminal; null where nobody is there. */
  private keys(client: ApprovalsClient) {
    if (this.jsonEnabled() || !this.out.interactive || !process.stdin.isTTY) return null;
    return createKeyboard(process.stdin, {
      say: (line) => this.log(line),
      show: async (id) => {
        for (const line of approvalLines(await client.show(id), this.out, Date.now())) this.log(line);
      },
      decide: async ({ id, verdict, reason }) => decidedText(await client.decide(id, verdict, reason)),
    });
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
