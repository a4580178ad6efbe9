/**
 * Calls of revision 2026-07-28 that ask for input and are made once more. What the server wants to know again goes to
 * the client inside a state of the gateway's own, with what the gateway itself must know: under which policy and which
 * approval the call ran.
 */

import { canonical } from '../base/canonical.js';
import type { KeyedDigester } from '../base/digest.js';
import { at, isArray, type JsonValue, member, parseJson, stringOf, toValue } from '../base/json.js';
import { changeMembers, replaceNodes } from '../base/json-edit.js';
import type { Addressed, Decided, Intended, Message, Resumed } from '../model/call.js';
import { principalKey } from '../model/principal.js';
import { targetOf } from './protocol/2025-11-25/message.js';
import { isInputRequired } from './protocol/2026-07-28/retry.js';
import { Refusal } from './refuse.js';
import type { RequestStates, StateAbout } from './request-state.js';

/** How long a client may take to gather what was asked for. */
const STATE_MS = 15 * 60_000;
/** Longest state of a server, bytes: sealed, it must still fit into what is opened again. */
const MAX_STATE = 32_768;
/** Stands in records for a state. */
const PLACEHOLDER = 'sealed by the gateway';

/** The call, by what must not change from leg to leg. */
const aboutOf = (
  digest: KeyedDigester,
  { principal, server, message }: Pick<Addressed, 'principal' | 'server' | 'message'>,
): StateAbout => {
  const params = member(message.node, 'params');
  const members = params?.kind === 'object' ? params.members : [];
  const own = members.filter(({ key }) => !['_meta', 'inputResponses', 'requestState'].includes(key.value));
  const value = Object.fromEntries(own.map(({ key, value: node }) => [key.value, toValue(node)]));
  return {
    principal: principalKey(principal),
    server: server.id,
    method: message.method ?? '',
    target: targetOf(message),
    args: digest('args', canonical(value)),
  };
};

const textOrNull = (value: JsonValue | undefined): string | null => (typeof value === 'string' ? value : null);

const payloadOf = (payload: JsonValue): Resumed & { readonly policy: string | null } => {
  const [policy, asked, state, approval, call] = isArray(payload) ? payload : [];
  return {
    policy: textOrNull(policy),
    asked: asked === 'gateway' ? 'gateway' : 'server',
    state: textOrNull(state),
    approval: textOrNull(approval),
    call: textOrNull(call),
  };
};

export interface Resuming {
  /**
   * What an earlier leg left; null for a first leg.
   * @throws Refusal request_state, request_state_tampered …
   */
  open(addressed: Addressed, policy: string): Resumed | null;
  /** A state for the next leg. @param ms how long it is good for, milliseconds; where not given, a quarter of an hour */
  seal(decided: Decided, left: Omit<Resumed, 'call'>, ms?: number): string;
}

export const createResuming = (states: RequestStates, digest: KeyedDigester): Resuming => ({
  open: (addressed, policy) => {
    const { retry } = addressed;
    if (retry === null) return null;
    if (retry.state === null) throw new Refusal('request_state', 'nobody asked for responses');
    const opened = states.open(retry.state, aboutOf(digest, addressed));
    if (!opened.ok) throw new Refusal(`request_state_${opened.problem}`);
    const left = payloadOf(opened.payload);
    if (left.policy !== policy) throw new Refusal('request_state', 'the policy has changed; make the call again');
    const { policy: _, ...resumed } = left;
    return resumed;
  },
  seal: (decided, { asked, state, approval }, ms = STATE_MS) =>
    states.seal(aboutOf(digest, decided), [decided.decision.policy, asked, state, approval, decided.call], ms),
});

/** The bytes of an answer that asks for input, with a placeholder where its state stands or would stand. */
export const withoutState = (message: Message): Buffer => {
  const result = member(message.node, 'result');
  if (!isInputRequired(message) || result?.kind !== 'object') return message.bytes;
  const changes = { requestState: JSON.stringify(PLACEHOLDER) };
  return replaceNodes(message.bytes, [[result, changeMembers(message.bytes, result, changes)]]);
};

/**
 * What the client is sent in place of the recorded bytes: the same with a sealed state.
 * @param masked the answer as recorded
 * @throws Refusal upstream, where the server's state is too long
 */
export const withSealedState = (masked: Buffer, message: Message, intended: Intended, resuming: Resuming): Buffer => {
  const own = stringOf(at(message.node, 'result', 'requestState')) ?? null;
  if (own !== null && Buffer.byteLength(own) > MAX_STATE)
    throw new Refusal('upstream', `its requestState is over ${MAX_STATE} bytes`);
  const placeholder = at(parseJson(masked), 'result', 'requestState');
  if (!placeholder) throw new Refusal('masking');
  const left = { asked: 'server', state: own, approval: intended.grant?.approval ?? null } as const;
  return replaceNodes(masked, [[placeholder, JSON.stringify(resuming.seal(intended, left))]]);
};
