import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.js';
import { eventOf } from '../../src/export/event.js';
import { ocsfOf } from '../../src/export/ocsf.js';
import { ocsfProblems } from './ocsf-schema.js';

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

const RECORDS: readonly (readonly [string, JsonObject, number, string])[] = [
  ['call', call, 600_399, 'low'],
  ['call', { ...call, decision: { ...call.decision, effect: 'deny' } }, 600_399, 'medium'],
  ['call', { ...call, decision: { ...call.decision, effect: 'require_approval' } }, 600_399, 'low'],
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
  ['probe', { server: 'files', outcome: 'open', says: 'it answered' }, 200_401, 'high'],
  ['notice', { event: 'dead', channel: 'slack', problem: 'gone' }, 200_401, 'medium'],
];

describe('a record as an OCSF event', () => {
  it('is refused by the published schema where it is damaged', () => {
    const event = ocsfOf(record('call', call))?.event ?? {};
    const { api: _, ...without } = event;
    expect(ocsfProblems(without)).toEqual(['api_activity.api: is required']);
    expect(ocsfProblems({ ...event, colour: 1 })).toEqual(['api_activity.colour: is not known to api_activity']);
    expect(ocsfProblems({ ...event, severity_id: 50 })).toEqual(['api_activity.severity_id: 50 is none of its values']);
    expect(ocsfProblems({ ...event, action_id: 99 })).toEqual(['api_activity.action: says what action_id is']);
    expect(ocsfProblems({ ...event, time: 'now' })).toEqual(['api_activity.time: "now" is no timestamp_t']);
  });

  it.each(RECORDS)('%s %o is of type %i and %s', (type, d, typeUid, severity) => {
    const found = ocsfOf(record(type, d));
    expect(ocsfProblems(found?.event)).toEqual([]);
    expect(found?.event['type_uid']).toBe(typeUid);
    expect(found?.event['time']).toBe(Date.UTC(2026, 6, 1, 12, 0, 0, 123));
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
      if (found) expect(ocsfProblems(found.event)).toEqual([]);
    }
  });

  it('holds no commitment of a payload, in either format', () => {
    for (const format of ['ocsf', 'ndjson'] as const)
      expect(eventOf(record('call', call), format)?.body).not.toContain('commitment');
  });
});
