/**
 * Legs of one call in revision 2026-07-28, sent as no well-behaved client would: a state that was changed, used twice,
 * given to somebody else or is over is refused in its own words, changes nothing, and is on record. And a call that
 * asks for input goes on under the approval that it used, while that holds.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.js';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, principalOf, rule, startHarness } from './harness.js';
import { raw } from './raw.js';

const REVISION = '2026-07-28';
const real = systemClock();
let ahead = 0;
const clock = { ...real, monotonic: () => real.monotonic() + ahead };

let server: EraServer;
let harness: Harness;
beforeEach(async () => {
  ahead = 0;
  server = await startEraServer(REVISION);
  harness = await startHarness({
    servers: [httpServer('eras', server.url), httpServer('other', server.url)],
    policy: [
      rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['echo', 'ask'] }),
      rule({ id: 'all' }),
    ],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: 0 },
    deps: { clock },
  });
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
  await server.close();
});

interface Leg {
  readonly name?: string;
  readonly args?: object;
  readonly state?: string;
  readonly responses?: object;
  readonly who?: string;
  readonly to?: string;
  readonly at?: Harness;
}

const leg = async ({
  name = 'echo',
  args = { text: 'x' },
  state,
  responses,
  who = 'jane',
  to = 'eras',
  at,
}: Leg = {}) => {
  const prefix = 'io.modelcontextprotocol/';
  const meta = {
    [`${prefix}protocolVersion`]: REVISION,
    [`${prefix}clientCapabilities`]: { elicitation: { form: {} } },
  };
  const params = { name, arguments: args, requestState: state, inputResponses: responses, _meta: meta };
  const { body } = await raw(`${(at ?? harness).url}/${to}/mcp`, {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${who}`,
      'mcp-protocol-version': REVISION,
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return JSON.parse(body.slice(body.indexOf('{')));
};
const stateOf = async (what: Leg = {}): Promise<string> => (await leg(what)).result.requestState;
const only = () => harness.approvals.list()[0]?.id ?? '';
const approve = () => harness.approvals.decide(only(), principalOf('lead', ['leads']), 'approve', null, '');
const refusals = async () =>
  (await harness.entries()).filter(({ type }) => type === 'refuse').map(({ d }) => d['reason']);

/** The leg is refused so, on record, although the call is approved; the true next leg then runs, once. */
const refused = async (what: Leg, state: string, message: RegExp, reason: string) => {
  await approve();
  expect((await leg({ state, ...what })).error).toMatchObject({
    code: -32602,
    message: expect.stringMatching(message),
  });
  expect(await refusals()).toEqual([reason]);
  expect(server.seen).toEqual([]);
  expect(harness.approvals.get(only())?.state).toBe('granted');
};

describe('a requestState', () => {
  it('that is changed', async () => {
    const state = await stateOf();
    const changed = `${state.slice(0, -2)}${state.endsWith('AA') ? 'BB' : 'AA'}`;
    await refused({ state: changed }, state, /was not made here/, 'request_state_tampered');
    expect((await leg({ state })).result.content).toEqual([{ type: 'text', text: 'echo: x' }]);
  });

  it('that is used twice', async () => {
    const state = await stateOf();
    expect((await leg({ state })).result.resultType).toBe('input_required');
    await refused({}, state, /was used already/, 'request_state_replayed');
  });

  it('that was given to somebody else', async () => {
    const state = await stateOf();
    await refused({ who: 'eve' }, state, /somebody else/, 'request_state_foreign');
  });

  it('that was given for another server', async () => {
    const state = await stateOf();
    await refused({ to: 'other' }, state, /for another server/, 'request_state_foreign');
  });

  it('of another call', async () => {
    const state = await stateOf();
    await refused({ args: { text: 'y' } }, state, /belongs to another call/, 'request_state_other_call');
  });

  it('that is over', async () => {
    const state = await stateOf();
    ahead = 60_000;
    await refused({}, state, /has expired/, 'request_state_expired');
  });

  it('of an earlier run', async () => {
    const state = await stateOf();
    await approve();
    const again = await startHarness({
      servers: [httpServer('eras', server.url)],
      policy: [rule({ id: 'all' })],
    });
    expect((await leg({ state, at: again })).error).toMatchObject({ message: expect.stringMatching(/earlier run/) });
    const records = (await again.entries()).filter(({ type }) => type === 'refuse');
    expect(records.map(({ d }) => d['reason'])).toEqual(['request_state_earlier_run']);
    expect(server.seen).toEqual([]);
    await again.close();
  });

  it('that is none: responses alone', async () => {
    await stateOf();
    await approve();
    const { error } = await leg({ responses: { approval: { action: 'accept' } } });
    expect(error.code).toBe(-32602);
    expect(await refusals()).toEqual(['request_state']);
    expect(server.seen).toEqual([]);
  });

  it('is in no record', async () => {
    const state = await stateOf();
    await approve();
    await leg({ state });
    expect(JSON.stringify(await harness.entries())).not.toContain(state);
  });
});

describe('an approved call that asks for input', () => {
  const ask = { name: 'ask', args: { what: 'which word?' } } as const;
  const responses = { form: { action: 'accept', content: { word: 'please' } } };
  const begin = async (): Promise<string> => {
    const state = await stateOf(ask);
    await approve();
    const { result } = await leg({ ...ask, state });
    expect(result.inputRequests).toHaveProperty('form');
    return result.requestState;
  };

  it('goes on under the approval that it used, which is used once', async () => {
    const state = await begin();
    expect((await leg({ ...ask, state, responses })).result.content).toEqual([
      { type: 'text', text: 'you said please' },
    ]);
    const entries = await harness.entries();
    const calls = entries.filter(({ type, d }) => type === 'call' && d['forwarded'] === true).map(({ d }) => d);
    expect(calls.map(({ approval }) => approval)).toEqual([only(), only()]);
    expect(calls[1]).toMatchObject({ continues: calls[0]?.['call'] });
    expect(entries.filter(({ d }) => d['event'] === 'consumed')).toHaveLength(1);
  });

  it('not once that approval is revoked', async () => {
    const state = await begin();
    await harness.approvals.revoke(only(), principalOf('lead', ['leads']), null, '');
    expect((await leg({ ...ask, state, responses })).error.message).toMatch(/holds no more/);
    expect(server.seen).toEqual([]);
  });

  it('not a second time, nor with other arguments', async () => {
    const state = await begin();
    const other = await leg({ ...ask, args: { what: 'another word?' }, state, responses });
    expect(other.error.message).toMatch(/belongs to another call/);
    await leg({ ...ask, state, responses });
    expect((await leg({ ...ask, state, responses })).error.message).toMatch(/was used already/);
    expect(server.seen).toEqual(['ask {"word":"please"}']);
  });
});
