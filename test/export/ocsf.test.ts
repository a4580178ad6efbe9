import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/base/json.js';
import { eventOf } from '../../src/export/event.js';
import { ocsfOf } from '../../src/export/ocsf.js';

const LEAF = 'a'.repeat(64);
const record = (type: string, d: JsonObject) => ({
  seq: 7,
  t: '2026-07-01T12:00:00.123Z',
  type,
  d,
  leaf: LEAF,
  origin: 'example.com/gw',
});
const principal = { iss: 'https://idp.example', sub: 'ada', kind: 'human', groups: ['engineering'] };
const call = {
  call: '01JD0000000000000000000001',
  session: '01JD0000000000000000009000',
  principal,
  server: 'files',
  method: 'tools/call',
  target: 'write_file',
  risk: 'high',
  decision: { effect: 'allow', rule: 'writes', policy: 'p'.repeat(64), reason: 'Rule writes lets it.' },
  p: { args: 'commitment' },
};

/** What OCSF 1.3.0 requires of every event, and of the classes in use; further attributes are those it knows. */
const base = {
  metadata: z.strictObject({
    version: z.literal('1.3.0'),
    product: z.strictObject({ name: z.string(), vendor_name: z.string() }),
    uid: z.string(),
    sequence: z.int(),
    log_name: z.string(),
    correlation_uid: z.string().optional(),
    profiles: z.array(z.enum(['security_control'])).optional(),
  }),
  activity_id: z.int(),
  activity_name: z.string().optional(),
  type_uid: z.int(),
  time: z.int(),
  severity_id: z.int().min(0).max(6),
  message: z.string(),
  status_id: z.union([z.literal(1), z.literal(2)]).optional(),
  status_detail: z.string().optional(),
  count: z.int().optional(),
};
const user = z.strictObject({
  uid: z.string(),
  domain: z.string().optional(),
  type_id: z.int().optional(),
  type: z.string().optional(),
  groups: z.array(z.strictObject({ name: z.string() })).optional(),
});
const endpoint = z.union([z.strictObject({ ip: z.string() }), z.strictObject({ name: z.string() })]);
const controls = { action_id: z.int().optional(), disposition_id: z.int().optional() };
const session = z.strictObject({ uid: z.string().optional() });
const EVENT = z.discriminatedUnion('class_uid', [
  z.strictObject({
    ...base,
    ...controls,
    category_uid: z.literal(6),
    class_uid: z.literal(6003),
    actor: z.strictObject({ user, session: session.optional() }),
    api: z.strictObject({ operation: z.string(), service: z.strictObject({ name: z.string().optional() }).optional() }),
    src_endpoint: endpoint,
    resources: z.array(z.strictObject({ name: z.string(), type: z.string() })).optional(),
    policy: z
      .strictObject({ name: z.string().optional(), uid: z.string().optional(), desc: z.string().optional() })
      .optional(),
    duration: z.int().optional(),
  }),
  z.strictObject({
    ...base,
    category_uid: z.literal(3),
    class_uid: z.literal(3002),
    user,
    service: z.strictObject({ name: z.string() }),
    session: session.optional(),
    src_endpoint: endpoint,
    auth_protocol_id: z.int().optional(),
    auth_protocol: z.string().optional(),
  }),
  z.strictObject({
    ...base,
    category_uid: z.literal(6),
    class_uid: z.literal(6002),
    app: z.strictObject({ name: z.string(), vendor_name: z.string(), version: z.string().optional() }),
  }),
  z.strictObject({
    ...base,
    ...controls,
    category_uid: z.literal(2),
    class_uid: z.literal(2004),
    finding_info: z.strictObject({ uid: z.string(), title: z.string(), desc: z.string().optional() }),
    is_alert: z.boolean(),
  }),
]);

const RECORDS: readonly (readonly [string, JsonObject, number, string])[] = [
  ['call', call, 600_399, 'low'],
  ['call', { ...call, decision: { ...call.decision, effect: 'deny' } }, 600_399, 'medium'],
  ['result', { call: call.call, intent: 6, status: 'ok', ms: 12 }, 600_399, 'informational'],
  ['result', { call: call.call, intent: 6, status: 'blocked_by_masking', ms: 12 }, 600_399, 'medium'],
  ['refuse', { reason: 'batch', principal: null, address: '203.0.113.7', server: null, count: 3 }, 600_399, 'low'],
  [
    'approval',
    {
      event: 'granted',
      approval: call.call,
      requester: principal,
      by: principal,
      server: 'files',
      tool: 'w',
      rule: 'two-eyes',
      address: null,
    },
    600_399,
    'informational',
  ],
  [
    'auth',
    { reason: 'expired', iss: 'https://idp.example', sub: 'ada', address: '203.0.113.7', server: 'files', count: 1 },
    300_201,
    'low',
  ],
  [
    'session',
    { event: 'opened', session: call.session, principal, server: 'files', address: '203.0.113.7' },
    300_201,
    'informational',
  ],
  [
    'session',
    { event: 'closed', session: call.session, principal, server: 'files', address: '203.0.113.7' },
    300_202,
    'informational',
  ],
  ['start', { version: '1.0.0', host: 'h', pid: 1 }, 600_203, 'informational'],
  ['stop', { reason: 'SIGTERM' }, 600_204, 'informational'],
  ['tool', { event: 'changed', server: 'files', name: 'w', flags: ['instructions'] }, 200_401, 'medium'],
  ['masking', { event: 'failure', call: null, problem: 'over the limit' }, 200_401, 'medium'],
  ['masking', { event: 'canary', server: 'files', leaked: ['email'] }, 200_401, 'high'],
  ['recover', { bytes: 1, sha256: LEAF, file: 'x', cause: 'write_failed' }, 200_401, 'high'],
  ['notice', { event: 'dead', channel: 'slack', problem: 'gone' }, 200_401, 'medium'],
];

describe('a record as an OCSF event', () => {
  it.each(RECORDS)('%s %o is of type %i and %s', (type, d, typeUid, severity) => {
    const found = ocsfOf(record(type, d));
    const event = EVENT.parse(found?.event);
    expect(event.type_uid).toBe(typeUid);
    expect(event.type_uid).toBe(event.class_uid * 100 + event.activity_id);
    expect(event.time).toBe(Date.UTC(2026, 6, 1, 12, 0, 0, 123));
    expect(found?.severity).toBe(severity);
  });

  it('says who did what to what, under which rule, and belongs to its call', () => {
    expect(ocsfOf(record('call', call))?.event).toMatchObject({
      actor: { user: { uid: 'ada', domain: 'https://idp.example', groups: [{ name: 'engineering' }] } },
      api: { operation: 'tools/call', service: { name: 'files' } },
      resources: [{ name: 'write_file' }],
      policy: { name: 'writes' },
      action_id: 1,
      metadata: { correlation_uid: call.call, uid: LEAF, sequence: 7 },
    });
  });

  it.each(['hb', 'seg', 'message', 'config', 'constructor'])('%s is none', (type) => {
    expect(ocsfOf(record(type, {}))).toBeNull();
  });

  it.each(RECORDS)('holds where members are missing or of another kind: %s', (type) => {
    for (const d of [{}, { principal: 7, decision: [], event: null, flags: 'x', by: { sub: 1 } }]) {
      const found = ocsfOf(record(type, d));
      if (found) EVENT.parse(found.event);
    }
  });

  it('holds no commitment of a payload, in either format', () => {
    for (const format of ['ocsf', 'ndjson'] as const)
      expect(eventOf(record('call', call), format)?.body).not.toContain('commitment');
  });
});
