/** Accounts and tokens that count no more, whatever their signature says. */
import type { KeyedDigester } from '../base/digest.js';
import type { RevokedSettings } from '../model/identity-settings.js';
import { type Principal, principalKey } from '../model/principal.js';

export const NOBODY: RevokedSettings = { subjects: [], tokens: [] };

export interface Revocations {
  has(principal: Principal): boolean;
  /** From here on the other list holds. */
  replace(next: RevokedSettings): void;
}

export const createRevocations = (first: RevokedSettings, digest: KeyedDigester): Revocations => {
  const compile = ({ subjects, tokens }: RevokedSettings) => ({
    subjects: new Set(subjects),
    tokens: new Set<string>(tokens.map((id) => digest('token-id', id))),
  });
  let current = compile(first);
  return {
    has: (principal) => current.subjects.has(principalKey(principal)) || current.tokens.has(principal.tokenId),
    replace: (next) => {
      current = compile(next);
    },
  };
};

/** What is different, in sentences that name accounts and count tokens. */
export const revokedChanges = (before = NOBODY, after = NOBODY): readonly string[] => {
  const added = after.subjects.filter((subject) => !before.subjects.includes(subject));
  const removed = before.subjects.filter((subject) => !after.subjects.includes(subject));
  const tokens = before.tokens.length !== after.tokens.length || before.tokens.some((id) => !after.tokens.includes(id));
  return [
    ...added.map((subject) => `${subject} was revoked`),
    ...removed.map((subject) => `${subject} is no longer revoked`),
    ...(tokens ? [`${after.tokens.length} tokens are revoked, before ${before.tokens.length}`] : []),
  ];
};
