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
/** Addresses told apart at once; the rest share one count. */
const MAX_ADDRESSES = 4_096;

interface Source {
  readonly until: number;
  seen: number;
  /** By type, reason and server: what was not written singly. */
  readonly counted: Map<string, StrangerDraft>;
}

const withCount = (draft: StrangerDraft, count: number): StrangerDraft =>
  draft.type === 'auth'
    ? { type: 'auth', d: { ...draft.d, iss: null, sub: null, kid: null, count } }
    : { type: 'refuse', d: { ...draft.d, count } };

export const createStrangers = (ledger: Pick<Ledger, 'append'>, clock: Pick<Clock, 'monotonic'>): Strangers => {
  const sources = new Map<string, Source>();

  const sourceOf = (address: string): Source => {
    const key = sources.has(address) || sources.size < MAX_ADDRESSES ? address : 'many addresses';
    const found = sources.get(key);
    if (found) return found;
    const fresh: Source = { until: clock.monotonic() + WINDOW_MS, seen: 0, counted: new Map() };
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
      source.seen++;
      if (source.seen <= SINGLY) {
        await ledger.append(draft);
        return;
      }
      const key = `${draft.type} ${draft.d.reason} ${draft.d.server ?? ''}`;
      source.counted.set(key, withCount(draft, (source.counted.get(key)?.d.count ?? 0) + draft.d.count));
    },
  };
};
