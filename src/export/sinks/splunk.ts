/** Splunk's HTTP Event Collector (Splunk documentation, "Format events for HTTP Event Collector"). */
import type { ExportEvent } from '../record.js';
import { Rejected, type Sink } from './sink.js';

const TIMEOUT_MS = 30_000;

export interface SplunkOptions {
  /** Such as `https://splunk.example.com:8088/services/collector/event`. */
  readonly url: string;
  readonly token: string;
  /** What Splunk calls the kind of event. */
  readonly sourcetype: string;
  /** The ledger. */
  readonly source: string;
  readonly fetch: typeof globalThis.fetch;
}

const envelope = ({ t, body }: ExportEvent, { sourcetype, source }: SplunkOptions): string =>
  `{"time":${Date.parse(t) / 1_000},"sourcetype":${JSON.stringify(sourcetype)},"source":${JSON.stringify(source)},"event":${body}}`;

/** Statuses that another attempt may change: no answer of the receiver about the events themselves. */
const isTransient = (status: number): boolean =>
  status === 401 || status === 403 || status === 404 || status === 408 || status === 429 || status >= 500;

export const createSplunkSink = (options: SplunkOptions): Sink => ({
  async send(events) {
    const response = await options.fetch(options.url, {
      method: 'POST',
      headers: { authorization: `Splunk ${options.token}`, 'content-type': 'application/json' },
      body: events.map((event) => envelope(event, options)).join('\n'),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return;
    const problem = `the collector answered ${response.status}`;
    throw isTransient(response.status) ? new Error(problem) : new Rejected(problem);
  },
  close: () => Promise.resolve(),
});
