/** A wish to end what goes on with a ledger as it grows. */
export interface Following {
  readonly signal: AbortSignal;
  /** Leaves signals and output to others again. */
  readonly done: () => void;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Ends on SIGINT and SIGTERM, and once nobody reads the output any more: as with `tail -f`, the next line then written
 * tells (EPIPE).
 */
export const untilStopped = (output: NodeJS.WritableStream): Following => {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  for (const signal of SIGNALS) process.on(signal, end);
  output.on('error', end);
  return {
    signal: ended.signal,
    done: () => {
      for (const signal of SIGNALS) process.off(signal, end);
      output.off('error', end);
    },
  };
};
