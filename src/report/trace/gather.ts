/** From the items of a sample to their traces. */
import { parseJson, toValue } from '../../base/json.js';
import type { Reader } from '../rows.js';
import { figure, listed, plural, shortTime } from '../words.js';
import type { ApprovalRow, CallRow } from './calls.js';
import { approvalChecks, callChecks, eventChecks, fileChecks } from './checks.js';
import type { ConfigRow, EventRow, FileRow, RecordRow } from './evidence.js';
import { approvalIdOf, eventIdOf, type Material, readMaterial, recordNumberOf } from './material.js';
import { MAX_SHOWN } from './query.js';
import { approvalState, caller, explained, integrityWords, outcome, story, took, traceEvent } from './steps.js';
import type { Trace, TraceRecord, TraceStep } from './trace.js';

/** An item as its population lists it. */
export interface TracedItem {
  readonly item: string;
  readonly time: string;
  readonly person: string;
  readonly what: string;
}

/** Records of the steps, in order, once each. */
const recordsIn = (steps: readonly TraceStep[], material: Material): readonly TraceRecord[] => {
  const all = new Map<number, TraceRecord>();
  const add = ({ seq, type, leaf }: RecordRow): void => void all.set(seq, { seq, type, leaf });
  for (const row of material.records.values()) add(row);
  for (const rows of material.recordsOfApproval.values()) rows.forEach(add);
  for (const row of material.opened.values()) add(row);
  const wanted = [...new Set(steps.map(({ record }) => record).filter((seq) => seq !== null))].sort((a, b) => a - b);
  return wanted.flatMap((seq) => all.get(seq) ?? []);
};

const shown = <T>(rows: readonly T[] | undefined): readonly T[] => (rows ?? []).slice(0, MAX_SHOWN);

const cut = (rows: readonly unknown[] | undefined, noun: string, file: string): readonly string[] =>
  (rows?.length ?? 0) > MAX_SHOWN ? [`Only the first ${MAX_SHOWN} ${noun} are shown; ${file} has all of them.`] : [];

const MATCH_FILE = 'csv/call_event_match.csv';

const belonging = (count: number): string =>
  count === 0 ? '' : ` ${plural(count, 'CloudTrail event')} ${count === 1 ? 'belongs' : 'belong'} to it.`;

const callLead = (call: CallRow, material: Material, events: number): string => {
  const name = `${caller(call)} called ${call.server} / ${call.target}`;
  if (!call.forwarded) {
    const why = call.decision === 'require_approval' ? 'It was held for an approval' : 'It was denied';
    return `${name}. ${why}, and did not reach the server.`;
  }
  const approval = call.approval === null ? undefined : material.approvals.get(call.approval);
  const given = (approval ? material.decisions.get(approval.id) : undefined)?.filter(
    ({ verdict, seq }) => verdict === 'approve' && seq < call.seq,
  );
  const by =
    approval && given && given.length > 0
      ? ` ${listed([...new Set(given.map(({ label }) => label))])} approved ${took(Date.parse(given.at(-1)?.t ?? '') - Date.parse(approval.requested))} after it was asked for.`
      : call.rule === null
        ? ''
        : ` Rule ${call.rule} allowed it.`;
  return `${name}.${by} ${outcome(call)}.${belonging(events)}`;
};

const textsOf = (call: CallRow): Trace['texts'] => [
  { label: 'Arguments, masked, as recorded', record: call.seq, payload: 'args' },
  ...(call.resultSeq === null
    ? []
    : [{ label: 'Answer, masked, as recorded', record: call.resultSeq, payload: 'result' }]),
];

/** The legs before a call, the oldest first, then the call. */
const legsOf = (call: CallRow, { calls }: Material): readonly CallRow[] => {
  const legs = [call];
  for (let leg = call; leg.continues !== null; ) {
    const before = calls.get(leg.continues);
    if (!before || legs.includes(before)) break;
    legs.unshift(before);
    leg = before;
  }
  return legs;
};

/** A call that was held and that its client made again names the same approval. */
const triesOf = (call: CallRow, { callsOfApproval }: Material): readonly CallRow[] =>
  (call.approval === null ? [] : (callsOfApproval.get(call.approval) ?? [])).filter(
    ({ seq, forwarded }) => seq < call.seq && !forwarded,
  );

const callTrace = (call: CallRow, material: Material): Trace => {
  const legs = legsOf(call, material);
  const tries = shown(triesOf(call, material));
  const calls = [...new Map([...tries, ...legs].map((one) => [one.id, one])).values()];
  const found = calls.flatMap(({ id }) => material.eventsOfCall.get(id) ?? []);
  const events = shown(found);
  const approval = call.approval === null ? undefined : material.approvals.get(call.approval);
  const steps = story(calls, approval ? [approval.id] : [], events, material);
  return {
    kind: 'Call',
    title: `${call.server} / ${call.target}`,
    lead: callLead(call, material, events.length),
    steps,
    checks: callChecks(call, approval, approval ? (material.decisions.get(approval.id) ?? []) : [], events),
    events: events.map(traceEvent),
    records: recordsIn(steps, material),
    omitted: cut(found, 'events', MATCH_FILE),
    texts: textsOf(call),
  };
};

const approvalTrace = (approval: ApprovalRow, material: Material): Trace => {
  const under = material.callsOfApproval.get(approval.id);
  const calls = shown(under);
  const decisions = material.decisions.get(approval.id) ?? [];
  const found = calls.flatMap(({ id }) => material.eventsOfCall.get(id) ?? []);
  const events = shown(found);
  const steps = story(calls, [approval.id], events, material);
  const person = calls.find(({ principal }) => principal === approval.requester)?.person ?? null;
  const asked = material.recordsOfApproval.get(approval.id)?.[0];
  return {
    kind: 'Approval',
    title: `${approval.server} / ${approval.tool}`,
    lead: `${approval.label} asked to call ${approval.server} / ${approval.tool}. ${approvalState(approval)}.${belonging(events.length)}`,
    steps,
    checks: approvalChecks(approval, { principal: approval.requester, person }, decisions),
    events: events.map(traceEvent),
    records: recordsIn(steps, material),
    omitted: [...cut(under, 'calls', 'csv/approvals.csv'), ...cut(found, 'events', MATCH_FILE)],
    texts: asked ? [{ label: 'Arguments, masked, as recorded', record: asked.seq, payload: 'args' }] : [],
  };
};

const eventTrace = (event: EventRow, material: Material): Trace => {
  const call = event.call === null ? undefined : material.calls.get(event.call);
  const approval = call?.approval ? material.approvals.get(call.approval) : undefined;
  const steps = story(call ? [call] : [], approval ? [approval.id] : [], [event], material);
  const refused = event.error === null ? '' : ` AWS refused it with ${event.error}.`;
  return {
    kind: 'CloudTrail event',
    title: `${event.source.replace('.amazonaws.com', '')} / ${event.name}`,
    lead: `${explained(event)}${refused}`,
    steps,
    checks: eventChecks(event),
    events: [traceEvent(event)],
    records: recordsIn(steps, material),
    omitted: [],
    texts: call ? textsOf(call) : [],
  };
};

const asRecorded = (record: RecordRow): TraceStep => ({
  t: record.t,
  what: `Record ${record.seq}`,
  lines: [`Type ${record.type}.`, JSON.stringify(toValue(parseJson(Buffer.from(record.d))))],
  record: record.seq,
  event: null,
});

const configTrace = (config: ConfigRow, material: Material): Trace => {
  const record = material.records.get(config.seq);
  const steps: TraceStep[] = config.reviews.map(({ author, reviewer, t }) => ({
    t,
    what: 'Reviewed',
    lines: [`${reviewer} reviewed the change of ${author}, as the register of changes says.`],
    record: null,
    event: null,
  }));
  if (record) steps.push({ ...asRecorded(record), what: 'Loaded' });
  steps.sort((a, b) => (a.t < b.t ? -1 : 1));
  const independent = config.reviews.some(({ author, reviewer }) => author !== reviewer);
  const commit = config.commit === null ? 'no Git commit' : `Git commit ${config.commit}`;
  return {
    kind: 'Change',
    title: `Configuration ${config.digest.slice(0, 12)}…`,
    lead: `The gateway loaded this configuration for the first time${record ? ` on ${shortTime(record.t)} UTC` : ''}, from ${commit}${config.dirty === true ? ' with changes that were not committed' : ''}.`,
    steps,
    checks: [
      {
        what: 'Somebody else than its author reviewed it',
        holds: independent ? 'yes' : 'no',
        rests: config.reviews.length === 0 ? 'the register of changes names no review' : 'register of changes',
      },
      {
        what: 'The review came before it was loaded',
        holds: config.reviews.some(({ t }) => record !== undefined && t <= record.t) ? 'yes' : 'no',
        rests: record ? `record ${record.seq}` : 'no record',
      },
    ],
    events: [],
    records: recordsIn(steps, material),
    omitted: [],
    texts: [],
  };
};

const fileTrace = (file: FileRow): Trace => ({
  kind: 'Object of the trail',
  title: file.key.split('/').at(-1) ?? file.key,
  lead: `${file.kind === 'digest' ? 'A digest' : `A log file with ${plural(file.events, 'event')} that were loaded`}, ${figure(file.bytes)} bytes; ${file.kind === 'digest' ? `its signature is ${file.signature ?? 'not there'}` : integrityWords(file.integrity)}.`,
  steps: [],
  checks: fileChecks(file),
  events: [{ id: file.key, name: file.kind, file: file.sha256, index: null, digest: integrityWords(file.integrity) }],
  records: [],
  omitted: [],
  texts: [],
});

const recordTrace = (record: RecordRow, { what }: TracedItem): Trace => ({
  kind: 'Record',
  title: what,
  lead: `Record ${record.seq} of the ledger, written on ${shortTime(record.t)} UTC.`,
  steps: [asRecorded(record)],
  checks: [],
  events: [],
  records: [{ seq: record.seq, type: record.type, leaf: record.leaf }],
  omitted: [],
  texts: [],
});

const dayTrace = (rows: readonly CallRow[], { what }: TracedItem, material: Material): Trace => {
  const calls = shown(rows);
  const steps = story(calls, [], [], material);
  const denied = rows.filter(({ forwarded }) => !forwarded).length;
  return {
    kind: 'Day of one identity',
    title: what,
    lead: `${rows.length > MAX_SHOWN ? `The first ${MAX_SHOWN} calls of the day` : plural(rows.length, 'call')}, of which ${figure(denied)} did not reach the server.`,
    steps,
    checks: [],
    events: [],
    records: recordsIn(steps, material),
    omitted: cut(rows, 'calls', 'the ledger'),
    texts: [],
  };
};

/** An item that is no single record or event: what the population says of it is all that there is to trace. */
const plainTrace = ({ what }: TracedItem): Trace => ({
  kind: 'Item',
  title: what,
  lead: 'This item is no single call, approval, event or record: the test looks at what the SQL of its population gathers.',
  steps: [],
  checks: [],
  events: [],
  records: [],
  omitted: [],
  texts: [],
});

const traceOf = (item: TracedItem, material: Material): Trace => {
  const call = material.calls.get(item.item);
  if (call) return callTrace(call, material);
  const approval = material.approvals.get(approvalIdOf(item.item));
  if (approval) return approvalTrace(approval, material);
  const [, account] = item.item.split('@');
  const event = material.events
    .get(eventIdOf(item.item))
    ?.find((row) => account === undefined || row.account === account);
  if (event) return eventTrace(event, material);
  const config = material.configs.get(item.item);
  if (config) return configTrace(config, material);
  const file = material.files.get(item.item);
  if (file) return fileTrace(file);
  const record = material.records.get(recordNumberOf(item.item) ?? -1);
  if (record) return recordTrace(record, item);
  const day = material.days.get(item.item);
  return day ? dayTrace(day, item, material) : plainTrace(item);
};

/** The trace of each item, in their order. */
export const gatherTraces = async (reader: Reader, items: readonly TracedItem[]): Promise<readonly Trace[]> => {
  const material = await readMaterial(
    reader,
    items.map(({ item }) => item),
  );
  return items.map((item) => traceOf(item, material));
};
