/** `countersign export`: verified records, as they come, to the systems of others. Never on the path of a call. */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../base/clock.js';
import { makeFolder } from '../base/durable.js';
import { CountersignError } from '../base/errors.js';
import { deliver } from '../export/deliver.js';
import { eventOf } from '../export/event.js';
import type { ExportEvent, ExportFormat } from '../export/record.js';
import { appendDurably } from '../export/sinks/file.js';
import { ledgerDir } from '../ledger/folder.js';
import { createLedgerReader, type LedgerEntry } from '../ledger/read.js';
import type { ExportSettings, Settings } from '../model/settings.js';
import { createBookmark, readCursor, writeCursor } from './export-cursor.js';
import { sinkOf } from './export-sink.js';

const INTERVAL_MS = 500;
/** Events of one request, and bytes of their JSON. */
const MAX_EVENTS = 500;
const MAX_BYTES = 1_048_576;

type Environment = Record<string, string | undefined>;

/** Records in order, from the first on; each was checked. With a signal it goes on until that aborts. */
async function* recordsOf(
  { gateway, ledger }: Settings,
  follow: AbortSignal | undefined,
): AsyncGenerator<LedgerEntry | null> {
  const reader = createLedgerReader(ledgerDir(gateway.dataDir, ledger.origin), { verify: true });
  for (;;) {
    for await (const entry of reader.more()) yield entry;
    // What is there was yielded: what waits in a batch can go.
    yield null;
    if (!follow || follow.aborted) return;
    await sleep(INTERVAL_MS, undefined, { signal: follow }).catch(() => {});
    if (follow.aborted) return;
  }
}

/** Events that go out together, and the record that is done with once they are taken. */
class Batch {
  private events: ExportEvent[] = [];
  private bytes = 0;
  last: LedgerEntry | null = null;

  add(entry: LedgerEntry, event: ExportEvent | null): void {
    this.last = entry;
    if (!event) return;
    this.events.push(event);
    this.bytes += event.body.length;
  }

  get full(): boolean {
    return this.events.length >= MAX_EVENTS || this.bytes >= MAX_BYTES;
  }

  take(): readonly ExportEvent[] {
    const { events } = this;
    this.events = [];
    this.bytes = 0;
    return events;
  }
}

export interface ExportAsk {
  /** One of those in the configuration. */
  readonly name: string;
  /** Goes on until this aborts; absent: ends with what is there. */
  readonly follow?: AbortSignal | undefined;
  /** Told when the receiver begins to fail, and (null) when it takes events again. */
  readonly onProblem: (problem: string | null) => void;
  /** Told after each batch how many events were sent in all. */
  readonly onSent?: (sent: number) => void;
}

export interface Exported {
  readonly name: string;
  readonly sent: number;
  /** Events that the receiver refused for good; they lie in `deadLetters`. */
  readonly refused: number;
  readonly deadLetters: string;
  /** Last record that is done with; null: none. */
  readonly seq: number | null;
}

const chosen = ({ exports = [] }: Settings, name: string): ExportSettings => {
  const found = exports.find((one) => one.name === name);
  if (found) return found;
  const known = exports.map((one) => one.name).join(', ') || 'none';
  throw new CountersignError('EXPORT_UNKNOWN', { name, known });
};

/** Keeps what a receiver refused for good, with why, so that it can be looked at and sent by hand. */
const keepDead = async (file: string, events: readonly ExportEvent[], problem: string): Promise<void> => {
  const why = JSON.stringify(problem);
  const lines = events.map(({ seq, body }) => `{"seq":${seq},"problem":${why},"event":${body}}\n`);
  await makeFolder(dirname(file));
  await appendDurably(file, lines.join(''));
};

/** Whether an export was told to end while its receiver was away. */
const isEnding = (error: unknown, follow: AbortSignal | undefined): boolean =>
  follow?.aborted === true && error instanceof Error && error.name === 'AbortError';

/**
 * Sends what the receiver does not have yet, at least once and in order. Where it is away, it waits and tries again.
 * @throws CountersignError EXPORT_UNKNOWN, EXPORT_CURSOR, LEDGER_NOT_FOUND, LEDGER_DAMAGED
 */
export const exportRecords = async (
  settings: Settings,
  { name, follow, onProblem, onSent }: ExportAsk,
  environment: Environment = process.env,
): Promise<Exported> => {
  const target = chosen(settings, name);
  const { origin } = settings.ledger;
  const dir = join(settings.gateway.dataDir, 'export');
  const deadLetters = join(dir, `${name}.dead.ndjson`);
  const cursor = await readCursor(dir, name);
  const bookmark = createBookmark(cursor, origin, name, dir);
  const sink = await sinkOf(target, settings, environment);
  const clock = systemClock();
  let flushed = clock.monotonic();
  const batch = new Batch();
  let [sent, refused, done] = [0, 0, cursor?.seq ?? null];
  const bury = async (events: readonly ExportEvent[], problem: string): Promise<void> => {
    await keepDead(deadLetters, events, problem);
    refused += events.length;
  };
  const wait = (ms: number): Promise<void> => sleep(ms, undefined, follow ? { signal: follow } : {});
  const flush = async (): Promise<void> => {
    const { last } = batch;
    if (!last || last.seq === done) return;
    const events = batch.take();
    await deliver({ sink, onProblem, wait, bury }, events);
    await writeCursor(dir, name, { v: 1, origin, seq: last.seq, leaf: last.leaf });
    sent += events.length;
    done = last.seq;
    flushed = clock.monotonic();
    onSent?.(sent);
  };
  /** Whether events have waited for others as long as they may. */
  const isDue = (): boolean => !follow || clock.monotonic() - flushed >= (sink.gather ?? 0);
  try {
    for await (const entry of recordsOf(settings, follow)) {
      if (entry === null) bookmark.end();
      else if (!bookmark.isPast(entry)) batch.add(entry, eventOf({ ...entry, origin }, target.format));
      if (entry === null ? isDue() : batch.full) await flush();
    }
    await flush();
  } catch (error) {
    // What the receiver does not have is sent the next time.
    if (!isEnding(error, follow)) throw error;
  } finally {
    await sink.close();
  }
  return { name, sent, refused, deadLetters, seq: done };
};

/**
 * The lines of all records, to be printed.
 * @throws CountersignError LEDGER_NOT_FOUND, LEDGER_DAMAGED
 */
export async function* printedRecords(
  settings: Settings,
  format: ExportFormat,
  follow?: AbortSignal,
): AsyncGenerator<string> {
  const { origin } = settings.ledger;
  for await (const entry of recordsOf(settings, follow)) {
    const event = entry && eventOf({ ...entry, origin }, format);
    if (event) yield event.body;
  }
}
