/** What an auditor looks for in a trace, answered from the records alone. */
import { figure, listed, plural } from '../words.js';
import type { ApprovalRow, CallRow, DecisionRow } from './calls.js';
import type { EventRow, FileRow } from './evidence.js';
import { integrityWords, outcome } from './steps.js';
import type { TraceCheck } from './trace.js';

const check = (what: string, holds: boolean, rests: string): TraceCheck => ({
  what,
  holds: holds ? 'yes' : 'no',
  rests,
});
const none = (what: string, rests: string): TraceCheck => ({ what, holds: 'not applicable', rests });

const records = (seqs: readonly number[]): string =>
  seqs.length === 0 ? 'none' : `${seqs.length === 1 ? 'record' : 'records'} ${listed(seqs.map(String))}`;

const approvers = (decisions: readonly DecisionRow[]): readonly DecisionRow[] =>
  decisions.filter(({ verdict }) => verdict === 'approve');

const samePerson = (call: Pick<CallRow, 'principal' | 'person'>, { by, person }: DecisionRow): boolean =>
  by === call.principal || (person !== null && person === call.person);

const separate = (call: Pick<CallRow, 'principal' | 'person'>, decisions: readonly DecisionRow[]): TraceCheck => {
  const what = 'Whoever approved is somebody else than who asked';
  const own = decisions.filter((decision) => samePerson(call, decision));
  const rests =
    own.length > 0
      ? `${listed(own.map(({ label }) => label))} did both`
      : `approved by ${listed(decisions.map(({ by }) => by))}; asked by ${call.principal}`;
  return check(what, own.length === 0, rests);
};

const entitled = ({ reviewers }: ApprovalRow, decisions: readonly DecisionRow[]): TraceCheck => {
  const what = 'Whoever approved was in a group of the reviewers at that time';
  const outside = decisions.filter(({ groups }) => !groups.some((group) => reviewers.includes(group)));
  const rests =
    outside.length > 0
      ? `not so: ${listed(outside.map(({ label }) => label))}`
      : `reviewers: ${listed(reviewers)}; the groups are those of the token`;
  return check(what, outside.length === 0, rests);
};

const bound = (call: CallRow, approval: ApprovalRow): TraceCheck => {
  const what = 'What ran is what was approved';
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['server', call.server, approval.server],
    ['arguments', call.args, approval.args],
    ['tool definition', call.definition, approval.definition],
    ['policy', call.policy, approval.policy],
  ];
  if (approval.windowUses !== null) {
    return none(what, `the grant is for up to ${plural(approval.windowUses, 'call')}, whatever their arguments`);
  }
  const other = pairs.filter(([, one, two]) => one !== two).map(([name]) => name);
  const rests =
    other.length === 0 ? 'the digests of arguments, tool definition and policy agree' : `${listed(other)} differ`;
  return check(what, other.length === 0, rests);
};

const usedOnce = ({ uses, windowUses }: ApprovalRow): TraceCheck => {
  const most = windowUses ?? 1;
  return check(
    'The approval was used no more often than it allows',
    uses <= most,
    `${figure(uses)} of ${figure(most)}`,
  );
};

const approvalOf = (
  call: CallRow,
  approval: ApprovalRow | undefined,
  decisions: readonly DecisionRow[],
): readonly TraceCheck[] => {
  if (!approval) {
    return call.decision === 'require_approval'
      ? [check('An approval was given', false, 'no approval is on record')]
      : [none('An approval was given', 'the rule asks for none')];
  }
  const given = approvers(decisions);
  const before = given.filter(({ seq }) => seq < call.seq);
  const needed = check(
    'Enough people approved before it was sent',
    !call.forwarded || before.length >= approval.needed,
    `${figure(before.length)} of ${figure(approval.needed)}: ${records(before.map(({ seq }) => seq))} before record ${call.seq}`,
  );
  if (given.length === 0) return [needed];
  return [needed, separate(call, given), entitled(approval, given), bound(call, approval), usedOnce(approval)];
};

const answered = (call: CallRow): TraceCheck => {
  const what = 'What came of it is on record';
  if (!call.forwarded) return none(what, 'it was not sent to the server');
  const { resultSeq } = call;
  return check(
    what,
    resultSeq !== null,
    resultSeq === null ? 'there is no such record' : `${outcome(call)}: record ${resultSeq}`,
  );
};

const eventsFit = (events: readonly EventRow[]): TraceCheck => {
  const what = 'Its events in AWS bear the identity of the caller';
  const judged = events.filter(({ personOk }) => personOk !== null);
  if (judged.length === 0) return none(what, events.length === 0 ? 'no event belongs to it' : 'no session binds them');
  const wrong = judged.filter(({ personOk }) => personOk === false);
  return check(
    what,
    wrong.length === 0,
    `${figure(judged.length - wrong.length)} of ${plural(judged.length, 'event')} by source identity`,
  );
};

/** Of a call, with the approval it names and the events that belong to it. */
export const callChecks = (
  call: CallRow,
  approval: ApprovalRow | undefined,
  decisions: readonly DecisionRow[],
  events: readonly EventRow[],
): readonly TraceCheck[] => [
  check(
    'The decision is on record before anything was sent',
    !call.forwarded || call.resultSeq === null || call.seq < call.resultSeq,
    call.resultSeq === null ? `record ${call.seq}` : `record ${call.seq} comes before record ${call.resultSeq}`,
  ),
  ...approvalOf(call, approval, decisions),
  answered(call),
  eventsFit(events),
];

/** Of an approval that was asked for. */
export const approvalChecks = (
  approval: ApprovalRow,
  requester: Pick<CallRow, 'principal' | 'person'>,
  decisions: readonly DecisionRow[],
): readonly TraceCheck[] => {
  const given = approvers(decisions);
  if (given.length === 0) return [none('Enough people approved', 'nobody approved')];
  return [
    check(
      'Enough people approved',
      given.length >= approval.needed,
      `${figure(given.length)} of ${figure(approval.needed)}`,
    ),
    separate(requester, given),
    entitled(approval, given),
    check(
      'It was approved by the deadline',
      given.every(({ t }) => t <= approval.deadline),
      `the deadline was ${approval.deadline.slice(0, 19).replace('T', ' ')} UTC`,
    ),
    usedOnce(approval),
  ];
};

const RECONCILED: ReadonlySet<string> = new Set(['MATCHED', 'SUPPORTING', 'SERVICE']);

/** Of an event of AWS. */
export const eventChecks = (event: EventRow): readonly TraceCheck[] => [
  event.kind === null
    ? none('The gateway explains it', 'no governed role, key or session caused it')
    : check(
        'The gateway explains it',
        RECONCILED.has(event.kind),
        `matched as ${event.kind}${event.tier === null ? '' : `, ${event.tier}`}`,
      ),
  check('Its log file is the one AWS delivered', event.integrity === 'valid', integrityWords(event.integrity)),
  event.personOk === null
    ? none('It bears the identity of the session’s person', 'no session binds it')
    : check('It bears the identity of the session’s person', event.personOk, 'source identity'),
];

/** Of an object of the trail. */
export const fileChecks = ({ integrity, digestKey, signature, kind }: FileRow): readonly TraceCheck[] => {
  const signed = check(
    'Its digest bears a signature that fits a key in this package',
    signature === 'valid',
    signature ?? 'no digest',
  );
  if (kind === 'digest') return [signed];
  return [
    check(
      'A digest of the trail names it, and it is unchanged',
      integrity === 'valid',
      digestKey ?? integrityWords(integrity),
    ),
    signed,
  ];
};
