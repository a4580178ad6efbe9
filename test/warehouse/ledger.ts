/** Records as the ledger's reader yields them, made from what happened. */
import { sha256 } from '../../src/base/digest.js';
import type { RecordDraft } from '../../src/model/record.js';
import type { LedgerEntryLike } from '../../src/warehouse/load-records.js';

export interface Happened {
  readonly at: number;
  readonly boot?: string;
  readonly draft: RecordDraft;
}

/** Numbers what happened in the order of time and hands it out as a stream. */
export const entriesOf = (happened: readonly Happened[]): readonly LedgerEntryLike[] =>
  happened
    .map((item, i) => ({ ...item, i }))
    .sort((a, b) => a.at - b.at || a.i - b.i)
    .map(({ at, boot = 'boot-1', draft }, seq) => ({
      seq,
      t: new Date(at).toISOString(),
      m: seq,
      boot,
      type: draft.type,
      d: draft.d,
      leaf: sha256(`leaf ${seq}`),
      payloads: Object.fromEntries(
        Object.entries(draft.payloads ?? {}).map(([name, data]) => [name, { data: data.toString() }]),
      ),
    }));

export async function* streamOf<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) yield await Promise.resolve(item);
}
