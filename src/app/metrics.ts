/**
 * Metrics in the exposition format of Prometheus. They are counted from the records themselves, once those are on
 * disk: a figure on a dashboard is a figure of the ledger. Labels are ids of the configuration and words of the
 * product; nothing that a client or server sends becomes one.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Clock } from '../base/clock.js';
import type { Ulid } from '../base/ulid.js';
import type { Ledger } from '../model/ports.js';
import type { CallRecord, RecordDraft, ResultRecord } from '../model/record.js';
import type { MaskingRecord } from '../model/redaction.js';

/** What stands now, asked at each scrape. */
export interface Standing {
  readonly sessions: number;
  /** Whether calls can be recorded. */
  readonly recording: boolean;
  readonly records: number;
  readonly approvalsWaiting: number;
  readonly unanchoredRecords: number;
}

export interface Metrics {
  /** A ledger whose records are counted. */
  observe(ledger: Ledger): Ledger;
  /** What is asked at each scrape; once. */
  watch(standing: () => Standing): void;
  /** The page that Prometheus reads. */
  text(): Promise<string>;
  /** The same as values, for those who push. */
  values(): ReturnType<Registry['getMetricsAsJSON']>;
  readonly contentType: string;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** Calls under way whose server is remembered; beyond that a result counts for no server. */
const MAX_CALLS = 20_000;

const createInstruments = (registers: Registry[]) => {
  const counter = (name: string, help: string, labelNames: readonly string[]) =>
    new Counter({ name: `countersign_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = (name: string, help: string, labelNames: readonly string[]) =>
    new Histogram({ name: `countersign_${name}`, help, labelNames: [...labelNames], buckets: SECONDS, registers });
  return {
    calls: counter('calls_total', 'Calls by what policy decided.', ['server', 'effect']),
    results: counter('results_total', 'Outcomes of forwarded calls.', ['server', 'status']),
    duration: histogram('call_duration_seconds', 'From the recorded intent to the answer.', ['server']),
    redactions: counter('redactions_total', 'Masked values by detector.', ['detector']),
    refusals: counter('refusals_total', 'Requests that became no call.', ['reason']),
    tokens: counter('tokens_refused_total', 'Refused tokens.', ['reason']),
    approvals: counter('approvals_total', 'Transitions of approvals.', ['event']),
    tools: counter('tool_definitions_total', 'Definitions that were new or changed.', ['server', 'event']),
    masking: counter('masking_failures_total', 'Messages blocked because they could not be masked.', []),
    leaks: counter('masking_canary_leaks_total', 'Made-up secrets that came through the masks.', ['server']),
    notices: counter('notices_dead_total', 'Messages to channels that were given up.', ['channel']),
    append: histogram('ledger_append_seconds', 'From handing over a record until it is on disk.', []),
  };
};

type Instruments = ReturnType<typeof createInstruments>;

const countRedactions = ({ redactions }: Instruments, counts: Readonly<Record<string, number>>): void => {
  for (const [detector, n] of Object.entries(counts)) redactions.inc({ detector }, n);
};

/** Counts calls, and remembers their servers until they end. */
const createCalls = (to: Instruments) => {
  const servers = new Map<Ulid, string>();
  return {
    call({ call, server, decision, forwarded, redactions }: CallRecord): void {
      to.calls.inc({ server, effect: decision.effect });
      countRedactions(to, redactions);
      if (forwarded && servers.size < MAX_CALLS) servers.set(call, server);
    },
    result({ call, status, ms, redactions }: ResultRecord): void {
      const server = servers.get(call) ?? 'unknown';
      servers.delete(call);
      to.results.inc({ server, status });
      to.duration.observe({ server }, ms / 1_000);
      countRedactions(to, redactions);
    },
  };
};

const countMasking = (to: Instruments, d: MaskingRecord): void => {
  if (d.event === 'failure') to.masking.inc();
  else to.leaks.inc({ server: d.server }, d.leaked.length);
};

const createCount = (to: Instruments): ((draft: RecordDraft) => void) => {
  const calls = createCalls(to);
  return ({ type, d }) => {
    if (type === 'call') calls.call(d);
    else if (type === 'result') calls.result(d);
    else if (type === 'message') countRedactions(to, d.redactions);
    else if (type === 'refuse') to.refusals.inc({ reason: d.reason }, d.count);
    else if (type === 'auth') to.tokens.inc({ reason: d.reason }, d.count);
    else if (type === 'approval') to.approvals.inc({ event: d.event });
    else if (type === 'tool') to.tools.inc({ server: d.server, event: d.event });
    else if (type === 'notice') to.notices.inc({ channel: d.channel });
    else if (type === 'masking') countMasking(to, d);
  };
};

const addGauges = (registry: Registry, standing: () => Standing): void => {
  const gauge = (name: string, help: string, value: (now: Standing) => number): void => {
    const shown = new Gauge({
      name,
      help,
      registers: [],
      collect() {
        this.set(value(standing()));
      },
    });
    registry.registerMetric(shown);
  };
  gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss());
  gauge('countersign_sessions', 'Open sessions.', ({ sessions }) => sessions);
  gauge('countersign_recording', '1 where calls can be recorded, and so be let through.', ({ recording }) =>
    Number(recording),
  );
  gauge('countersign_ledger_records', 'Records of the ledger.', ({ records }) => records);
  gauge(
    'countersign_approvals_waiting',
    'Requests that wait for a person.',
    ({ approvalsWaiting }) => approvalsWaiting,
  );
  gauge(
    'countersign_unanchored_records',
    'Records that no anchor has confirmed.',
    ({ unanchoredRecords }) => unanchoredRecords,
  );
};

export const createMetrics = (clock: Pick<Clock, 'monotonic'>): Metrics => {
  const registry = new Registry();
  const instruments = createInstruments([registry]);
  const count = createCount(instruments);
  return {
    observe: (ledger) => ({
      async append(draft) {
        const begun = clock.monotonic();
        const receipt = await ledger.append(draft);
        instruments.append.observe((clock.monotonic() - begun) / 1_000);
        count(draft);
        return receipt;
      },
      get healthy() {
        return ledger.healthy;
      },
      close: (why) => ledger.close(why),
    }),
    watch: (standing) => addGauges(registry, standing),
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  };
};
