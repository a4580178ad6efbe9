/** Tailing: the records of a ledger as they come, each checked before it is shown. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CountersignError } from '../base/errors.js';
import type { JsonValue } from '../base/json.js';
import { ledgerDir } from '../ledger/folder.js';
import { isJsonObject } from '../ledger/format.js';
import { createLedgerReader, type LedgerEntry, type LedgerReader } from '../ledger/read.js';
import { loadSettings } from './config.js';

/** A record as it stands in the ledger. */
export type TailedRecord = LedgerEntry;

/** What `countersign ledger tail` is asked for. */
export interface TailAsk {
  /** Folder of the ledger; absent: the one of the configuration. */
  readonly dir?: string | undefined;
  readonly config?: string | undefined;
  /** Most records shown of those that are there. */
  readonly last: number;
  /** `member=value`, all of which must hold: `type=call`, `server=files`, `principal.sub=alice`. */
  readonly filters: readonly string[];
  /** Goes on until this aborts; absent: ends with what is there. */
  readonly follow?: AbortSignal | undefined;
}

const INTERVAL_MS = 250;

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const filterOf = (text: string): ((entry: LedgerEntry) => boolean) => {
  const [, path, wanted] = /^([A-Za-z_][\w.]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined) throw new CountersignError('USAGE', { problem: `--filter takes member=value, not ${text}` });
  if (path === 'type') return ({ type }) => type === wanted;
  const names = path.split('.');
  return ({ d }) => {
    const found = names.reduce<JsonValue | undefined>(memberOf, d);
    return found !== undefined && (typeof found === 'string' ? found : JSON.stringify(found)) === wanted;
  };
};

type Check = (entry: LedgerEntry) => boolean;

/** Holds at most twice as many records as are wanted. */
const lastOf = async (reader: LedgerReader, last: number, passes: Check): Promise<readonly LedgerEntry[]> => {
  let kept: LedgerEntry[] = [];
  for await (const entry of reader.more()) {
    if (last === 0 || !passes(entry)) continue;
    kept.push(entry);
    if (kept.length >= 2 * last) kept = kept.slice(-last);
  }
  return kept.slice(-last);
};

async function* later(reader: LedgerReader, signal: AbortSignal, passes: Check): AsyncGenerator<LedgerEntry> {
  while (!signal.aborted) {
    for await (const entry of reader.more()) if (passes(entry)) yield entry;
    // An abort ends the pause early; nothing else can fail in it.
    await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
}

/**
 * The last records that pass the filters, and then, where it follows, each further one. All records are read from
 * the first on, with links, roots, signatures and payloads checked.
 * @throws CountersignError USAGE, LEDGER_NOT_FOUND, LEDGER_DAMAGED
 */
export async function* tailLedger({ dir, config, last, filters, follow }: TailAsk): AsyncGenerator<LedgerEntry> {
  const checks = filters.map(filterOf);
  const passes: Check = (entry) => checks.every((check) => check(entry));
  const reader = createLedgerReader(dir ?? (await ledgerOf(config)), { verify: true });
  yield* await lastOf(reader, last, passes);
  if (follow) yield* later(reader, follow, passes);
}

const ledgerOf = async (config: string | undefined): Promise<string> => {
  const { gateway, ledger } = await loadSettings(config);
  return ledgerDir(gateway.dataDir, ledger.origin);
};

const textAt = (d: JsonValue, ...names: readonly string[]): string => {
  const found = names.reduce<JsonValue | undefined>(memberOf, d);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
};

/** What a record says, for people, in a few words; may hold outside text. */
export const recordText = ({ type, d }: LedgerEntry): string => {
  const words = (...texts: readonly string[]): string => texts.filter((text) => text !== '').join('  ');
  const who = textAt(d, 'principal', 'sub') || textAt(d, 'requester', 'sub') || textAt(d, 'sub');
  const where = words(textAt(d, 'server'), textAt(d, 'target') || textAt(d, 'tool') || textAt(d, 'method'));
  const what = ['event', 'status', 'outcome', 'reason', 'what', 'origin'].map((name) => textAt(d, name));
  const effect = type === 'call' ? words(textAt(d, 'decision', 'effect'), textAt(d, 'decision', 'rule')) : '';
  const intent = textAt(d, 'intent');
  return words(who, where, effect, ...what, intent && `call in record ${intent}`);
};
