/** A change of the policy while the gateway runs: the new one holds whole, or the old one stays, and either is on record. */
import { CountersignError, reason } from '../base/errors.js';
import { NOBODY, type Revocations, revokedChanges } from '../identity/revoked.js';
import type { Ledger } from '../model/ports.js';
import type { ConfigRecord } from '../model/record.js';
import type { Settings } from '../model/settings.js';
import { pinChanges } from '../policy/pins.js';
import { policyChanges, type ReloadablePolicy } from '../policy/reloadable.js';
import { policyOf } from './policy-of.js';

export interface ReloadDeps {
  readonly settings: Settings;
  readonly policy: ReloadablePolicy;
  readonly revocations: Pick<Revocations, 'replace'>;
  readonly ledger: Pick<Ledger, 'append'>;
  readonly load: () => Promise<Settings>;
  readonly gitState: (file: string) => ConfigRecord['git'];
}

export type Reloaded =
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'loaded'; readonly changes: readonly string[] }
  | { readonly outcome: 'refused'; readonly problem: string };

export interface Reloader {
  /** Reads the configuration again. Never rejects; calls one after the other. */
  reload(): Promise<Reloaded>;
  /** Whether the file that stands there now is not the one in force. */
  readonly refused: boolean;
}

/** What is read again; `provenance` says what was read. */
const RELOADED: ReadonlySet<string> = new Set(['policy', 'pins', 'revoked', 'provenance']);

/** Sections but these that differ: they are read at start alone. */
const otherChanges = (before: Settings, after: Settings): readonly string[] => {
  const kept = (key: string): boolean => !RELOADED.has(key);
  const old = new Map<string, unknown>(Object.entries(before));
  return Object.entries(after)
    .filter(([key, value]) => kept(key) && JSON.stringify(value) !== JSON.stringify(old.get(key)))
    .map(([key]) => key);
};

const judge = (before: Settings, after: Settings): string | null => {
  const others = otherChanges(before, after);
  return others.length === 0
    ? null
    : `only policy, pins and revocations are read again; restart the gateway to change ${others.join(', ')}`;
};

/** Reads, checks, records, and only then replaces. */
const reloadOnce = async (
  deps: ReloadDeps,
  current: Settings,
  last: string | null,
): Promise<{ result: Reloaded; settings: Settings }> => {
  const refuse = async (problem: string, found: Settings['provenance'] | null) => {
    // A signal and the watch of the file tell of the same change.
    if (problem === last) return { result: { outcome: 'refused', problem } as const, settings: current };
    const { provenance } = current;
    const { digest, files } = found ?? provenance;
    const facts = { digest, files, policy: deps.policy.digest, git: deps.gitState(current.file) };
    await deps.ledger.append({ type: 'config', d: { ...facts, outcome: 'refused', reason: problem } });
    return { result: { outcome: 'refused', problem } as const, settings: current };
  };
  let next: Settings;
  try {
    next = await deps.load();
  } catch (error) {
    return refuse(error instanceof CountersignError ? error.message : reason(error), null);
  }
  if (next.provenance.digest === current.provenance.digest)
    return { result: { outcome: 'unchanged' }, settings: current };
  const problem = judge(current, next);
  if (problem !== null) return refuse(problem, next.provenance);
  const policy = policyOf(next);
  const changes = [
    ...policyChanges(current.policy, next.policy),
    ...pinChanges(current.pins, next.pins),
    ...revokedChanges(current.revoked, next.revoked),
  ];
  const { digest, files } = next.provenance;
  const facts = { digest, files, policy: policy.digest, git: deps.gitState(next.file) };
  await deps.ledger.append({ type: 'config', d: { ...facts, outcome: 'loaded', reason: null, changes } });
  deps.policy.replace(policy);
  deps.revocations.replace(next.revoked ?? NOBODY);
  return { result: { outcome: 'loaded', changes }, settings: next };
};

export const createReloader = (deps: ReloadDeps): Reloader => {
  let current = deps.settings;
  let problem: string | null = null;
  let last: Promise<unknown> = Promise.resolve();
  const run = async (): Promise<Reloaded> => {
    try {
      const { result, settings } = await reloadOnce(deps, current, problem);
      current = settings;
      problem = result.outcome === 'refused' ? result.problem : null;
      return result;
    } catch (error) {
      // The ledger could not write: nothing was replaced, and calls are refused for the same reason.
      problem = reason(error);
      return { outcome: 'refused', problem };
    }
  };
  return {
    reload: () => {
      const turn = last.then(run);
      last = turn;
      return turn;
    },
    get refused() {
      return problem !== null;
    },
  };
};
