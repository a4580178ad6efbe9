/** Ten ways in which another gateway's approvals fail (of its published source). None of them holds here. */
import { describe, expect, it, vi } from 'vitest';
import { ulid } from '../../src/base/ulid.js';
import { compilePolicy } from '../../src/policy/compile.js';
import { ask, createStand, idOf, person, START } from './stand.js';

const ada = person('ada');
const bob = person('bob');
const cyd = person('cyd');

const defects: readonly [number, string, () => Promise<void>][] = [
  [
    1,
    'administrators approve their own request',
    async () => {
      const { acquire, approvals } = createStand();
      const admin = person('ada', { groups: ['admin', 'admins', 'owners', 'leads'] });
      const id = idOf(await acquire(ask(admin)));
      expect(await approvals.decide(id, admin, 'approve', 'I may', '')).toEqual({ ok: false, reason: 'own_request' });
      expect(approvals.get(id)?.decisions).toEqual([]);
    },
  ],
  [
    2,
    'one person in several groups fills all of them',
    async () => {
      const { acquire, approvals } = createStand();
      const id = idOf(await acquire(ask(ada, { rule: 'three-eyes' })));
      const both = person('bob', { groups: ['leads', 'security'] });
      expect(await approvals.decide(id, both, 'approve', 'ok', '')).toMatchObject({ approval: { state: 'pending' } });
      const other = await approvals.decide(id, person('bob', { groups: ['security'] }), 'approve', 'ok', '');
      expect(other).toEqual({ ok: false, reason: 'already_decided' });
      expect(approvals.get(id)?.state).toBe('pending');
    },
  ],
  [
    3,
    'more approvals than needed leave it pending, and a minimum of 0 lets anybody through',
    async () => {
      const rule = { name: 'two-eyes', reviewers: ['leads'], min: 0, deadline: 900_000, requireReason: false };
      const none = createStand({ rules: [rule] });
      const id = idOf(await none.acquire(ask(ada)));
      await none.approvals.sweep();
      expect(none.approvals.get(id)).toMatchObject({ state: 'pending', needed: 1 });
      // Two approvals on disk where one is needed, as a crash before the grant can leave them.
      const two = createStand();
      const over = idOf(await two.acquire(ask(cyd, { rule: 'three-eyes' })));
      await two.approvals.decide(over, ada, 'approve', 'ok', '');
      two.journal.fault = (event) => (event === 'granted' ? 'lost' : null);
      await expect(two.approvals.decide(over, bob, 'approve', 'ok', '')).rejects.toThrow();
      two.journal.fault = () => null;
      const [request, ...later] = two.journal.stored;
      const lowered = { ...two.journal.bodies[0], needed: 1 };
      two.journal.stored.splice(0, 3, { payloads: {}, t: 0, ...request, d: lowered }, ...later);
      const again = two.restart();
      expect(again.get(over)).toMatchObject({ needed: 1, state: 'pending' });
      expect(again.get(over)?.decisions).toHaveLength(2);
      await again.sweep();
      expect(again.get(over)?.state).toBe('granted');
    },
  ],
  [
    4,
    'a grant runs for its full length from its use, past its end',
    async () => {
      const { acquire, approvals, clock } = createStand();
      const id = idOf(await acquire(ask(ada)));
      clock.pass(899_000);
      await approvals.decide(id, bob, 'approve', null, '');
      expect(approvals.get(id)?.deadline).toBe(clock.now() + 1_000);
      clock.pass(1_000);
      const late = await acquire(ask(ada));
      expect(late.state).toBe('pending');
      expect(late.approval).not.toBe(id);
      expect(approvals.get(id)?.state).toBe('expired');
    },
  ],
  [
    5,
    'approving again resets the end and overwrites who decided',
    async () => {
      const { acquire, approvals, journal, clock } = createStand();
      const id = idOf(await acquire(ask(ada)));
      await approvals.decide(id, bob, 'approve', 'first', '');
      const before = approvals.get(id);
      clock.pass(60_000);
      expect((await approvals.decide(id, cyd, 'approve', 'second', '')).ok).toBe(false);
      expect((await approvals.decide(id, bob, 'deny', 'changed my mind', '')).ok).toBe(false);
      expect(approvals.get(id)).toEqual(before);
      expect(journal.events()).toEqual(['requested', 'approved', 'granted']);
    },
  ],
  [
    6,
    'an end that is written down does not end what is under way',
    async () => {
      const { approvals, clock } = createStand();
      const held = approvals.acquire(ask(ada), ulid(START), 60_000, new AbortController().signal);
      await vi.waitFor(() => expect(approvals.list()).toHaveLength(1));
      clock.pass(900_000);
      await approvals.sweep();
      expect(await held).toMatchObject({ state: 'expired' });
    },
  ],
  [
    7,
    'the end is checked on some paths only',
    async () => {
      const paths = {
        acquire: async (stand: ReturnType<typeof createStand>) => void (await stand.acquire(ask(ada))),
        decide: async (stand: ReturnType<typeof createStand>, id: string) =>
          void (await stand.approvals.decide(id, bob, 'approve', null, '')),
        sweep: async (stand: ReturnType<typeof createStand>) => stand.approvals.sweep(),
      };
      for (const path of Object.values(paths)) {
        const stand = createStand();
        const id = idOf(await stand.acquire(ask(ada)));
        stand.clock.pass(900_000);
        await path(stand, id);
        expect(stand.approvals.get(id)?.state).toBe('expired');
      }
    },
  ],
  [
    8,
    'a request that nobody decides stays open for ever',
    async () => {
      const { acquire, approvals, clock, journal } = createStand();
      const id = idOf(await acquire(ask(ada)));
      clock.pass(900_000);
      await approvals.sweep();
      expect(approvals.get(id)?.state).toBe('expired');
      expect(journal.events()).toEqual(['requested', 'expired']);
    },
  ],
  [
    9,
    'decisions and uses that race overwrite each other',
    async () => {
      const { acquire, approvals, journal } = createStand();
      journal.delay = () => new Promise((resolve) => setTimeout(resolve, 1));
      const id = idOf(await acquire(ask(ada)));
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          approvals.decide(id, person(`r${i}`), i % 2 === 0 ? 'deny' : 'approve', null, ''),
        ),
      );
      expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
      expect(approvals.get(id)?.decisions).toHaveLength(1);
      expect(journal.events()).toEqual(['requested', 'denied']);
    },
  ],
  [
    10,
    'where no rule is found, access is given',
    async () => {
      const { acquire } = createStand({ rules: [] });
      expect(await acquire(ask(ada))).toMatchObject({ state: 'denied', approval: null });
      const call = {
        server: 'files',
        method: 'tools/call',
        target: 'write_file',
        args: () => ({}),
        at: 0,
        address: '127.0.0.1',
        tool: null,
      };
      expect(compilePolicy([], ['files'], []).decide(ada, call).effect).toBe('deny');
    },
  ],
];

describe('defects of others that do not hold here', () => {
  it.each(defects)('%i: %s', async (_number, _what, check) => check());
});
