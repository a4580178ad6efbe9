import type { Clock } from '../base/clock.js';
import type { Ledger } from '../model/ports.js';
import type { RecordDraft } from '../model/record.js';

type StrangerDraft = Extract<RecordDraft, { type: 'auth' | 'refuse' }>;

/** Records what people without a valid token can cause, so that they cannot fill the disk. */
export interface Strangers {
  /** Resolves when it is on disk, or counted for the summary of this minute. */
  note(draft: StrangerDraft): Promise<void>;
  /** Writes the summaries of minutes that are over. */
  flush(all?: boolean): Promise<void>;
}

const WINDOW_MS = 60_000;
/** Records written singly per address and minute. */
const SINGLY = 20;
/** Records written singly per minute, of all addresses: who has many addresses fills no disk either. */
const SINGLY_IN_ALL = 1_000;
/** Addresses told apart at once; the rest share one count. */
const MAX_ADDRESSES = 256;
const REST = 'many addresses';

interface Source {
  readonly address: string;
  readonly until: number;
  seen: number;
  /** By type, reason and server: what was not written singly. */
  readonly counted: Map<string, StrangerDraft>;
}

/** A summary names nobody: what it counts may be of several people, and of several addresses. */
const summary = (draft: StrangerDraft, address: string, count: number): StrangerDraft =>
  draft.type === 'auth'
    ? { type: 'auth', d: { ...draft.d, iss: null, sub: null, kid: null, address, count } }
    : { type: 'refuse', d: { ...draft.d, principal: null, address, count } };

export const createStrangers = (ledger: Pick<Ledger, 'append'>, clock: Pick<Clock, 'monotonic'>): Strangers => {
  const sources = new Map<string, Source>();
  let minute = { until: 0, singly: 0 };

  const maySingly = (source: Source): boolean => {
    if (clock.monotonic() >= minute.until) minute = { until: clock.monotonic() + WINDOW_MS, singly: 0 };
    return ++source.seen <= SINGLY && ++minute.singly <= SINGLY_IN_ALL;
  };

  const sourceOf = (address: string): Source => {
    const key = sources.has(address) || sources.size < MAX_ADDRESSES ? address : REST;
    const found = sources.get(key);
    if (found) return found;
    const fresh: Source = { address: key, until: clock.monotonic() + WINDOW_MS, seen: 0, counted: new Map() };
    sources.set(key, fresh);
    return fresh;
  };

  const flush: Strangers['flush'] = async (all = false) => {
    const now = clock.monotonic();
    const due = [...sources].filter(([, source]) => all || source.until <= now);
    for (const [key] of due) sources.delete(key);
    await Promise.all(due.flatMap(([, source]) => [...source.counted.values()].map((draft) => ledger.append(draft))));
  };

  return {
    flush,
    async note(draft) {
      await flush();
      const source = sourceOf(draft.d.address);
      if (maySingly(source)) {
        await ledger.append(draft);
        return;
      }
      const key = `${draft.type} ${draft.d.reason} ${draft.d.server ?? ''}`;
      source.counted.set(key, summary(draft, source.address, (source.counted.get(key)?.d.count ?? 0) + draft.d.count));
    },
  };
};
