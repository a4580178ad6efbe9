/** When a segment ends and the next begins. What comes meanwhile waits for it. */
import type { FilePort } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { parseVerifierKey } from '../base/note.js';
import type { Receipt } from '../model/record.js';
import type { Books } from './books.js';
import type { GroupCommit } from './commit.js';
import type { LedgerOptions } from './opening.js';
import type { RootKey } from './root.js';
import { beginSegment, type OpenSegment, type SegmentStart } from './segment.js';

/** A root key that cannot be asked puts the next segment off for so long; the open one goes on meanwhile. */
const POSTPONE_MS = 60_000;

/** What became of the next segment: its first record, on the way to the disk; null where it was put off. */
export type Turned = { readonly begun: Promise<Receipt> } | null;

interface RotationParts {
  readonly options: LedgerOptions;
  readonly files: FilePort;
  readonly root: RootKey;
  readonly group: GroupCommit;
  readonly books: Books;
  /** Where the next record stands. */
  readonly at: () => SegmentStart;
  /** Gives the first record of a segment its place. */
  readonly begin: (next: OpenSegment) => Promise<Receipt>;
}

/** Owned by the one writer. */
export class Rotation {
  /** Settles when the next segment is open; never rejects. Null while none is begun. */
  turning: Promise<Turned> | null = null;
  private readonly parts: RotationParts;
  /** Monotonic times: at which the segment began, and before which no next one is tried. */
  private began: number;
  private notBefore = 0;

  constructor(parts: RotationParts) {
    this.parts = parts;
    this.began = parts.options.clock.monotonic();
  }

  /**
   * Whether the open segment is long or old enough.
   * @param now monotonic time
   */
  isDue(now: number): boolean {
    const { options, group } = this.parts;
    const { rotate } = options;
    if (!rotate || this.turning) return false;
    return (group.end >= rotate.bytes || now - this.began >= rotate.age) && now >= this.notBefore;
  }

  /** Resolves when no segment is being begun; what follows the call at once finds it so. */
  async idle(): Promise<void> {
    while (this.turning) await this.turning;
  }

  /** Takes note that a segment has begun. */
  begin(): void {
    this.began = this.parts.options.clock.monotonic();
  }

  /** Closes the segment under its last checkpoint, lets go of its key, and begins the next one. */
  turn(): Promise<Turned> {
    this.turning ??= this.next()
      .catch((error: unknown) => this.putOff(error))
      .finally(() => {
        this.turning = null;
      });
    return this.turning;
  }

  private async next(): Promise<Turned> {
    const { options, files, root, group, books, at, begin } = this.parts;
    await group.idle();
    const next = await beginSegment({ dir: options.dir, files, root }, at());
    const { checkpoint } = group;
    const before = books.sum(group, parseVerifierKey(group.signer.key), options.clock.now());
    await group.turnTo(next);
    if (checkpoint) options.onSealed?.(checkpoint);
    // Placed before anything that waits; where it fails, the group tells.
    const begun = begin(next);
    begun.then(
      () => books.seal(before, next),
      () => {},
    );
    return { begun };
  }

  /** The open segment goes on for a while where only the root key could not be asked. */
  private putOff(error: unknown): Turned {
    const { options, group } = this.parts;
    this.notBefore = options.clock.monotonic() + POSTPONE_MS;
    if (!(error instanceof CountersignError && error.code === 'ROOT_KEY_UNAVAILABLE')) group.fail(error);
    else options.onProblem?.(error);
    return null;
  }
}
