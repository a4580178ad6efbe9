/** In-memory stand-ins for the tests of approvals: a ledger that can fail, a clock that can be turned. */

import type { StoredApproval } from '../../src/approval/stored.js';
import { type ApprovalsDependencies, createApprovals } from '../../src/approval/workflow.js';
import type { Clock } from '../../src/base/clock.js';
import { CountersignError } from '../../src/base/errors.js';
import { ulid } from '../../src/base/ulid.js';
import type { ApprovalAsk } from '../../src/model/approval.js';
import type { Principal } from '../../src/model/principal.js';
import { principalKey } from '../../src/model/principal.js';
import type { ApprovalRecord, RecordDraft } from '../../src/model/record.js';
import type { ApprovalRule, Settings } from '../../src/model/settings.js';

export const ISSUER = 'https://idp.example';
export const START = Date.parse('2026-11-24T05:00:00Z');

export const createClock = (): Clock & { wall: number; mono: number; pass(ms: number): void } => {
  const clock = {
    wall: START,
    mono: 5_000,
    boot: 'boot-1',
    now: () => clock.wall,
    monotonic: () => clock.mono,
    pass: (ms: number) => {
      clock.wall += ms;
      clock.mono += ms;
    },
  };
  return clock;
};

/** `lost`: rejects and writes nothing; `written`: rejects although the record is on disk; `invalid`, `busy`: never written. */
export type Fault = 'lost' | 'written' | 'invalid' | 'busy';

const leafOf = (seq: number): string => seq.toString(16).padStart(64, '0');

export const createJournal = (clock: Clock) => {
  const stored: StoredApproval[] = [];
  const bodies: ApprovalRecord[] = [];
  const journal = {
    stored,
    bodies,
    /** Consulted before each append. */
    fault: (_event: ApprovalRecord['event']): Fault | null => null,
    /** Awaited before each append ends. */
    delay: async (): Promise<void> => {},
    events: () => bodies.map(({ event }) => event),
    append: async (draft: RecordDraft) => {
      if (draft.type !== 'approval') throw new Error('only approvals are expected');
      const fault = journal.fault(draft.d.event);
      const seq = stored.length;
      if (fault === null || fault === 'written') {
        // As on disk: what is written is text.
        stored.push({
          d: JSON.parse(JSON.stringify(draft.d)),
          payloads: Object.fromEntries(
            Object.entries(draft.payloads ?? {}).map(([name, data]) => [name, { data: data.toString() }]),
          ),
          t: new Date(clock.now()).toISOString(),
          leaf: leafOf(stored.length),
        });
        bodies.push(draft.d);
      }
      await journal.delay();
      if (fault === 'invalid') throw new CountersignError('RECORD_INVALID', { problem: 'test' });
      if (fault === 'busy') throw new CountersignError('LEDGER_BUSY', { bytes: 1 });
      if (fault !== null) throw new CountersignError('LEDGER_WRITE_FAILED', { problem: 'test' });
      return { seq, leaf: leafOf(seq) };
    },
  };
  return journal;
};

export const person = (subject: string, more: Partial<Principal> = {}): Principal => ({
  issuer: ISSUER,
  subject,
  kind: 'human',
  groups: ['leads'],
  clientId: 'shared-client',
  actor: null,
  amr: ['pwd'],
  acr: null,
  authTime: START / 1000,
  tokenId: 'hs256:0000:1111',
  expiresAt: START / 1000 + 3600,
  name: subject[0]?.toUpperCase() + subject.slice(1),
  email: `${subject}@example.com`,
  ...more,
});

const SESSION = ulid(START);

export const ask = (
  principal: Principal,
  more: Partial<ApprovalAsk['binding']> & { rule?: string } = {},
): ApprovalAsk => {
  const { rule = 'two-eyes', ...binding } = more;
  return {
    binding: {
      principal: principalKey(principal),
      server: 'files',
      tool: 'write_file',
      args: 'hs256:0000:aaaa',
      definition: null,
      policy: 'p1',
      ...binding,
    },
    rule,
    principal,
    session: SESSION,
    maskedArgs: '{"path":"/srv/files/a.txt","content":"[redacted:email]"}',
  };
};

export const RULES: readonly ApprovalRule[] = [
  { name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 900_000, requireReason: false },
  { name: 'three-eyes', reviewers: ['leads', 'security'], min: 2, deadline: 900_000, requireReason: true },
  {
    name: 'window',
    reviewers: ['leads'],
    min: 1,
    deadline: 900_000,
    requireReason: false,
    window: { duration: 900_000, uses: 3, tools: ['t1', 't2'] },
  },
];

export const PEOPLE: Settings['people'] = [
  {
    person: 'ada@example.com',
    subjects: [`${ISSUER}|ada`, `${ISSUER}|ada-admin`],
    agents: [`${ISSUER}|ada-bot`],
  },
  { person: 'bob@example.com', subjects: [`${ISSUER}|bob`, `${ISSUER}|bob-admin`], agents: [`${ISSUER}|bob-bot`] },
];

export const createStand = (more: Partial<ApprovalsDependencies> = {}) => {
  const clock = createClock();
  const journal = createJournal(clock);
  const dependencies = { ledger: journal, clock, rules: RULES, people: PEOPLE, policy: 'p1', ...more };
  const approvals = createApprovals(dependencies);
  let calls = 0;
  return {
    clock,
    journal,
    approvals,
    /** Asks without waiting. */
    acquire: (what: ApprovalAsk, signal = new AbortController().signal) =>
      approvals.acquire(what, ulid(START + ++calls), 0, signal),
    /** A new process over the same ledger. */
    restart: () => {
      const again = createApprovals(dependencies);
      again.restore(journal.stored);
      return again;
    },
  };
};

/** The id of an outcome that must have one. */
export const idOf = (outcome: { readonly approval: string | null }): string => {
  if (outcome.approval === null) throw new Error('the outcome names no approval');
  return outcome.approval;
};
