/**
 * The workflow with many things under way at once (fast-check, model-based, with a scheduler): commands begin work and
 * do not wait for it; the scheduler decides which append goes on next, before and after it is on disk. A restart
 * stands anywhere between: it is a crash of all that is under way.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ApprovalWorkflow } from '../../src/approval/workflow.js';
import { ulid } from '../../src/base/ulid.js';
import type { ApprovalRecord, RecordDraft } from '../../src/model/record.js';
import { askOf, begin, call, pick, subject, verdict } from './commands.js';
import { checkPromises, decisionKey, type Told } from './promises.js';
import { type Call, mostUses, principalOf } from './reference.js';
import { createClock, createJournal, type Fault, ISSUER, START } from './stand.js';

interface Process {
  alive: boolean;
  approvals: ApprovalWorkflow;
}

interface World {
  readonly scheduler: fc.Scheduler;
  readonly clock: ReturnType<typeof createClock>;
  readonly journal: ReturnType<typeof createJournal>;
  readonly told: Told;
  /** Calls that wait for a person, and whose client may leave. */
  readonly waiting: AbortController[];
  /** Clients of calls, by the id of the call. */
  readonly clients: Map<string, AbortController>;
  /** When the use that a call made was on disk, and whether its client had left by then. */
  readonly used: Map<string, { readonly wall: number; readonly mono: number; readonly left: boolean }>;
  /** What ends the calls that run under a grant, for those of the process that lives. */
  readonly running: Map<string, AbortSignal[]>;
  /** What a promise broken in work that nobody waits for says. */
  readonly broken: unknown[];
  process: Process;
  turnedBack: boolean;
}
export type Command = fc.AsyncCommand<object, World, boolean>;

const never = new Promise<never>(() => {});

/** The ledger as one process has it: what was not done when it crashed is never done. */
const ledgerOf = ({ scheduler, clock, journal, told, used, clients }: World, process: () => Process) => ({
  append: async (draft: RecordDraft) => {
    const own = process();
    const step = async (label: string): Promise<void> => {
      await scheduler.schedule(Promise.resolve(), label);
      if (!own.alive) await never;
    };
    const {
      approval,
      event,
      call: use,
    } = draft.type === 'approval' ? draft.d : { approval: '', event: '', call: null };
    await step(`write ${event}`);
    const written = journal.append(draft);
    written.catch(() => {});
    const moment = { wall: clock.wall, mono: clock.mono };
    if (event === 'requested') told.born.set(approval, moment);
    await step(`answer ${event}`);
    const left = clients.get(use ?? '')?.signal.aborted ?? false;
    if (use !== null) used.set(use, { wall: clock.wall, mono: clock.mono, left });
    return written;
  },
});

const start = (world: World): Process => {
  const own: Process = { alive: true, approvals: world.process.approvals };
  const ledger = { ...world.journal, append: ledgerOf(world, () => own).append };
  own.approvals = begin(ledger, world.clock, 'p1');
  return own;
};

/** Begins work whose end is looked at when it comes, if its process lives then. */
const under = <T>(world: World, work: Promise<T>, look: (result: T) => void): void => {
  const own = world.process;
  // An append that failed: the caller is refused.
  const done = work.catch(() => undefined);
  void done.then((result) => {
    try {
      if (own.alive && result !== undefined) look(result);
    } catch (error) {
      world.broken.push(error);
    }
    return undefined;
  });
};

/** One of the requests that this process knows. */
const chosen = ({ process }: World, n: number): string | undefined => {
  const known = process.approvals.list();
  return known[n % Math.max(1, known.length)]?.id;
};

/** Named so that `run` reads as what it does. */
const command = (name: string, run: (world: World) => void): Command => ({
  check: () => true,
  run: async (_, world) => run(world),
  toString: () => name,
});

const askCommand = (what: Call, waits: boolean): Command =>
  command(`ask ${JSON.stringify(what)}${waits ? ' and wait' : ''}`, (world) => {
    const { told, process, waiting, used, clients, running } = world;
    const client = new AbortController();
    const id = ulid(START + clients.size);
    clients.set(id, client);
    if (waits) waiting.push(client);
    const revokedBefore = new Set(told.revoked);
    const outcome = process.approvals.acquire(askOf(what, 'p1'), id, waits ? 3_600_000 : 0, client.signal);
    under(world, outcome, (result) => {
      if (result.state !== 'consumed') return;
      const { approval, revoked } = result;
      const uses = told.consumed.get(approval) ?? [];
      expect(uses.length, 'a grant was handed out too often').toBeLessThan(mostUses(what.rule));
      expect(revokedBefore.has(approval), 'a revoked grant was handed out').toBe(false);
      if (told.revoked.has(approval)) expect(revoked.aborted, 'a revocation ends what runs').toBe(true);
      const use = used.get(id);
      expect(use?.left, 'the call runs although its client had left').toBe(false);
      if (use) told.consumed.set(approval, [...uses, use]);
      running.set(approval, [...(running.get(approval) ?? []), revoked]);
    });
  });

const decideCommand = (who: string, n: number, word: 'approve' | 'deny'): Command =>
  command(`${word} ${n} by ${who}`, (world) => {
    const id = chosen(world, n);
    if (id === undefined) return;
    under(world, world.process.approvals.decide(id, principalOf(who), word, 'because', ''), (result) => {
      if (result.ok) world.told.decided.add(decisionKey(id, who, word));
    });
  });

const takeBackCommand = (who: string, n: number): Command =>
  command(`take back ${n} by ${who}`, (world) => {
    const id = chosen(world, n);
    if (id === undefined) return;
    under(world, world.process.approvals.revoke(id, principalOf(who), null, ''), (result) => {
      if (!result.ok || result.approval.state !== 'revoked') return;
      world.told.revoked.add(id);
      const runs = (world.running.get(id) ?? []).filter(({ aborted }) => !aborted);
      expect(runs, 'a revocation ends what runs').toEqual([]);
    });
  });

/** A further leg of a call, under a grant that it may have used. */
const goOnCommand = (what: Call, n: number): Command =>
  command(`go on under ${n} with ${JSON.stringify(what)}`, (world) => {
    const { process, journal, clock, told } = world;
    const id = chosen(world, n);
    const use = id === undefined ? null : process.approvals.continuation(id, askOf(what, 'p1'));
    if (id === undefined || use === null) return;
    under(world, Promise.resolve(use), ({ revoked }) => {
      const own = journal.bodies.filter(({ approval }) => approval === id);
      const granted = own.find(({ event }) => event === 'granted');
      expect(
        own.some(({ event }) => event === 'consumed'),
        'nothing was used that could go on',
      ).toBe(true);
      expect(own[0]?.requester.sub, 'it goes on for somebody else').toBe(what.who);
      if (told.revoked.has(id)) expect(revoked.aborted, 'it goes on although it is revoked').toBe(true);
      expect(clock.wall, 'it goes on after the deadline').toBeLessThan(Date.parse(granted?.deadline ?? ''));
    });
  });

const crashCommand = command('crash, and start again', (world) => {
  world.process.alive = false;
  world.running.clear();
  world.told.forgot ||= world.turnedBack;
  world.process = start(world);
});

const leaveCommand = (n: number): Command =>
  command(`client ${n} leaves`, ({ waiting }) => waiting[n % Math.max(1, waiting.length)]?.abort());

const failCommand = (event: ApprovalRecord['event'], fault: Fault): Command =>
  command(`the next ${event} is ${fault}`, ({ journal }) => {
    journal.fault = (found) => {
      if (found !== event) return null;
      journal.fault = () => null;
      return fault;
    };
  });

const passCommand = (ms: number): Command => command(`pass ${ms} ms`, ({ clock }) => clock.pass(ms));
const turnBackCommand = (ms: number): Command =>
  command(`turn the wall clock back ${ms} ms`, (world) => {
    world.clock.wall -= ms;
    world.clock.mono += 1;
    world.turnedBack = true;
  });
const sweepCommand = command('sweep', (world) => under(world, world.process.approvals.sweep(), () => {}));

const EVENTS = ['requested', 'approved', 'denied', 'granted', 'consumed', 'expired', 'revoked'] as const;
const again = fc.constantFrom('one', 'window', 'two');

export const interleavings = fc.tuple(
  fc.scheduler(),
  fc.commands<object, World, boolean>(
    [
      fc.tuple(call, fc.boolean()).map((args) => askCommand(...args)),
      fc
        .tuple(again, fc.boolean())
        .map(([rule, waits]) => askCommand({ who: 'ada', tool: 't1', args: 'aaaa', definition: 'd1', rule }, waits)),
      fc.tuple(subject, pick, verdict).map((args) => decideCommand(...args)),
      fc.tuple(fc.constantFrom('bob', 'cyd'), pick).map(([who, n]) => decideCommand(who, n, 'approve')),
      fc.tuple(subject, pick).map((args) => takeBackCommand(...args)),
      fc.tuple(call, pick).map((args) => goOnCommand(...args)),
      fc
        .tuple(again, pick)
        .map(([rule, n]) => goOnCommand({ who: 'ada', tool: 't1', args: 'aaaa', definition: 'd1', rule }, n)),
      fc.constant(crashCommand),
      fc.constant(sweepCommand),
      pick.map(leaveCommand),
      fc.constantFrom(1, 60_000, 450_000, 900_000).map(passCommand),
      fc.constantFrom(1, 60_000, 900_000).map(turnBackCommand),
      fc
        .tuple(fc.constantFrom(...EVENTS), fc.constantFrom('lost' as const, 'written' as const))
        .map((args) => failCommand(...args)),
    ],
    { size: '+1', maxCommands: 60 },
  ),
);

/** After a last crash the request holds every decision that somebody was told of. */
const checkRebuilt = ({ journal, clock, told }: World): void => {
  const rebuilt = begin(journal, clock, 'p1')
    .list()
    .flatMap(({ id, decisions }) =>
      decisions.map((one) => decisionKey(id, one.by.slice(ISSUER.length + 1), one.verdict)),
    );
  for (const decision of told.decided) expect(rebuilt, 'a decision is gone after a restart').toContain(decision);
};

/** Runs one history. @returns the transitions on record */
export const runInterleaved = async (scheduler: fc.Scheduler, history: Iterable<Command>): Promise<string[]> => {
  const clock = createClock();
  const journal = createJournal(clock);
  const told: Told = { consumed: new Map(), revoked: new Set(), decided: new Set(), born: new Map(), forgot: false };
  const process: Process = { alive: true, approvals: begin(journal, clock, 'p1') };
  const world: World = {
    scheduler,
    clock,
    journal,
    told,
    process,
    waiting: [],
    clients: new Map(),
    used: new Map(),
    running: new Map(),
    broken: [],
    turnedBack: false,
  };
  world.process = start(world);
  await fc.scheduledModelRun(scheduler, () => ({ model: {}, real: world }), history);
  await scheduler.waitIdle();
  for (const client of world.waiting) client.abort();
  await scheduler.waitIdle();
  if (world.broken.length > 0) throw world.broken[0];
  checkPromises(journal.bodies, told);
  checkRebuilt(world);
  return journal.events();
};
