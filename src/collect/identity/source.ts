/** A source of identities as collection sees it. A further provider is one more of these. */
import type { IdentityKind, IdentityRows } from '../../model/identity-snapshot.js';

export interface IdentitySource {
  readonly kind: IdentityKind;
  /** Names it in snapshots, such as `okta:example.okta.com`. */
  readonly source: string;
  /**
   * Reads all of it: a snapshot is whole or is not taken.
   * @param onProgress told what is read, and how much of how much
   * @param note told what had to be left out, in a sentence
   * @throws IdentityError
   */
  read(
    onProgress: (step: string, done: number, total: number) => void,
    note: (reason: string) => void,
  ): Promise<IdentityRows>;
}

/** Why a source could not be read whole, in words that hold no secret. */
export class IdentityError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'IdentityError';
  }
}
