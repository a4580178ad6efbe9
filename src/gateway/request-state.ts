/**
 * `requestState` of revision 2026-07-28: what the gateway must know again when a client sends a call once more. The
 * client carries it, so it is sealed: nobody reads it, changes it, uses it twice or for another call.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { equalConstantTime, sha256 } from '../base/digest.js';
import { type JsonValue, parseJson, toValue } from '../base/json.js';
import type { PrincipalKey } from '../model/principal.js';

/** The call that a state is for. */
export interface StateAbout {
  readonly principal: PrincipalKey;
  readonly server: string;
  readonly method: string;
  readonly target: string | null;
  /** Keyed digest of the canonical arguments; null where there are none. */
  readonly args: string | null;
}

/** Why a state is not taken. `earlier_run`: its key went with the process that made it. */
export type StateProblem = 'tampered' | 'earlier_run' | 'foreign' | 'other_call' | 'expired' | 'replayed';

/** What was sealed, or why it is not taken. */
export type OpenedState =
  | { readonly ok: true; readonly payload: JsonValue }
  | { readonly ok: false; readonly problem: StateProblem };

/** The states of one process. */
export interface RequestStates {
  /** @param ms how long it is good for, milliseconds */
  seal(about: StateAbout, payload: JsonValue, ms: number): string;
  /** What was sealed, once; a second time it is `replayed`. */
  open(state: string, about: StateAbout): OpenedState;
}

/** States of one principal for one server that were given out and not used; the oldest is forgotten beyond. */
const MOST_PER_OWNER = 500;
/** Principals and servers whose states are known; who was first is forgotten beyond. */
const MOST_OWNERS = 2_000;
/** Longest state that is looked at, characters. */
const MAX_LENGTH = 65_536;

const NONCE = 12;
const TAG = 16;
const KEY_ID = 8;

/** Names the states that are out, so that each comes back once. */
const createOutstanding = () => {
  const byOwner = new Map<string, Map<string, number>>();
  return {
    add: (owner: string, nonce: string, ends: number, now: number): void => {
      const own = byOwner.get(owner) ?? new Map<string, number>();
      byOwner.delete(owner);
      for (const [known, end] of own) if (end <= now || own.size >= MOST_PER_OWNER) own.delete(known);
      byOwner.set(owner, own.set(nonce, ends));
      const [first] = byOwner.keys();
      if (byOwner.size > MOST_OWNERS && first !== undefined) byOwner.delete(first);
    },
    take: (owner: string, nonce: string): boolean => byOwner.get(owner)?.delete(nonce) ?? false,
  };
};

const callOf = ({ method, target, args }: StateAbout): string => sha256(JSON.stringify([method, target, args]));
const ownerOf = ({ principal, server }: StateAbout): string => sha256(JSON.stringify([principal, server]));

/** AES-256-GCM under a key that lives as long as the process. */
const createBox = () => {
  const key = randomBytes(32);
  const id = randomBytes(KEY_ID).toString('base64url');
  const decrypt = (bytes: Buffer): JsonValue | undefined => {
    if (bytes.length < NONCE + TAG) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE));
    decipher.setAuthTag(bytes.subarray(-TAG));
    try {
      return toValue(parseJson(Buffer.concat([decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()])));
    } catch {
      return undefined;
    }
  };
  return {
    id,
    /** @returns the text, and the nonce that names it */
    encrypt: (value: JsonValue): { readonly text: string; readonly nonce: string } => {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const body = Buffer.concat([nonce, cipher.update(JSON.stringify(value)), cipher.final(), cipher.getAuthTag()]);
      return { text: `cs1.${id}.${body.toString('base64url')}`, nonce: nonce.toString('base64url') };
    },
    decrypt,
  };
};

/** The parts of a state's text: only one spelling of each is taken. */
const partsOf = (state: string): { readonly id: string; readonly body: Buffer } | undefined => {
  const [, id, text] = (state.length <= MAX_LENGTH && /^cs1\.([\w-]{11})\.([\w-]+)$/.exec(state)) || [];
  if (id === undefined || text === undefined) return undefined;
  const body = Buffer.from(text, 'base64url');
  return body.toString('base64url') === text ? { id, body } : undefined;
};

const readBox = (value: JsonValue | undefined) => {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [owner, call, ends, payload]: readonly JsonValue[] = value;
  if (typeof owner !== 'string' || typeof call !== 'string' || typeof ends !== 'number') return undefined;
  return payload === undefined ? undefined : { owner, call, ends, payload };
};

/** Seals and opens. By the monotonic clock: turning the wall clock prolongs nothing. */
export const createRequestStates = ({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): RequestStates => {
  const box = createBox();
  const outstanding = createOutstanding();
  const no = (problem: StateProblem): OpenedState => ({ ok: false, problem });
  return {
    seal: (about, payload, ms) => {
      const now = clock.monotonic();
      const { text, nonce } = box.encrypt([ownerOf(about), callOf(about), now + ms, payload]);
      outstanding.add(ownerOf(about), nonce, now + ms, now);
      return text;
    },
    open: (state, about) => {
      const parts = partsOf(state);
      if (!parts) return no('tampered');
      if (parts.id !== box.id) return no('earlier_run');
      const sealed = readBox(box.decrypt(parts.body));
      if (!sealed) return no('tampered');
      if (!equalConstantTime(sealed.owner, ownerOf(about))) return no('foreign');
      if (!equalConstantTime(sealed.call, callOf(about))) return no('other_call');
      if (sealed.ends <= clock.monotonic()) return no('expired');
      const nonce = parts.body.subarray(0, NONCE).toString('base64url');
      return outstanding.take(sealed.owner, nonce) ? { ok: true, payload: sealed.payload } : no('replayed');
    },
  };
};
