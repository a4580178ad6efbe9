/** `tools list`, `tools diff` and `tools pin`: what servers say of their tools, and what somebody has looked at. */
import { CountersignError, EXIT, type ExitCode } from '../base/errors.js';
import { jsonRows } from '../base/json-rows.js';
import { ledgerDir } from '../ledger/folder.js';
import { readLedger } from '../ledger/read.js';
import type { PinSettings } from '../model/policy-settings.js';
import type { Settings } from '../model/settings.js';
import type { ToolFlag } from '../model/tool.js';
import { type PinState, pinState } from '../policy/pins.js';
import { writePins } from './config/pins-file.js';
import { toolRecord } from './stored-tool.js';

/** A tool as the gateway last saw it. */
export interface ToolView {
  readonly server: string;
  /** Masked, as recorded. */
  readonly tool: string;
  readonly digest: string;
  /** Null where the configuration has no pins. */
  readonly state: PinState | null;
  readonly flags: readonly ToolFlag[];
  readonly destructive: boolean;
  /** When this definition was first seen, RFC 3339. */
  readonly since: string;
}

/** One value of a definition that differs; null where it is absent. */
export interface ToolChange {
  readonly what: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface ToolDiff extends ToolView {
  /** Digest of the definition it is held against: the pinned one, or the one before. */
  readonly against: string | null;
  /** Null where one of the two definitions is not in the ledger. */
  readonly changes: readonly ToolChange[] | null;
}

interface Seen {
  readonly view: ToolView;
  readonly previous: string | null;
  /** Masked definitions by digest. */
  readonly texts: ReadonlyMap<string, string>;
}

const seenIn = async (settings: Settings): Promise<readonly Seen[]> => {
  const { pins, gateway, ledger } = settings;
  const seen = new Map<string, Seen>();
  for await (const { type, d, t, payloads } of readLedger(ledgerDir(gateway.dataDir, ledger.origin))) {
    if (type !== 'tool') continue;
    const { server, name, digest, previous, flags, destructive } = toolRecord(d);
    const key = JSON.stringify([server, name]);
    const texts = new Map(seen.get(key)?.texts);
    const definition = payloads['definition'];
    if (definition && 'data' in definition) texts.set(digest, definition.data);
    const state = pins ? pinState(pins, server, name, digest) : null;
    seen.set(key, { view: { server, tool: name, digest, state, flags, destructive, since: t }, previous, texts });
  }
  const order = ({ view }: Seen): string => `${view.server}\n${view.tool}`;
  return [...seen.values()].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
};

/** What somebody names on the command line. */
export interface ToolsAsk {
  readonly server?: string | undefined;
  readonly tools?: readonly string[] | undefined;
}

const chosen = (seen: readonly Seen[], { server, tools = [] }: ToolsAsk): readonly Seen[] => {
  const found = seen.filter(
    ({ view }) => (server === undefined || view.server === server) && (tools.length === 0 || tools.includes(view.tool)),
  );
  const missing = tools.filter((tool) => !found.some(({ view }) => view.tool === tool));
  if (missing.length > 0 || (server !== undefined && found.length === 0)) {
    const what = missing.length > 0 ? `${missing.join(', ')} of ${server ?? 'any server'}` : `a tool of ${server}`;
    throw new CountersignError('USAGE', {
      problem: `the ledger knows nothing of ${what}; a server tells of its tools when a client lists them`,
    });
  }
  return found;
};

/**
 * The tools that servers have listed, as last seen.
 * @throws CountersignError LEDGER_NOT_FOUND, LEDGER_DAMAGED; USAGE where what is named was never seen
 */
export const listTools = async (settings: Settings, ask: ToolsAsk = {}): Promise<readonly ToolView[]> =>
  chosen(await seenIn(settings), ask).map(({ view }) => view);

const changesBetween = (before: string, after: string): readonly ToolChange[] => {
  const old = new Map(jsonRows(before).map(({ label, value }) => [label, value]));
  const now = new Map(jsonRows(after).map(({ label, value }) => [label, value]));
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((what) => old.get(what) !== now.get(what))
    .map((what) => ({ what, before: old.get(what) ?? null, after: now.get(what) ?? null }));
};

const pinFor = (pins: PinSettings | undefined, { server, tool }: ToolView): string | undefined =>
  pins?.tools[server]?.[tool];

/**
 * What is different in definitions: against the pin where there is one, else against the definition before.
 * @throws CountersignError LEDGER_NOT_FOUND, LEDGER_DAMAGED; USAGE where what is named was never seen
 */
export const diffTools = async (
  settings: Settings,
  ask: ToolsAsk = {},
): Promise<{ readonly diffs: readonly ToolDiff[]; readonly exit: ExitCode }> => {
  const diffs = chosen(await seenIn(settings), ask).flatMap(({ view, previous, texts }): ToolDiff[] => {
    const against = pinFor(settings.pins, view) ?? previous;
    if (against === view.digest || (against === null && view.state === null)) return [];
    const [before, after] = [against === null ? undefined : texts.get(against), texts.get(view.digest)];
    const changes = before === undefined || after === undefined ? null : changesBetween(before, after);
    return [{ ...view, against, changes }];
  });
  return { diffs, exit: diffs.length === 0 ? EXIT.ok : EXIT.exceptions };
};

export interface Pinned {
  readonly file: string;
  readonly pinned: readonly ToolView[];
  /** Left out because a person should look first; naming them pins them. */
  readonly flagged: readonly ToolView[];
}

/**
 * Pins definitions as they are now. Flagged ones are pinned only where they are named.
 * @throws CountersignError USAGE where the configuration has no pins, or what is named was never seen
 */
export const pinTools = async (settings: Settings, ask: ToolsAsk = {}): Promise<Pinned> => {
  const { pins } = settings;
  if (!pins) {
    throw new CountersignError('USAGE', { problem: 'the configuration has no pins; add a section such as pins: {}' });
  }
  const views = chosen(await seenIn(settings), ask).map(({ view }) => view);
  const named = (ask.tools ?? []).length > 0;
  const flagged = named ? [] : views.filter(({ flags, state }) => flags.length > 0 && state !== 'pinned');
  const pinned = views.filter((view) => view.state !== 'pinned' && !flagged.includes(view));
  const tools: Record<string, Record<string, string>> = Object.fromEntries(
    Object.entries(pins.tools).map(([server, byTool]) => [server, { ...byTool }]),
  );
  for (const { server, tool, digest } of pinned) tools[server] = { ...tools[server], [tool]: digest };
  if (pinned.length > 0) await writePins(pins.file, tools);
  return { file: pins.file, pinned, flagged };
};
