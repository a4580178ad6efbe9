import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits some milliseconds.
 * @throws the reason of the signal, where it aborts first
 */
export const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
};
