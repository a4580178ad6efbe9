/** The requests in memory: those that are open, by what they are for, and a bounded history of those that ended. */
import type { Ulid } from '../base/ulid.js';
import type { Approval, ApprovalAsk, ApprovalBinding } from '../model/approval.js';
import type { ApprovalRule } from '../model/settings.js';
import type { Entry } from './entry.js';
import { isOpen } from './state.js';

export interface ApprovalLimits {
  /** Open requests in all, and of one principal. */
  readonly open: number;
  readonly openPerPrincipal: number;
  /** Bytes of masked arguments: of one request, and of all that are open. */
  readonly argsBytes: number;
  readonly argsTotal: number;
  /** Ended requests kept for `list`, and the bytes of their arguments. */
  readonly history: number;
  readonly historyArgs: number;
}

export const DEFAULT_LIMITS: ApprovalLimits = {
  open: 1_000,
  openPerPrincipal: 20,
  argsBytes: 512 * 1024,
  argsTotal: 64 * 1024 ** 2,
  history: 200,
  historyArgs: 16 * 1024 ** 2,
};

/** Two asks are for one request where all of this is equal. */
export const bindingKey = (binding: ApprovalBinding, rule: string): string => {
  const { principal, server, tool, args, definition, policy } = binding;
  return JSON.stringify([principal, server, tool, args, definition, policy, rule]);
};

/** Calls that one window may serve have one key: arguments do not count, nor do tools where it names them. */
export const windowKey = (
  binding: ApprovalBinding,
  rule: string,
  policyRule: string | null,
  tools: boolean,
): string => {
  const { principal, server, tool, definition, policy } = binding;
  return JSON.stringify(['window', principal, server, tools ? null : [tool, definition], policy, rule, policyRule]);
};

/** Of one principal under one rule, where the rule does not say. */
const DEFAULT_RULE_LIMITS = { open: 20, perHour: 120 } as const;

/** An open request, or one whose first record is being written. */
interface Slot {
  readonly entry: Entry;
  /** Resolves when the request is durable. */
  readonly ready: Promise<Entry>;
}

export interface Registry {
  /** The open request for this key; rejects where its first record could not be written. */
  find(key: string): Promise<Entry> | undefined;
  get(id: Ulid): Entry | undefined;
  /** Why no further request can be opened for this ask; null where one can. */
  full(ask: ApprovalAsk, rule: Pick<ApprovalRule, 'limits'>, now: number): string | null;
  /** Takes the place of a request at once and publishes it when `durable` resolves. */
  reserve(entry: Entry, durable: Promise<unknown>): Promise<Entry>;
  /** Adds a request that is durable already. */
  add(entry: Entry): void;
  /** Moves a request that ended to the history. */
  retire(entry: Entry): void;
  entries(): readonly Entry[];
  readonly list: () => readonly Approval[];
}

const keyOf = ({ approval }: Entry): string => {
  const { binding, rule, policyRule, window } = approval;
  return window ? windowKey(binding, rule, policyRule, window.tools.length > 0) : bindingKey(binding, rule);
};

const HOUR = 3_600_000;
/** Principals and rules whose recent requests are counted; the oldest are forgotten beyond. */
const MAX_COUNTED = 10_000;

/** When requests were opened within the last hour, for each principal and rule. */
const createRates = () => {
  const times = new Map<string, number[]>();
  const recent = (key: string, now: number): number[] => (times.get(key) ?? []).filter((at) => at > now - HOUR);
  return {
    count: (key: string, now: number): number => recent(key, now).length,
    add: (key: string, at: number): void => {
      const kept = [...recent(key, at), at];
      times.delete(key);
      times.set(key, kept);
      const [oldest] = times.keys();
      if (times.size > MAX_COUNTED && oldest !== undefined) times.delete(oldest);
    },
  };
};

const rateKey = (principal: string, rule: string): string => JSON.stringify([principal, rule]);

/** Why an ask is too much beside what is open; null where it is not. */
const fullness = (limits: ApprovalLimits, open: readonly Entry[], ask: ApprovalAsk): string | null => {
  let all = 0;
  let own = 0;
  const bytes = Buffer.byteLength(ask.maskedArgs);
  let args = bytes;
  for (const { approval, argsBytes } of open) {
    all++;
    if (approval.binding.principal === ask.binding.principal) own++;
    args += argsBytes;
  }
  if (bytes > limits.argsBytes) return 'The arguments are too long for a person to judge.';
  if (all >= limits.open) return `${all} approval requests are open, which is the most there may be.`;
  if (own >= limits.openPerPrincipal) return `This principal has ${own} approval requests open, which is the most.`;
  return args > limits.argsTotal ? 'The approval requests that are open leave no room for another.' : null;
};

/** The newest ended requests within the limits; `forget` is told of each that falls out. */
const createHistory = (limits: ApprovalLimits, forget: (id: Ulid) => void): ((entry: Entry) => void) => {
  const ended: Entry[] = [];
  let args = 0;
  return (entry) => {
    ended.push(entry);
    args += entry.argsBytes;
    while (ended.length > limits.history || args > limits.historyArgs) {
      const oldest = ended.shift();
      if (!oldest) return;
      args -= oldest.argsBytes;
      forget(oldest.approval.id);
    }
  };
};

/** Why an ask is too much of one principal under its rule; null where it is not. */
const ruleFullness = (
  { open, perHour }: NonNullable<ApprovalRule['limits']>,
  opened: number,
  entries: readonly Entry[],
  { binding, rule }: ApprovalAsk,
): string | null => {
  const own = entries.filter(
    ({ approval }) => approval.rule === rule && approval.binding.principal === binding.principal,
  );
  const pending = own.filter(({ approval }) => approval.state === 'pending').length;
  if (pending >= open) return `This principal has ${pending} requests under ${rule} that wait, which is the most.`;
  return opened >= perHour
    ? `This principal asked ${opened} times under ${rule} within an hour, which is the most.`
    : null;
};

export const createRegistry = (limits: ApprovalLimits): Registry => {
  const rates = createRates();
  const slots = new Map<string, Slot>();
  const byId = new Map<Ulid, Entry>();
  const remember = createHistory(limits, (id) => byId.delete(id));

  const release = (entry: Entry): void => {
    const key = keyOf(entry);
    if (slots.get(key)?.entry === entry) slots.delete(key);
  };

  const publish = (entry: Entry): Entry => {
    byId.set(entry.approval.id, entry);
    return entry;
  };

  return {
    find: (key) => slots.get(key)?.ready,
    get: (id) => byId.get(id),
    full: (ask, rule, now) => {
      const open = [...slots.values()].map(({ entry }) => entry);
      const opened = rates.count(rateKey(ask.binding.principal, ask.rule), now);
      return fullness(limits, open, ask) ?? ruleFullness(rule.limits ?? DEFAULT_RULE_LIMITS, opened, open, ask);
    },
    reserve: (entry, durable) => {
      const ready = durable.then(
        () => publish(entry),
        (error: unknown) => {
          release(entry);
          throw error;
        },
      );
      slots.set(keyOf(entry), { entry, ready });
      rates.add(rateKey(entry.approval.binding.principal, entry.approval.rule), entry.approval.requestedAt);
      return ready;
    },
    add: (entry) => {
      publish(entry);
      rates.add(rateKey(entry.approval.binding.principal, entry.approval.rule), entry.approval.requestedAt);
      if (isOpen(entry.approval)) slots.set(keyOf(entry), { entry, ready: Promise.resolve(entry) });
      else remember(entry);
    },
    retire: (entry) => {
      release(entry);
      remember(entry);
    },
    entries: () => [...byId.values()],
    list: () => [...byId.values()].map(({ approval }) => approval).sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
};
