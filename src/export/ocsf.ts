/**
 * Records as events of the Open Cybersecurity Schema Framework 1.5 (https://schema.ocsf.io/1.5.0): API Activity (6003),
 * Authentication (3002), Application Lifecycle (6002) and Detection Finding (2004). `type_uid` is the class times 100
 * plus the activity; times are milliseconds since 1970.
 */
import type { JsonObject, JsonValue } from '../base/json.js';
import { numberAt, textAt, textsAt } from './fields.js';
import type { ExportRecord, Severity } from './record.js';

const VERSION = '1.5.0';
const SEVERITIES: Readonly<Record<Severity, number>> = { informational: 1, low: 2, medium: 3, high: 4 };
const OTHER = 99;

interface Shape {
  readonly category: number;
  readonly class: number;
  readonly activity: number;
  readonly activityName?: string;
  readonly severity: Severity;
  readonly message: string;
  readonly profiles?: readonly string[];
  /** Names what belongs together: the ULID of a call, an approval or a session. */
  readonly correlation?: string | undefined;
  readonly attributes: JsonObject;
}

/** Where the source is not told it is said so: the class asks for one. */
const endpoint = (address: string | undefined): JsonObject =>
  address === undefined ? { name: 'unknown' } : { ip: address };

const userOf = (d: JsonValue, ...path: readonly string[]): JsonObject => {
  const name = textAt(d, ...path, 'sub') ?? 'unknown';
  const issuer = textAt(d, ...path, 'iss');
  const groups = textsAt(d, ...path, 'groups').map((group) => ({ name: group }));
  return {
    uid: name,
    ...(issuer === undefined ? {} : { domain: issuer }),
    ...(textAt(d, ...path, 'kind') === 'workload' ? { type_id: 3, type: 'System' } : {}),
    ...(groups.length > 0 ? { groups } : {}),
  };
};

const known = (values: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/** An object that is there where one of its members is known: the schema asks for one. */
const named = (name: string, values: Readonly<Record<string, JsonValue | undefined>>): JsonObject => {
  const members = known(values);
  return 'name' in members || 'uid' in members ? { [name]: members } : {};
};

const api = (d: JsonValue, operation: string): JsonObject => ({
  operation,
  ...named('service', { name: textAt(d, 'server') }),
});

const api6003 = (shape: Omit<Shape, 'category' | 'class' | 'activity' | 'activityName'>, name: string): Shape => ({
  ...shape,
  category: 6,
  class: 6003,
  activity: OTHER,
  activityName: name,
});

/** What policy said, as `action_id` and `disposition_id`; what is neither allowed nor denied says what it is in words. */
const EFFECTS: Readonly<Record<string, JsonObject>> = {
  allow: { action_id: 1, disposition_id: 1 },
  deny: { action_id: 2, disposition_id: 2 },
  require_approval: {
    action_id: OTHER,
    action: 'Held for approval',
    disposition_id: OTHER,
    disposition: 'Held for approval',
  },
};

const call = (d: JsonObject): Shape => {
  const effect = textAt(d, 'decision', 'effect') ?? '';
  const target = textAt(d, 'target');
  const rule = textAt(d, 'decision', 'rule');
  const attributes = {
    actor: { user: userOf(d, 'principal'), session: known({ uid: textAt(d, 'session') }) },
    api: api(d, textAt(d, 'method') ?? 'unknown'),
    src_endpoint: endpoint(undefined),
    ...(EFFECTS[effect] ?? { action_id: 0, disposition_id: 0 }),
    ...named('policy', { name: rule, uid: textAt(d, 'decision', 'policy'), desc: textAt(d, 'decision', 'reason') }),
    ...(target === undefined ? {} : { resources: [{ name: target, type: textAt(d, 'method') ?? 'unknown' }] }),
  };
  const severity = effect === 'deny' ? 'medium' : textAt(d, 'risk') === 'high' ? 'low' : 'informational';
  const message = textAt(d, 'decision', 'reason') ?? 'a call was decided';
  const shape = {
    severity,
    message,
    profiles: ['security_control'],
    correlation: textAt(d, 'call'),
    attributes,
  } as const;
  return api6003(shape, 'Call');
};

const result = (d: JsonObject): Shape => {
  const status = textAt(d, 'status') ?? 'unknown';
  const good = status === 'ok' || status === 'input_required';
  const attributes = {
    actor: { user: { uid: 'see the call' } },
    api: { operation: 'result' },
    src_endpoint: endpoint(undefined),
    status_id: good ? 1 : 2,
    status_detail: status,
    ...known({ duration: numberAt(d, 'ms') }),
  };
  const severity = status === 'blocked_by_masking' ? 'medium' : 'informational';
  return api6003(
    { severity, message: `the call ended: ${status}`, correlation: textAt(d, 'call'), attributes },
    'Result',
  );
};

const refuse = (d: JsonObject): Shape => {
  const reason = textAt(d, 'reason') ?? 'unknown';
  const attributes = {
    actor: { user: userOf(d, 'principal') },
    api: api(d, 'refused'),
    src_endpoint: endpoint(textAt(d, 'address')),
    count: numberAt(d, 'count') ?? 1,
    status_id: 2,
    status_detail: reason,
  };
  return api6003({ severity: 'low', message: `a request was refused: ${reason}`, attributes }, 'Refused');
};

const approval = (d: JsonObject): Shape => {
  const event = textAt(d, 'event') ?? 'unknown';
  const who = textAt(d, 'by', 'sub') === undefined ? userOf(d, 'requester') : userOf(d, 'by');
  const attributes = {
    actor: { user: who },
    api: api(d, `approval ${event}`),
    src_endpoint: endpoint(textAt(d, 'address')),
    resources: [{ name: textAt(d, 'tool') ?? 'unknown', type: 'tool' }],
    ...named('policy', { name: textAt(d, 'rule') }),
  };
  const severity = event === 'denied' || event === 'revoked' ? 'low' : 'informational';
  const message = `approval ${event} for ${textAt(d, 'tool') ?? 'a tool'}`;
  const profiles = ['security_control'];
  return api6003({ severity, message, profiles, correlation: textAt(d, 'approval'), attributes }, 'Approval');
};

const auth = (d: JsonObject): Shape => {
  const reason = textAt(d, 'reason') ?? 'unknown';
  return {
    category: 3,
    class: 3002,
    activity: 1,
    severity: 'low',
    message: `a token was refused: ${reason}`,
    attributes: {
      user: userOf(d),
      service: { name: textAt(d, 'server') ?? 'approvals' },
      src_endpoint: endpoint(textAt(d, 'address')),
      // OAUTH 2.0.
      auth_protocol_id: 6,
      auth_protocol: 'OAuth 2.0 bearer token',
      count: numberAt(d, 'count') ?? 1,
      status_id: 2,
      status_detail: reason,
    },
  };
};

const session = (d: JsonObject): Shape => {
  const opened = textAt(d, 'event') === 'opened';
  return {
    category: 3,
    class: 3002,
    activity: opened ? 1 : 2,
    severity: 'informational',
    message: `a session was ${opened ? 'opened' : 'closed'}`,
    correlation: textAt(d, 'session'),
    attributes: {
      user: userOf(d, 'principal'),
      service: { name: textAt(d, 'server') ?? 'unknown' },
      session: known({ uid: textAt(d, 'session') }),
      src_endpoint: endpoint(textAt(d, 'address')),
      status_id: 1,
    },
  };
};

const lifecycle = (d: JsonObject, started: boolean): Shape => ({
  category: 6,
  class: 6002,
  activity: started ? 3 : 4,
  severity: 'informational',
  message: started ? 'the gateway started' : `the gateway stopped: ${textAt(d, 'reason') ?? 'unknown'}`,
  attributes: { app: known({ name: 'countersign', vendor_name: 'Countersign', version: textAt(d, 'version') }) },
});

const finding = (uid: string, title: string, severity: Severity, detail: string | undefined): Shape => ({
  category: 2,
  class: 2004,
  activity: 1,
  severity,
  message: title,
  profiles: ['security_control'],
  attributes: {
    finding_info: known({ uid, title, desc: detail }),
    is_alert: severity === 'high' || severity === 'medium',
    action_id: 0,
    disposition_id: 0,
  },
});

const tool = (d: JsonObject, uid: string): Shape => {
  const flags = textsAt(d, 'flags');
  const changed = textAt(d, 'event') === 'changed';
  const name = `${textAt(d, 'name') ?? 'a tool'} on ${textAt(d, 'server') ?? 'a server'}`;
  const severity = flags.length > 0 ? 'medium' : changed ? 'low' : 'informational';
  return finding(
    uid,
    `the definition of ${name} is ${changed ? 'changed' : 'new'}`,
    severity,
    flags.join(', ') || undefined,
  );
};

const masking = (d: JsonObject, uid: string): Shape | null => {
  if (textAt(d, 'event') === 'failure') return finding(uid, 'an answer was blocked', 'medium', textAt(d, 'problem'));
  const leaked = textsAt(d, 'leaked');
  const title = `made-up secrets came through the masks of ${textAt(d, 'server') ?? 'a server'}`;
  return leaked.length > 0 ? finding(uid, title, 'high', leaked.join(', ')) : null;
};

/** Record type to its event; what is not here, such as a heartbeat, is none. */
const SHAPES: Readonly<Record<string, (d: JsonObject, leaf: string) => Shape | null>> = {
  call,
  result,
  refuse,
  approval,
  auth,
  session,
  tool,
  masking,
  start: (d) => lifecycle(d, true),
  stop: (d) => lifecycle(d, false),
  recover: (d, leaf) => finding(leaf, 'the ledger was mended', 'high', textAt(d, 'cause')),
  probe: (d, leaf) => {
    const around = `${textAt(d, 'server') ?? 'a server'} can be reached around the gateway`;
    return textAt(d, 'outcome') === 'open' ? finding(leaf, around, 'high', textAt(d, 'says')) : null;
  },
  notice: (d, leaf) => finding(leaf, 'a message to a channel was given up', 'medium', textAt(d, 'problem')),
};

/** The event of a record, and how much it asks for somebody's eyes; null for what is no event, such as a heartbeat. */
export const ocsfOf = (record: ExportRecord): { readonly severity: Severity; readonly event: JsonObject } | null => {
  const shape = Object.hasOwn(SHAPES, record.type) ? SHAPES[record.type]?.(record.d, record.leaf) : null;
  if (!shape) return null;
  const event: JsonObject = {
    metadata: {
      version: VERSION,
      product: { name: 'Countersign', vendor_name: 'Countersign' },
      uid: record.leaf,
      sequence: record.seq,
      log_name: record.origin,
      ...(shape.correlation === undefined ? {} : { correlation_uid: shape.correlation }),
      ...(shape.profiles ? { profiles: shape.profiles } : {}),
    },
    category_uid: shape.category,
    class_uid: shape.class,
    activity_id: shape.activity,
    ...(shape.activityName === undefined ? {} : { activity_name: shape.activityName }),
    type_uid: shape.class * 100 + shape.activity,
    time: Date.parse(record.t),
    severity_id: SEVERITIES[shape.severity],
    message: shape.message,
    ...shape.attributes,
  };
  return { severity: shape.severity, event };
};
