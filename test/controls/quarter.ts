/** A random quarter: a real ledger of calls, configurations and approvals, right and wrong alike. */
import fc from 'fast-check';
import type { Clock } from '../../src/base/clock.js';
import { openLedger } from '../../src/ledger/append.js';
import type { ApprovalRecord, CallRecord, RecordDraft } from '../../src/model/record.js';
import { newKey, ORIGIN } from '../ledger/samples.js';
import { ISSUER } from '../warehouse/settings.js';

export const QUARTER = {
  label: '2026-Q3',
  from: Date.parse('2026-07-01T00:00:00Z'),
  to: Date.parse('2026-10-01T00:00:00Z'),
};

const digest = (letter: string) => `hs256:00000000:${letter.repeat(64)}` as const;
const ACCOUNTS = ['p0', 'p1', 'agent', 'stranger'] as const;
const account = fc.constantFrom(...ACCOUNTS);
const server = fc.constantFrom('cloud', 'cloud', 'cloud', 'shared');
const tool = fc.constantFrom('stop', 'stop', 'stop', 'run');
const args = fc.constantFrom('a', 'a', 'a', 'b');
const policy = fc.constantFrom('one'.repeat(20), 'one'.repeat(20), 'two'.repeat(20));
const approvalId = fc.constantFrom('A1', 'A2', 'A3', 'A4', 'A5');
/** Milliseconds between two records. */
const after = fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 3 * 86_400_000 }));

const call = fc.record({
  what: fc.constant('call' as const),
  after,
  account,
  server,
  tool,
  args,
  policy,
  effect: fc.constantFrom('allow', 'require_approval', 'require_approval', 'require_approval', 'deny'),
  rule: fc.constantFrom('r1', 'r1', 'r1', null),
  approval: fc.option(approvalId, { freq: 5 }),
  high: fc.boolean(),
  forwarded: fc.constantFrom(true, true, true, false),
});
const config = fc.record({
  what: fc.constant('config' as const),
  after,
  policy,
  outcome: fc.constantFrom('loaded', 'refused'),
});
const request = fc.record({
  what: fc.constant('request' as const),
  after,
  approval: approvalId,
  account,
  server,
  tool,
  args,
  needed: fc.integer({ min: 1, max: 2 }),
  window: fc.constantFrom(null, null, null, { ms: 60_000, uses: 3, tools: ['stop', 'run'] }),
});
const step = fc.record({
  what: fc.constant('step' as const),
  after,
  approval: approvalId,
  event: fc.constantFrom('approved', 'approved', 'granted', 'denied'),
  account,
});

type Happening = typeof call extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Request = typeof request extends fc.Arbitrary<infer T> ? T : never;
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

export type Quarter = readonly (Happening | Step | Request | Config)[];

/** Requests come first as often as not, so that approvals are complete often enough. */
export const quarters: fc.Arbitrary<Quarter> = fc
  .tuple(
    fc.array(fc.oneof(request, config), { maxLength: 8 }),
    fc.array(fc.oneof({ arbitrary: call, weight: 4 }, { arbitrary: step, weight: 4 }, request, config), {
      minLength: 60,
      maxLength: 120,
    }),
  )
  .map((parts) => parts.flat());

const callDraft = (n: number, one: Happening): RecordDraft => {
  const d: CallRecord = {
    call: `C${n}`,
    session: null,
    principal: {
      iss: ISSUER,
      sub: one.account,
      kind: 'human',
      groups: [],
      client_id: null,
      act: null,
      amr: [],
      acr: null,
      token: digest('f'),
      exp: 0,
    },
    server: one.server,
    method: 'tools/call',
    target: one.tool,
    forwarded: one.forwarded,
    args: digest(one.args),
    redactions: {},
    definition: null,
    decision: { effect: one.effect, rule: one.rule, policy: one.policy, reason: 'so' },
    approval: one.approval,
    risk: one.high ? 'high' : 'low',
    credential: null,
    trace: null,
  };
  return { type: 'call', d };
};

const approvalDraft = (asked: Request, event: ApprovalRecord['event'], by: string | null): RecordDraft => ({
  type: 'approval',
  d: {
    event,
    approval: asked.approval,
    rule: 'two-eyes',
    session: 'S1',
    requester: { iss: ISSUER, sub: asked.account },
    window: asked.window,
    server: asked.server,
    tool: asked.tool,
    args: digest(asked.args),
    definition: null,
    policy: 'one'.repeat(20),
    deadline: '2026-12-31T00:00:00.000Z',
    needed: asked.needed,
    approved: 0,
    reviewers: ['leads'],
    by:
      by === null
        ? null
        : { iss: ISSUER, sub: by, groups: [], amr: [], acr: null, client_id: null, auth_time: 0, token: digest('e') },
    channel: null,
    address: null,
    call: null,
  },
});

/** Approvals with steps but without a request are those of an earlier quarter, whose records are not here. */
const UNASKED: Request = {
  what: 'request',
  after: 0,
  approval: 'A1',
  account: 'p0',
  server: 'cloud',
  tool: 'stop',
  args: 'a',
  needed: 1,
  window: null,
};

const draftOf = (n: number, one: Quarter[number], asked: Map<string, Request>): RecordDraft | null => {
  if (one.what === 'call') return callDraft(n, one);
  if (one.what === 'config') {
    const { outcome, policy: loaded } = one;
    return { type: 'config', d: { outcome, digest: 'c', policy: loaded, files: [], git: null, reason: null } };
  }
  if (one.what === 'request') {
    if (asked.has(one.approval)) return null;
    asked.set(one.approval, one);
    return approvalDraft(one, 'requested', null);
  }
  const known = asked.get(one.approval) ?? { ...UNASKED, approval: one.approval };
  return approvalDraft(known, one.event, one.event === 'granted' ? null : one.account);
};

/** Writes what happened as a ledger; it begins a day before the quarter and may go on beyond its end. */
export const writeQuarter = async (dir: string, quarter: Quarter): Promise<void> => {
  let at = QUARTER.from - 86_400_000;
  const clock: Clock = {
    now: () => at,
    monotonic: () => at - QUARTER.from + 86_400_000,
    boot: '00000000-0000-4000-8000-000000000001',
  };
  const ledger = await openLedger({ dir, origin: ORIGIN, key: newKey(), clock, heartbeat: 0 });
  const asked = new Map<string, Request>();
  for (const [n, one] of quarter.entries()) {
    at += one.after;
    const draft = draftOf(n, one, asked);
    if (draft) await ledger.append(draft);
  }
  await ledger.close('signal');
};
