import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/approval/channels/view.js';
import { firstToDecide, IDLE, type KeyState, type KeyStep, press } from '../../src/cli/watch-keys.js';
import type { ApprovalView } from '../../src/index.js';
import { ask, createStand, idOf, person, START } from '../approval/stand.js';

const view = async (
  facts: { own?: boolean; requireReason?: boolean; passkey?: boolean } = {},
): Promise<ApprovalView> => {
  const { acquire, approvals } = createStand();
  const approval = approvals.get(idOf(await acquire(ask(person('ada')))));
  if (!approval) throw new Error('no request');
  const { own = false, requireReason = false, passkey = false } = facts;
  return viewOf({ ...approval, passkey }, { own, requireReason });
};

/** Presses keys one after the other; gives every step. */
const type = (keys: readonly string[], current: ApprovalView | undefined): KeyStep[] => {
  let state: KeyState = IDLE;
  return keys.map((key) => {
    const step = press(state, key, current);
    ({ state } = step);
    return step;
  });
};
const decided = (steps: readonly KeyStep[]) => steps.flatMap(({ decide }) => (decide ? [decide] : []));

describe('keys of watch', () => {
  it('a or d shows the request, y confirms', async () => {
    const current = await view();
    const steps = type(['a', 'y', 'd', 'y'], current);
    expect(steps[0]?.show).toBe(current.id);
    expect(decided(steps)).toEqual([
      { id: current.id, verdict: 'approve', reason: null },
      { id: current.id, verdict: 'deny', reason: null },
    ]);
  });

  it('a reason is asked for where one is needed, and can be mended', async () => {
    const current = await view({ requireReason: true });
    const steps = type(['d', '\r', 'n', 'p', '\u007f', 'o', ' ', '\r', 'y'], current);
    expect(decided(steps)).toEqual([{ id: current.id, verdict: 'deny', reason: 'no' }]);
    expect(decided(type(['a', 'x', '\u001b', 'y'], current))).toEqual([]);
  });

  it('without y nothing is decided, whatever the keys', async () => {
    const current = await view();
    const key = fc.string({ minLength: 1, maxLength: 1 }).filter((one) => one !== 'y');
    fc.assert(
      fc.property(fc.array(key), (keys) => {
        expect(decided(type(keys, current))).toEqual([]);
      }),
    );
  });

  it('the confirmation is for the request that was shown, also where another came meanwhile', async () => {
    const [first, second] = [await view(), await view()];
    const { state } = press(IDLE, 'a', first);
    expect(press(state, 'y', second).decide?.id).toBe(first.id);
  });

  it('what needs a passkey is not approved here; ends are ends', async () => {
    const current = await view({ passkey: true });
    expect(type(['a'], current)[0]?.say).toContain('passkey');
    expect(decided(type(['d', 'y'], current))).toHaveLength(1);
    expect(type(['a'], undefined)[0]?.say).toBe('Nothing waits for you.');
    for (const key of ['q', '\u0003', '\u0004']) expect(press(IDLE, key, current).quit).toBe(true);
  });

  it('is about the oldest that waits and is not one’s own', async () => {
    const [own, other] = [await view({ own: true }), await view()];
    expect(firstToDecide([own, other], START)?.id).toBe(other.id);
    expect(firstToDecide([own], START)).toBeUndefined();
    expect(firstToDecide([other], Date.parse(other.deadline))).toBeUndefined();
  });
});
