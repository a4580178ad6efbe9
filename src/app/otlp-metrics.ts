/**
 * Metrics pushed to a collector: OTLP/HTTP with JSON (OpenTelemetry protocol specification 1.9, "OTLP/HTTP"; the
 * messages are those of `opentelemetry/proto/metrics/v1`). Values are cumulative, so a push that is lost is made up
 * for by the next.
 */
import type { Clock } from '../base/clock.js';
import { reason } from '../base/errors.js';
import type { Metrics } from './metrics.js';

type Instrument = Awaited<ReturnType<Metrics['values']>>[number];
type Value = Instrument['values'][number];

const CUMULATIVE = 2;
const TIMEOUT_MS = 10_000;

interface Span {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly at: number;
}

const nanoseconds = (ms: number): string => `${Math.floor(ms)}000000`;

const attributesOf = (labels: Value['labels'], left: string | null = null) =>
  Object.entries(labels)
    .filter(([key]) => key !== left)
    .map(([key, value]) => ({ key, value: { stringValue: String(value) } }));

const times = ({ from, at }: Span) => ({ startTimeUnixNano: nanoseconds(from), timeUnixNano: nanoseconds(at) });

const pointsOf = ({ values }: Instrument, span: Span) =>
  values.map(({ value, labels }) => ({ attributes: attributesOf(labels), ...times(span), asDouble: value }));

const seriesName = (value: Value): string => ('metricName' in value ? String(value.metricName) : '');

/** Prometheus counts what lies below each bound; OTLP what lies between two. */
const histogramPoint = (name: string, series: readonly Value[], span: Span) => {
  const buckets = series.filter((value) => seriesName(value) === `${name}_bucket`);
  const of = (suffix: string): number => series.find((value) => seriesName(value) === name + suffix)?.value ?? 0;
  const bounds = buckets.map(({ labels }) => Number(labels['le'])).filter(Number.isFinite);
  return {
    attributes: attributesOf(series[0]?.labels ?? {}, 'le'),
    ...times(span),
    count: String(of('_count')),
    sum: of('_sum'),
    explicitBounds: bounds,
    bucketCounts: buckets.map(({ value }, i) => String(value - (buckets[i - 1]?.value ?? 0))),
  };
};

const histogramPoints = ({ name, values }: Instrument, span: Span) => {
  const series = new Map<string, Value[]>();
  for (const value of values) {
    const key = JSON.stringify(attributesOf(value.labels, 'le'));
    const found = series.get(key);
    if (found) found.push(value);
    else series.set(key, [value]);
  }
  return [...series.values()].map((of) => histogramPoint(name, of, span));
};

const metricOf = (instrument: Instrument, span: Span): object => {
  const about = { name: instrument.name, description: instrument.help };
  const kind = String(instrument.type);
  if (kind === 'histogram') {
    return {
      ...about,
      histogram: { aggregationTemporality: CUMULATIVE, dataPoints: histogramPoints(instrument, span) },
    };
  }
  const dataPoints = pointsOf(instrument, span);
  if (kind === 'gauge') return { ...about, gauge: { dataPoints } };
  return { ...about, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
};

/** The `ExportMetricsServiceRequest` of these instruments. */
export const otlpRequest = (
  instruments: readonly Instrument[],
  span: Span,
  service: { readonly version: string; readonly origin: string },
): object => ({
  resourceMetrics: [
    {
      resource: {
        attributes: attributesOf({
          'service.name': 'countersign',
          'service.version': service.version,
          'service.instance.id': service.origin,
        }),
      },
      scopeMetrics: [
        { scope: { name: 'countersign' }, metrics: instruments.map((instrument) => metricOf(instrument, span)) },
      ],
    },
  ],
});

export interface OtlpOptions {
  /** Such as `http://127.0.0.1:4318/v1/metrics`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds between two pushes. */
  readonly interval: number;
  readonly service: { readonly version: string; readonly origin: string };
  readonly clock: Pick<Clock, 'now'>;
  readonly fetch: typeof globalThis.fetch;
  /** Told once when pushes begin to fail, and not again until one has succeeded. */
  readonly onProblem: (problem: string) => void;
}

/** Pushes at intervals, one push at a time; a failure never reaches a call. Gives what ends it, after a last push. */
export const pushMetrics = (metrics: Pick<Metrics, 'values'>, options: OtlpOptions): (() => Promise<void>) => {
  const { url, headers, interval, service, clock, fetch, onProblem } = options;
  const from = clock.now();
  let failing = false;
  const push = async (): Promise<void> => {
    const body = JSON.stringify(otlpRequest(await metrics.values(), { from, at: clock.now() }, service));
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`the collector answered ${response.status}`);
  };
  const attempt = async (): Promise<void> => {
    try {
      await push();
      failing = false;
    } catch (error) {
      if (!failing) onProblem(reason(error));
      failing = true;
    }
  };
  let last = Promise.resolve();
  const next = (): Promise<void> => (last = last.then(attempt));
  const timer = setInterval(() => void next(), interval);
  timer.unref();
  return () => {
    clearInterval(timer);
    return next();
  };
};
