/** What the acknowledged records of a ledger add up to, kept as they come, and sealed at each end of a segment. */
import { basename } from 'node:path';
import { type NoteVerifier, parseVerifierKey } from '../base/note.js';
import { type Account, addTo, copyAccount } from './account.js';
import type { GroupCommit, Placed } from './commit.js';
import { segmentFirst } from './format.js';
import { type KeepRule, type KeptPlace, stillKept } from './kept.js';
import type { Sealer, Sum } from './sealer.js';

/** First record of a segment, by the path of its file. */
const firstOf = (path: string): number => segmentFirst(basename(path)) ?? 0;

interface BooksParts {
  readonly account: Account;
  readonly kept: readonly KeptPlace[];
  readonly rule: KeepRule;
  /** Verifier key. */
  readonly root: string;
  readonly sealer: Sealer;
}

/** Owned by the one writer. */
export class Books {
  readonly account: Account;
  private readonly parts: BooksParts;
  private kept: KeptPlace[];

  constructor(parts: BooksParts) {
    this.parts = parts;
    this.account = parts.account;
    this.kept = [...parts.kept];
  }

  /** Takes records that are durable in the file at `path`; `offsets` of those that are kept. */
  add(records: readonly Placed[], offsets: ReadonlyMap<Placed, number>, path: string): void {
    for (const { seq, type, effect } of records) addTo(this.account, seq, type, effect);
    for (const [{ type, kept }, offset] of offsets) {
      this.kept.push({ type, first: firstOf(path), offset, time: kept ?? 0 });
    }
  }

  /**
   * The sum over what is acknowledged.
   * @param verifier key of the segment in which that ends
   * @param now milliseconds since 1970
   */
  sum({ range, prev }: GroupCommit, verifier: NoteVerifier | null, now: number): Sum {
    this.kept = stillKept(this.kept, this.parts.rule, now);
    const state = { size: range.size, prev, range, verifier, root: parseVerifierKey(this.parts.root) };
    return { state, account: copyAccount(this.account), kept: [...this.kept] };
  }

  /** Seals under the key of a segment whose first record is durable. A ledger of one key has one segment, which does not end. */
  seal(sum: Sum, { signer, path }: Pick<GroupCommit, 'signer' | 'path'>): void {
    const { root, sealer } = this.parts;
    if (signer.key !== root && sum.state.size > 0) sealer.seal(sum, { signer, first: firstOf(path) });
  }

  /** Resolves when no sealing is under way. */
  idle(): Promise<void> {
    return this.parts.sealer.idle();
  }
}
