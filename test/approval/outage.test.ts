/** The disk fails while an approval is decided or used, and comes back in the same process. */
import { expect, it } from 'vitest';
import { type ApprovalWorkflow, createApprovals } from '../../src/approval/workflow.js';
import { ulid } from '../../src/base/ulid.js';
import { openRetrying } from '../faults/outage.js';
import { type Operation, SimulatedDisk } from '../faults/simulated-disk.js';
import { entries } from '../faults/stand.js';
import { testClock } from '../ledger/samples.js';
import { ask, idOf, PEOPLE, person, RULES } from './stand.js';

const ada = person('ada');
const bob = person('bob');

/** Approvals over a ledger whose disk fails where told. */
const start = async (when: 'fault' | 'after') => {
  const disk = new SimulatedDisk();
  const clock = testClock();
  let approvals: ApprovalWorkflow | undefined;
  const ledger = await openRetrying(disk, {
    clock,
    retry: { first: 5, most: 10 },
    onResumed: () => approvals?.resolveDoubts(),
  });
  approvals = createApprovals({ ledger, clock, rules: RULES, people: PEOPLE, policy: 'p1' });
  let fails = false;
  disk[when] = (operation: Operation, path: string) => {
    if (fails && operation === 'sync' && path.includes('/log/')) throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
  const outage = async (work: () => Promise<unknown>): Promise<void> => {
    fails = true;
    await expect(work()).rejects.toMatchObject({ code: 'LEDGER_WRITE_FAILED' });
    fails = false;
    await expect.poll(() => ledger.healthy).toBe(true);
  };
  const acquire = () => approvals.acquire(ask(ada), ulid(clock.now()), 0, new AbortController().signal);
  const events = async () => (await entries(disk)).filter(({ type }) => type === 'approval').map(({ d }) => d['event']);
  return { approvals, ledger, outage, acquire, events };
};

it.each(['fault', 'after'] as const)('a decision that was not recorded can be taken again (%s)', async (when) => {
  const { approvals, outage, acquire, events, ledger } = await start(when);
  const id = idOf(await acquire());
  await outage(() => approvals.decide(id, bob, 'approve', null, ''));
  expect(approvals.get(id)).toMatchObject({ state: 'pending', decisions: [] });
  expect(await approvals.decide(id, bob, 'approve', null, '')).toMatchObject({ ok: true });
  expect(await acquire()).toMatchObject({ state: 'consumed', approval: id });
  await ledger.close('test over');
  expect(await events()).toEqual(['requested', 'approved', 'granted', 'consumed']);
});

it.each(['fault', 'after'] as const)(
  'a use that was not recorded did not run, and the grant is good (%s)',
  async (when) => {
    const { approvals, outage, acquire, events, ledger } = await start(when);
    const id = idOf(await acquire());
    await approvals.decide(id, bob, 'approve', null, '');
    await outage(acquire);
    expect(await acquire()).toMatchObject({ state: 'consumed', approval: id });
    expect((await acquire()).approval).not.toBe(id);
    await ledger.close('test over');
    expect((await events()).filter((event) => event === 'consumed')).toHaveLength(1);
  },
);
