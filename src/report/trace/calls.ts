/** Calls, approvals and decisions as traces need them. */
import { numberOf, type Reader, type Row, textOf } from '../rows.js';
import { ask, countOf, IDS, list, MAX_SHOWN, maybe } from './query.js';

export interface CallRow {
  readonly id: string;
  readonly seq: number;
  readonly t: string;
  readonly session: string | null;
  readonly principal: string;
  readonly label: string;
  readonly person: string | null;
  readonly actor: string | null;
  readonly server: string;
  readonly target: string;
  readonly forwarded: boolean;
  readonly decision: string;
  readonly rule: string | null;
  readonly policy: string;
  readonly reason: string;
  readonly risk: string;
  readonly args: string | null;
  readonly definition: string | null;
  readonly approval: string | null;
  readonly role: string | null;
  readonly roleSession: string | null;
  readonly resultSeq: number | null;
  readonly status: string | null;
  readonly ms: number | null;
  readonly continues: string | null;
}

const callOf = (row: Row): CallRow => ({
  id: textOf(row.call_id),
  seq: numberOf(row.seq),
  t: textOf(row.t),
  session: maybe(row.session_id),
  principal: textOf(row.principal),
  label: textOf(row.person_label),
  person: maybe(row.person),
  actor: maybe(row.actor),
  server: textOf(row.server),
  target: textOf(row.target),
  forwarded: row.forwarded === true,
  decision: textOf(row.decision),
  rule: maybe(row.rule),
  policy: textOf(row.policy),
  reason: textOf(row.reason),
  risk: textOf(row.risk),
  args: maybe(row.args_digest),
  definition: maybe(row.definition),
  approval: maybe(row.approval_id),
  role: maybe(row.role_arn),
  roleSession: maybe(row.role_session_name),
  resultSeq: countOf(row.result_seq),
  status: maybe(row.status),
  ms: countOf(row.duration_ms),
  continues: maybe(row.continues),
});

const CALL = `SELECT call_id, seq, t, session_id, principal, person_label, person, actor, server, coalesce(target, method) AS target,
  forwarded, decision, rule, policy, reason, risk, args_digest, definition, approval_id, role_arn, role_session_name,
  result_seq, status, duration_ms, continues FROM gw_call`;

export const callsById = (reader: Reader, ids: Iterable<string>): Promise<readonly CallRow[]> =>
  ask(reader, `${CALL} WHERE call_id IN ${IDS} ORDER BY seq`, ids, callOf);

/** At most one more than is shown of each approval. */
export const callsByApproval = (reader: Reader, ids: Iterable<string>): Promise<readonly CallRow[]> =>
  ask(
    reader,
    `${CALL} WHERE approval_id IN ${IDS} QUALIFY row_number() OVER (PARTITION BY approval_id ORDER BY seq) <= ${MAX_SHOWN + 1} ORDER BY seq`,
    ids,
    callOf,
  );

/** Calls of one principal on one day, for items `principal@2026-11-24`; at most one more than is shown. */
export const callsByDay = (reader: Reader, ids: Iterable<string>): Promise<readonly (CallRow & { day: string })[]> =>
  ask(
    reader,
    `SELECT *, principal || '@' || strftime(t, '%Y-%m-%d') AS day FROM (${CALL}) WHERE principal || '@' || strftime(t, '%Y-%m-%d') IN ${IDS}
     QUALIFY row_number() OVER (PARTITION BY day ORDER BY seq) <= ${MAX_SHOWN + 1} ORDER BY seq`,
    ids,
    (row) => ({ ...callOf(row), day: textOf(row.day) }),
  );

export interface ApprovalRow {
  readonly id: string;
  readonly session: string;
  readonly requester: string;
  readonly label: string;
  readonly server: string;
  readonly tool: string;
  readonly args: string;
  readonly definition: string | null;
  readonly policy: string;
  readonly deadline: string;
  readonly requested: string;
  readonly needed: number;
  readonly reviewers: readonly string[];
  readonly state: string;
  readonly uses: number;
  readonly windowUses: number | null;
}

export const approvalsById = (reader: Reader, ids: Iterable<string>): Promise<readonly ApprovalRow[]> =>
  ask(
    reader,
    `SELECT approval_id, session_id, requester, requester_label, server, tool, args_digest, definition, policy, deadline,
       requested_t, needed, reviewers, state, consumptions, window_uses FROM approval WHERE approval_id IN ${IDS}`,
    ids,
    (row) => ({
      id: textOf(row.approval_id),
      session: textOf(row.session_id),
      requester: textOf(row.requester),
      label: textOf(row.requester_label),
      server: textOf(row.server),
      tool: textOf(row.tool),
      args: textOf(row.args_digest),
      definition: maybe(row.definition),
      policy: textOf(row.policy),
      deadline: textOf(row.deadline),
      requested: textOf(row.requested_t),
      needed: numberOf(row.needed),
      reviewers: list(row.reviewers),
      state: textOf(row.state),
      uses: numberOf(row.consumptions),
      windowUses: countOf(row.window_uses),
    }),
  );

export interface DecisionRow {
  readonly approval: string;
  readonly seq: number;
  readonly t: string;
  readonly by: string;
  readonly label: string;
  readonly person: string | null;
  readonly groups: readonly string[];
  readonly verdict: string;
  readonly reason: string | null;
  readonly passkey: string | null;
}

export const decisionsOf = (reader: Reader, ids: Iterable<string>): Promise<readonly DecisionRow[]> =>
  ask(
    reader,
    `SELECT approval_id, seq, t, by_principal, by_label, by_person, by_groups, verdict, reason, passkey
     FROM approval_decision WHERE approval_id IN ${IDS} ORDER BY seq`,
    ids,
    (row) => ({
      approval: textOf(row.approval_id),
      seq: numberOf(row.seq),
      t: textOf(row.t),
      by: textOf(row.by_principal),
      label: textOf(row.by_label),
      person: maybe(row.by_person),
      groups: list(row.by_groups),
      verdict: textOf(row.verdict),
      reason: maybe(row.reason),
      passkey: maybe(row.passkey),
    }),
  );
