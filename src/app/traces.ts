/** Traces of the gateway: spans to the collector that the settings name. */
import { performance } from 'node:perf_hooks';
import { createSpanQueue } from '../export/spans.js';
import type { Settings } from '../model/settings.js';
import type { Tracer } from '../model/trace.js';
import { resolveSecret } from './config.js';
import type { WireDeps } from './wire-deps.js';

export interface Traces {
  readonly tracer: Tracer;
  /** Sends what waits. */
  close(): Promise<void>;
}

/**
 * Null where no spans are sent.
 * @throws CountersignError KEY_FILE, SECRET_MISSING, SECRET_STORE
 */
export const openTraces = async (
  { traces, ledger }: Pick<Settings, 'traces' | 'ledger'>,
  { environment, version, log }: Pick<WireDeps, 'environment' | 'version' | 'log'>,
): Promise<Traces | null> => {
  if (!traces) return null;
  const headers = Object.entries(traces.headers).map(
    async ([name, source]) => [name, await resolveSecret(source, environment)] as const,
  );
  const queue = createSpanQueue({
    url: traces.url,
    headers: Object.fromEntries(await Promise.all(headers)),
    service: { version, origin: ledger.origin },
    fetch,
    onProblem: (problem) => log.warn({ problem }, 'spans do not reach the collector, and are dropped until they do'),
  });
  const tracer: Tracer = {
    time: () => performance.timeOrigin + performance.now(),
    sample: () => Math.random() < traces.sample,
    end: (span) => queue.add(span),
  };
  return { tracer, close: () => queue.close() };
};
