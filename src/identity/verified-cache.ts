import { hash } from 'node:crypto';
import type { VerifiedToken } from './claims.js';

/** Most tokens remembered; the one unused for longest goes first. */
const CAPACITY = 10_000;

/**
 * Tokens whose signature was checked, by SHA-256 of the token: the token itself is not kept. An entry holds for
 * one generation of the issuer's keys, so that a key withdrawn by the issuer withdraws its tokens.
 */
export interface VerifiedCache {
  get(token: string, generation: string): VerifiedToken | undefined;
  /** The entry whatever its generation: the caller compares it. */
  find(token: string): { readonly generation: string; readonly verified: VerifiedToken } | undefined;
  put(token: string, generation: string, verified: VerifiedToken): void;
  drop(token: string): void;
}

export const createVerifiedCache = (capacity = CAPACITY): VerifiedCache => {
  const entries = new Map<string, { readonly generation: string; readonly verified: VerifiedToken }>();
  const keyOf = (token: string): string => hash('sha256', token, 'base64');
  return {
    find: (token) => {
      const key = keyOf(token);
      const entry = entries.get(key);
      if (!entry) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry;
    },
    get: (token, generation) => {
      const key = keyOf(token);
      const entry = entries.get(key);
      if (!entry) return undefined;
      // A Map iterates in order of insertion: putting an entry back makes it the most recently used.
      entries.delete(key);
      if (entry.generation !== generation) return undefined;
      entries.set(key, entry);
      return entry.verified;
    },
    put: (token, generation, verified) => {
      entries.set(keyOf(token), { generation, verified });
      if (entries.size <= capacity) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        return;
      }
    },
    drop: (token) => {
      entries.delete(keyOf(token));
    },
  };
};
