/** Logs to an OpenTelemetry collector: OTLP/HTTP with JSON (`opentelemetry/proto/logs/v1`). */
import type { ExportEvent, Severity } from '../record.js';
import { Rejected, type Sink } from './sink.js';

const TIMEOUT_MS = 30_000;
/** SeverityNumber of the logs data model. */
const LEVELS: Readonly<Record<Severity, readonly [number, string]>> = {
  informational: [9, 'INFO'],
  low: [10, 'INFO2'],
  medium: [13, 'WARN'],
  high: [17, 'ERROR'],
};

export interface OtlpLogsOptions {
  /** Such as `http://127.0.0.1:4318/v1/logs`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The ledger. */
  readonly origin: string;
  readonly fetch: typeof globalThis.fetch;
}

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

const logOf = ({ seq, t, type, severity, body }: ExportEvent) => {
  const [severityNumber, severityText] = LEVELS[severity];
  return {
    timeUnixNano: `${Date.parse(t)}000000`,
    severityNumber,
    severityText,
    body: { stringValue: body },
    attributes: [text('countersign.type', type), { key: 'countersign.seq', value: { intValue: String(seq) } }],
  };
};

/** Of the statuses that are no success, these alone may be tried again (OTLP specification, "Retryable Response Codes"). */
const RETRYABLE: ReadonlySet<number> = new Set([401, 403, 404, 429, 502, 503, 504]);

export const createOtlpSink = ({ url, headers, origin, fetch }: OtlpLogsOptions): Sink => ({
  async send(events) {
    const attributes = [text('service.name', 'countersign'), text('service.instance.id', origin)];
    const scopeLogs = [{ scope: { name: 'countersign' }, logRecords: events.map(logOf) }];
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs }] }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (response.ok) return;
    const problem = `the collector answered ${response.status}`;
    throw RETRYABLE.has(response.status) ? new Error(problem) : new Rejected(problem);
  },
  close: () => Promise.resolve(),
});
