/** Keys of `approvals watch`: a verdict, a reason where one is needed, and a confirmation. Pure. */
import type { ApprovalView } from '../index.js';

type Verdict = 'approve' | 'deny';

/** What the next key is for. */
export type KeyState =
  | { readonly mode: 'idle' }
  | { readonly mode: 'reason'; readonly verdict: Verdict; readonly id: string; readonly text: string }
  | { readonly mode: 'confirm'; readonly verdict: Verdict; readonly id: string; readonly reason: string | null };

export interface KeyStep {
  readonly state: KeyState;
  /** A line for the person. */
  readonly say?: string;
  /** The request to show before it is judged. */
  readonly show?: string;
  readonly decide?: { readonly id: string; readonly verdict: Verdict; readonly reason: string | null };
  readonly quit?: true;
}

export const IDLE: KeyState = { mode: 'idle' };
const MAX_REASON = 1_000;

/** The request that a key is about: the oldest that waits and is not one's own. */
export const firstToDecide = (list: readonly ApprovalView[], now: number): ApprovalView | undefined =>
  list.find(({ state, own, deadline }) => state === 'pending' && !own && Date.parse(deadline) > now);

const ask = (verdict: Verdict, id: string, reason: string | null): KeyStep => ({
  state: { mode: 'confirm', verdict, id, reason },
  say: `${verdict === 'approve' ? 'Approve' : 'Deny'} ${id}${reason === null ? '' : `, reason: ${reason}`}? y confirms, any other key does not.`,
});

const chosen = (verdict: Verdict, current: ApprovalView | undefined): KeyStep => {
  if (!current) return { state: IDLE, say: 'Nothing waits for you.' };
  const { id, passkey, requireReason } = current;
  if (verdict === 'approve' && passkey)
    return { state: IDLE, say: 'This request can be approved with a passkey only, on the web page.' };
  if (!requireReason) return { ...ask(verdict, id, null), show: id };
  return {
    state: { mode: 'reason', verdict, id, text: '' },
    say: 'Type the reason, then Enter; it is shown before you confirm. Esc gives up.',
    show: id,
  };
};

const typed = (state: Extract<KeyState, { mode: 'reason' }>, key: string): KeyStep => {
  const { verdict, id, text } = state;
  if (key === '\r' || key === '\n') return text.trim() === '' ? { state } : ask(verdict, id, text.trim());
  if (key === '\u007f' || key === '\b') return { state: { ...state, text: Array.from(text).slice(0, -1).join('') } };
  if (key.startsWith('\u001b')) return { state: IDLE, say: 'Nothing was decided.' };
  const added = Array.from(key).filter((one) => one >= ' ' && one !== '\u007f');
  return { state: { ...state, text: `${text}${added.join('')}`.slice(0, MAX_REASON) } };
};

/** What a key does. @param current what `a` and `d` are about */
export const press = (state: KeyState, key: string, current: ApprovalView | undefined): KeyStep => {
  if (key === '\u0003' || key === '\u0004') return { state, quit: true };
  if (state.mode === 'reason') return typed(state, key);
  if (state.mode === 'confirm') {
    const { id, verdict, reason } = state;
    return key === 'y'
      ? { state: IDLE, decide: { id, verdict, reason } }
      : { state: IDLE, say: 'Nothing was decided.' };
  }
  if (key === 'q') return { state, quit: true };
  if (key === 'a') return chosen('approve', current);
  return key === 'd' ? chosen('deny', current) : { state };
};
