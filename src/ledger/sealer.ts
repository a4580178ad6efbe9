/** Keeps `sealed.json` up to date, beside the writing: what it does costs no record any time. */
import type { FilePort } from '../base/durable.js';
import type { NoteSigner } from '../base/note.js';
import { listSegments } from './folder.js';
import type { KeepRule } from './kept.js';
import { digestOf, type Frontier, type SealedFile, sealedText, writeSealed } from './sealed.js';

interface SealerParts {
  readonly dir: string;
  readonly files: FilePort;
  readonly rule: KeepRule;
  /** Segments that are summed up already. */
  readonly sealed: readonly SealedFile[];
  readonly onProblem: (error: unknown) => void;
}

/** What all records before a segment, or all there are, add up to. */
export type Sum = Omit<Frontier, 'files'>;

export class Sealer {
  private readonly parts: SealerParts;
  private sealed: readonly SealedFile[];
  /** Records that are summed up. */
  private size = 0;
  private last: Promise<void> = Promise.resolve();

  constructor(parts: SealerParts) {
    this.parts = parts;
    this.sealed = parts.sealed;
  }

  /**
   * Sums up the segments that have ended.
   * @param by the signer, and the first record of the segment whose key it has; that record is durable
   */
  seal(sum: Sum, by: { readonly signer: NoteSigner; readonly first: number }): void {
    // Where it fails, the next start reads more than it would have to.
    this.last = this.last.then(() => this.write(sum, by)).catch(this.parts.onProblem);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.last;
  }

  private async write(sum: Sum, by: { readonly signer: NoteSigner; readonly first: number }): Promise<void> {
    const { dir, files, rule } = this.parts;
    // An earlier end that was told later: what is written covers it.
    if (sum.state.size < this.size) return;
    const ended = (await listSegments(dir, files)).filter(({ first }) => first < sum.state.size);
    const added: SealedFile[] = [];
    for (const { first, path } of ended.slice(this.sealed.length)) {
      added.push({ first, ...(await digestOf(path, files)) });
    }
    this.sealed = [...this.sealed, ...added];
    if (this.sealed.length === 0) return;
    this.size = sum.state.size;
    await writeSealed(dir, sealedText({ ...sum, files: this.sealed }, rule, by), files);
  }
}
