/** What earlier runs left: open approvals, passkeys, and the tools that were seen. */
import type { Passkeys } from '../approval/passkeys.js';
import type { StoredApproval } from '../approval/stored.js';
import type { ApprovalWorkflow } from '../approval/workflow.js';
import type { Gateway } from '../gateway/gateway.js';
import type { KeepRule } from '../ledger/kept.js';
import type { OpenedLedger } from '../ledger/opening.js';
import { toolRecord } from './stored-tool.js';

const DAY = 86_400_000;

/**
 * The records of which a start must know. A request can be decided for at most seven days and its grant used for one
 * more; what is older than that has ended.
 */
export const KEPT: KeepRule = {
  tool: Number.POSITIVE_INFINITY,
  passkey: Number.POSITIVE_INFINITY,
  approval: 9 * DAY,
};

/** Requests whose beginning is no longer kept have ended. */
const begun = (stored: readonly StoredApproval[], ids: ReadonlySet<unknown>): readonly StoredApproval[] =>
  stored.filter(({ d }) => typeof d === 'object' && d !== null && 'approval' in d && ids.has(d.approval));

/** @throws CountersignError APPROVAL_RECORD_INVALID, LEDGER_DAMAGED */
export const restore = async (
  ledger: Pick<OpenedLedger, 'kept'>,
  gateway: Pick<Gateway, 'restoreTool'>,
  approvals: Pick<ApprovalWorkflow, 'restore'>,
  passkeys: Pick<Passkeys, 'restore'>,
): Promise<void> => {
  const stored: StoredApproval[] = [];
  const requested = new Set<unknown>();
  for await (const { type, d, t, payloads, leaf } of ledger.kept()) {
    if (type === 'passkey') passkeys.restore([d]);
    if (type === 'tool') gateway.restoreTool(toolRecord(d));
    if (type !== 'approval') continue;
    if (d['event'] === 'requested') requested.add(d['approval']);
    const texts = Object.entries(payloads).flatMap(([name, payload]) =>
      'data' in payload ? [[name, payload.data] as const] : [],
    );
    stored.push({ d, t, leaf, payloads: Object.fromEntries(texts) });
  }
  approvals.restore(begun(stored, requested));
};
