/** The checks of the ten defects do find them: each is run against a gateway in which that defect was made. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startApprovalWorld } from './approval-world.js';
import { DEFECTS } from './defects.js';

type Entries = typeof import('../../src/approval/entry.js');
type States = typeof import('../../src/approval/state.js');

const FOR_EVER = 1e12;

const inEntries = (change: (actual: Entries) => Partial<Entries>) => (): void => {
  vi.doMock('../../src/approval/entry.js', async (load) => {
    const actual = await load<Entries>();
    return { ...actual, ...change(actual) };
  });
};
const inStates = (change: (actual: States) => Partial<States>) => (): void => {
  vi.doMock('../../src/approval/state.js', async (load) => {
    const actual = await load<States>();
    return { ...actual, ...change(actual) };
  });
};
const inPeople = (own: 'own' | 'same') => (): void => {
  vi.doMock('../../src/approval/people.js', async (load) => {
    const actual = await load<typeof import('../../src/approval/people.js')>();
    const createPeople: typeof actual.createPeople = (people) => ({
      ...actual.createPeople(people),
      [own]: () => false,
    });
    return { ...actual, createPeople };
  });
};
const openByDefault = (): void => {
  vi.doMock('../../src/policy/compile.js', async (load) => {
    const actual = await load<typeof import('../../src/policy/compile.js')>();
    const compilePolicy: typeof actual.compilePolicy = (...args) => {
      const policy = actual.compilePolicy(...args);
      return { ...policy, decide: (...call) => ({ ...policy.decide(...call), effect: 'allow' }) };
    };
    return { ...actual, compilePolicy };
  });
};

/** How each defect is made. */
const MADE: Readonly<Record<number, () => void>> = {
  1: inPeople('own'),
  2: inPeople('same'),
  3: inStates((actual) => ({
    isEnough: (people, approval) =>
      actual.approvedBy(people, approval) === approval.needed && actual.isEnough(people, approval),
  })),
  4: inEntries((actual) => ({
    timeLeft: (clock, entry) =>
      entry.approval.state === 'granted' ? (entry.approval.window?.duration ?? 0) : actual.timeLeft(clock, entry),
  })),
  5: inStates(() => ({ refusal: () => null })),
  6: inEntries((actual) => ({
    createEntry: (...args) => ({
      ...actual.createEntry(...args),
      revoked: { signal: new AbortController().signal, abort: () => {} },
    }),
  })),
  7: inEntries((actual) => ({
    timeLeft: (clock, entry) => (entry.approval.state === 'pending' ? actual.timeLeft(clock, entry) : FOR_EVER),
  })),
  8: inEntries((actual) => ({
    timeLeft: (clock, entry) => (entry.approval.state === 'pending' ? FOR_EVER : actual.timeLeft(clock, entry)),
  })),
  9: inEntries(() => ({ serially: (_entry, work) => work() })),
  10: openByDefault,
};

afterEach(() => {
  vi.doUnmock('../../src/approval/entry.js');
  vi.doUnmock('../../src/approval/state.js');
  vi.doUnmock('../../src/approval/people.js');
  vi.doUnmock('../../src/policy/compile.js');
});

describe('the check of each defect fails where the defect is made', () => {
  it.each(DEFECTS)('$number: $what', async ({ number, check }) => {
    vi.resetModules();
    MADE[number]?.();
    const { startGateway } = await import('../../src/app/proxy.js');
    const { loadSettings } = await import('../../src/app/config.js');
    const world = await startApprovalWorld({ startGateway, loadSettings });
    try {
      await expect(check(world)).rejects.toThrow();
    } finally {
      await world.close();
    }
  });
});
