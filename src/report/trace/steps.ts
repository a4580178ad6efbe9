/** What happened, as steps: each a sentence with the record that says so. */
import { at, type JsonNode, parseJson, stringOf } from '../../base/json.js';
import { duration, figure, listed } from '../words.js';
import type { ApprovalRow, CallRow } from './calls.js';
import type { EventRow, RecordRow } from './evidence.js';
import type { Material } from './material.js';
import type { TraceEvent, TraceStep } from './trace.js';

const bodyOf = ({ d }: RecordRow): JsonNode => parseJson(Buffer.from(d));
const field = (body: JsonNode, name: string): string => stringOf(at(body, name)) ?? '';

const step = ({ seq, t }: Pick<RecordRow, 'seq' | 't'>, what: string, ...lines: readonly string[]): TraceStep => ({
  t,
  what,
  lines: lines.filter((line) => line !== ''),
  record: seq,
  event: null,
});

/** `1 min 5 s` reads better than the milliseconds that a record holds; below a second they are what is of interest. */
export const took = (ms: number): string => (ms < 2_000 ? `${figure(ms)} ms` : duration(ms / 1000));

const STATUS: Readonly<Record<string, string>> = {
  ok: 'The server answered',
  tool_error: 'The tool answered with an error',
  protocol_error: 'The server answered with a protocol error',
  input_required: 'The server asked for more input',
  cancelled: 'The call was cancelled',
  timed_out: 'No answer came in time',
  upstream_lost: 'The server was lost before it answered',
  blocked_by_masking: 'The answer could not be masked and was blocked',
  unknown: 'What came of it is unknown',
};

/** How a call ended, as a clause that begins a sentence. */
export const outcome = ({ status, ms }: CallRow): string => {
  const words = STATUS[status ?? 'unknown'] ?? `It ended with ${status}`;
  return ms === null ? words : `${words} after ${took(ms)}`;
};

const policyOf = (policy: string): string => (policy.length > 16 ? `${policy.slice(0, 16)}…` : policy);

const DECISIONS: Readonly<Record<string, string>> = {
  allow: 'allowed',
  deny: 'denied',
  require_approval: 'allowed with an approval',
};

const decision = ({ decision: effect, rule, policy, reason, forwarded }: CallRow): string => {
  const word = effect === 'require_approval' && !forwarded ? 'held for an approval' : (DECISIONS[effect] ?? effect);
  const by = rule === null ? '' : ` by rule ${rule}`;
  return `Decision: ${word}${by} of policy ${policyOf(policy)}${reason === '' ? '' : ` (${reason})`}.`;
};

/** Who called, with the agent that did it for them. */
export const caller = ({ label, actor }: CallRow): string => (actor === null ? label : `${label}, by way of ${actor},`);

const callSteps = (call: CallRow, { records }: Material): readonly TraceStep[] => {
  const { server, target, forwarded, risk, role, roleSession } = call;
  const aws = role === null ? '' : `AWS role ${role}, session ${roleSession ?? 'unnamed'}.`;
  const after = forwarded ? 'On record before it was sent to the server.' : 'It was not sent to the server.';
  const steps = [
    step(
      call,
      forwarded ? 'Call' : 'Call refused',
      `${caller(call)} called ${server} / ${target}; risk ${risk}. ${after}`,
      decision(call),
      aws,
    ),
  ];
  const result = call.resultSeq === null ? undefined : records.get(call.resultSeq);
  if (result) steps.push(step(result, 'Answer', `${outcome(call)}. On record before the client saw it.`));
  return steps;
};

const CHANNELS: Readonly<Record<string, string>> = { api: ' by way of the command line', web: ' on the web page' };

const quoted = (reason: string): string => (reason === '' ? '' : ` “${reason}”`);
const groupsOf = (groups: readonly string[]): string => (groups.length === 0 ? '' : ` Groups: ${listed(groups)}.`);

const decided = (record: RecordRow, body: JsonNode, material: Material): TraceStep => {
  const row = material.decisions.get(field(body, 'approval'))?.find(({ seq }) => seq === record.seq);
  const [what, verb] = field(body, 'event') === 'denied' ? ['Denied', 'denied'] : ['Approved', 'approved'];
  const channel = CHANNELS[field(body, 'channel')] ?? '';
  const signed = row?.passkey ? 'Signed with a passkey.' : 'Asserted by the gateway, without a passkey.';
  return step(
    record,
    what,
    `${row?.label ?? 'Somebody'} ${verb} it${channel}.${quoted(row?.reason ?? '')}`,
    `${signed}${groupsOf(row?.groups ?? [])}`,
  );
};

const ENDS: Readonly<Record<string, readonly [what: string, says: string]>> = {
  expired: ['Expired', 'The time to decide was over.'],
  cancelled: ['Cancelled', 'Whoever asked went away.'],
  revoked: ['Revoked', 'The grant was taken back.'],
};

const asked = (record: RecordRow, body: JsonNode, approval: ApprovalRow | undefined): TraceStep => {
  const until = `${field(body, 'deadline').slice(0, 19).replace('T', ' ')} UTC`;
  const who = approval?.label ?? field(body, 'session');
  const of = `${figure(approval?.needed ?? 1)} of ${listed(approval?.reviewers ?? [])}`;
  return step(
    record,
    'Asked',
    `${who} asked to call ${field(body, 'server')} / ${field(body, 'tool')}.`,
    `Held by the approval ${field(body, 'rule')}: ${of} must approve by ${until}.`,
  );
};

const approvalStep = (record: RecordRow, approval: ApprovalRow | undefined, material: Material): TraceStep => {
  const body = bodyOf(record);
  const event = field(body, 'event');
  switch (event) {
    case 'requested':
      return asked(record, body, approval);
    case 'approved':
    case 'denied':
      return decided(record, body, material);
    case 'granted':
      return step(record, 'Granted', 'Enough people approved: exactly this call may run.');
    case 'consumed':
      return step(record, 'Used', `The grant was used by call ${field(body, 'call')}.`);
    default: {
      const [what, says] = ENDS[event] ?? [event, ''];
      return step(record, what, says);
    }
  }
};

const STATES: Readonly<Record<string, string>> = {
  pending: 'Nobody has decided it',
  granted: 'It was granted, and not used',
  consumed: 'It was granted and used',
  denied: 'It was denied',
  expired: 'Its time ran out',
  cancelled: 'It was cancelled',
  revoked: 'It was granted, and the grant was taken back',
};

/** How an approval stands, as a clause that begins a sentence. */
export const approvalState = ({ state }: ApprovalRow): string => STATES[state] ?? state;

/** From the request to the end of an approval. */
const approvalSteps = (id: string, material: Material): readonly TraceStep[] =>
  (material.recordsOfApproval.get(id) ?? []).map((record) =>
    approvalStep(record, material.approvals.get(id), material),
  );

const sessionSteps = (id: string | null, { opened }: Material): readonly TraceStep[] => {
  const record = id === null ? undefined : opened.get(id);
  if (!record) return [];
  const body = bodyOf(record);
  const from = field(body, 'address');
  return [
    step(record, 'Session', `A session with ${field(body, 'server')} was opened${from === '' ? '' : ` from ${from}`}.`),
  ];
};

const MATCHES: Readonly<Record<string, string>> = {
  MATCHED: 'belongs to a recorded call',
  SUPPORTING: 'supports the calls of its session',
  SERVICE: 'was caused by AWS for the session',
  DERIVED: 'was caused by work that the session began',
  PROBABLE: 'probably belongs to a recorded call',
  RESOURCE_CONFLICT: 'names another thing than the call that covers it',
  UNEXPLAINED_IN_SESSION: 'no call of its session explains it',
  BYPASS: 'no session of the gateway explains it',
};

const BASES: Readonly<Record<string, string>> = {
  REQUEST_ID: 'by request id',
  RESOURCE: 'by what both name',
  WINDOW: 'by time',
  ASSUME_ROLE: 'as the start of the session',
  INVOKED: 'by what it invoked',
  ROLE_WINDOW: 'by role and time alone',
  PERSON_WINDOW: 'by person and time alone',
};

const TIERS: Readonly<Record<string, string>> = {
  T1: 'bound to the session by its name',
  T2: 'bound to the session by its key',
  T3: 'bound by its request id',
  T4: 'bound by nothing but role or person and time',
};

/** How an event is explained, as a sentence. */
export const explained = ({ kind, tier, basis }: EventRow): string => {
  if (kind === null) return 'Not in scope: no governed role, key or session caused it.';
  const parts = [MATCHES[kind] ?? kind, basis === null ? '' : (BASES[basis] ?? basis)].filter((part) => part !== '');
  const bound = tier === null ? '' : `; ${TIERS[tier] ?? tier} (${tier})`;
  const text = `${parts.join(' ')}${bound}.`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
};

const eventStep = (event: EventRow): TraceStep => ({
  t: event.t,
  what: 'AWS event',
  lines: [
    `${event.name} of ${event.source} in ${event.account}${event.region === null ? '' : `, ${event.region}`}${event.error === null ? '' : `, refused with ${event.error}`}.`,
    explained(event),
    event.arn === null ? '' : `By ${event.arn}.`,
  ].filter((line) => line !== ''),
  record: null,
  event: event.id,
});

const INTEGRITY: Readonly<Record<string, string>> = {
  valid: 'named by a digest of the trail, unchanged',
  changed: 'changed since its digest was made',
  unverified: 'named by a digest that does not verify',
  in_no_digest: 'in no digest',
};

/** What the digests of the trail say of an object. */
export const integrityWords = (state: string | null): string =>
  state === null ? 'no digest was collected' : (INTEGRITY[state] ?? state);

export const traceEvent = ({ id, name, file, index, integrity }: EventRow): TraceEvent => ({
  id,
  name,
  file,
  index,
  digest: integrityWords(integrity),
});

/**
 * In the order of time; what has the same millisecond, in the order of records. CloudTrail's times are whole seconds: an
 * event of the second in which its call was recorded stands after it.
 */
const inOrder = (steps: readonly TraceStep[], eventsFrom: ReadonlyMap<string, string>): readonly TraceStep[] => {
  const key = ({ t, event }: TraceStep): string => {
    const call = event === null ? undefined : eventsFrom.get(event);
    return call !== undefined && call > t && call.slice(0, 19) === t.slice(0, 19) ? call : t;
  };
  const place = ({ record }: TraceStep): number => record ?? Number.MAX_SAFE_INTEGER;
  return [...steps].sort((a, b) => {
    const [one, other] = [key(a), key(b)];
    return one === other ? place(a) - place(b) : one < other ? -1 : 1;
  });
};

/** Every step of calls, of the approvals they name and of the events they caused, once each. */
export const story = (
  calls: readonly CallRow[],
  approvals: readonly string[],
  events: readonly EventRow[],
  material: Material,
): readonly TraceStep[] => {
  const sessions = [
    ...calls.map(({ session }) => session),
    ...approvals.map((id) => material.approvals.get(id)?.session ?? null),
    ...events.map(({ session }) => session),
  ];
  const starts = new Map(calls.map(({ id, t }) => [id, t]));
  const from = new Map(events.flatMap(({ id, call }) => (call === null ? [] : [[id, starts.get(call) ?? '']])));
  return inOrder(
    [
      ...[...new Set(sessions)].flatMap((id) => sessionSteps(id, material)),
      ...approvals.flatMap((id) => approvalSteps(id, material)),
      ...calls.flatMap((call) => callSteps(call, material)),
      ...events.map(eventStep),
    ],
    from,
  );
};
