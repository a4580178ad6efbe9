/** A person at the keyboard of `approvals watch`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApprovalView } from '../index.js';
import { firstToDecide, IDLE, type KeyState, type KeyStep, press } from './watch-keys.js';

/** The part of standard input that is used. */
export interface KeySource {
  setRawMode(on: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
}

export interface KeyboardActions {
  readonly say: (line: string) => void;
  readonly show: (id: string) => Promise<void>;
  /** Decides, and gives the sentence that says what it led to. */
  readonly decide: (verdict: NonNullable<KeyStep['decide']>) => Promise<string>;
}

export interface Keyboard {
  readonly ended: boolean;
  /** Lets keys act on these requests for `ms` milliseconds, and for as long as one is being judged. */
  during(ms: number, list: readonly ApprovalView[]): Promise<void>;
  /** Gives the terminal back as it was. */
  close(): void;
}

const LOOK_MS = 50;

/** Keys are taken one after the other; what fails is said, and nothing was decided. */
export const createKeyboard = (source: KeySource, { say, show, decide }: KeyboardActions): Keyboard => {
  let state: KeyState = IDLE;
  let list: readonly ApprovalView[] = [];
  const quit = new AbortController();
  let work: Promise<unknown> = Promise.resolve();
  const act = async (key: string): Promise<void> => {
    const step = press(state, key, firstToDecide(list, Date.now()));
    ({ state } = step);
    if (step.quit) quit.abort();
    if (step.show !== undefined) await show(step.show);
    if (step.say !== undefined) say(step.say);
    if (step.decide) say(await decide(step.decide));
  };
  const failed = (error: unknown): void => {
    state = IDLE;
    say(error instanceof Error ? error.message : 'it failed');
  };
  // A sequence such as that of an arrow key is one key; pasted text is many.
  const onData = (chunk: Buffer): void => {
    const text = chunk.toString('utf8');
    for (const key of text.startsWith('\u001b') ? [text] : text) work = work.then(() => act(key)).catch(failed);
  };
  source.setRawMode(true);
  source.resume();
  source.on('data', onData);
  return {
    get ended() {
      return quit.signal.aborted;
    },
    during: async (ms, current) => {
      list = current;
      const until = Date.now() + ms;
      while (!quit.signal.aborted && (Date.now() < until || state.mode !== 'idle')) await sleep(LOOK_MS);
      await work;
    },
    close: () => {
      source.off('data', onData);
      source.setRawMode(false);
      source.pause();
    },
  };
};
