/** Pinned tools: a definition that nobody has looked at is not what a person once let through. */
import { canonical } from '../base/canonical.js';
import { sha256 } from '../base/digest.js';
import { parseJson, toValue } from '../base/json.js';
import type { Decision, PolicyCall, PolicyUse } from '../model/decision.js';
import type { PinMode, PinSettings } from '../model/policy-settings.js';
import type { Policy } from '../model/ports.js';
import { notPinned } from './reason.js';

const modeOf = ({ changed, servers }: PinSettings, server: string): PinMode =>
  Object.hasOwn(servers, server) ? (servers[server] ?? changed) : changed;

const pinOf = ({ tools }: PinSettings, server: string, tool: string): string | undefined => {
  const pinned = Object.hasOwn(tools, server) ? tools[server] : undefined;
  return pinned && Object.hasOwn(pinned, tool) ? pinned[tool] : undefined;
};

/** How a tool stands to its pin. `unlisted`: the server has not listed it yet, so nothing is known of it. */
export type PinState = 'pinned' | 'changed' | 'unpinned' | 'unlisted';

/** @param digest of the definition as last listed; null where it was not */
export const pinState = (pins: PinSettings, server: string, tool: string, digest: string | null): PinState => {
  const pin = pinOf(pins, server, tool);
  if (digest === null) return 'unlisted';
  if (pin === undefined) return 'unpinned';
  return pin === digest ? 'pinned' : 'changed';
};

const digestWith = (policy: string, { changed, servers, tools }: PinSettings): string =>
  sha256(canonical(toValue(parseJson(Buffer.from(JSON.stringify({ policy, changed, servers, tools }))))));

const treated = (decision: Decision, mode: PinMode, call: PolicyCall, state: PinState): Decision => {
  const found = notPinned(call, state);
  if (mode === 'block') return { ...decision, effect: 'deny', approval: null, risk: 'high', reason: found };
  const reason = `${decision.reason} ${found}`;
  if (mode === 'alert' || decision.effect === 'require_approval') return { ...decision, reason };
  return { ...decision, effect: 'require_approval', approval: mode.approval, risk: 'high', reason };
};

/**
 * A policy that looks at the definitions of tools too. Pins only narrow: what the policy denies stays denied. Where
 * a changed definition is blocked, lists do not show it, since its very words could mislead a model.
 * @param pins absent: the policy as it is
 */
export const withPins = (policy: Policy, pins: PinSettings | undefined): Policy => {
  if (!pins) return policy;
  const digest = digestWith(policy.digest, pins);
  const shown = ({ server, method, target, digest: listed }: PolicyUse): boolean =>
    method !== 'tools/call' ||
    target === null ||
    modeOf(pins, server) !== 'block' ||
    pinState(pins, server, target, listed?.() ?? null) === 'pinned';
  return {
    digest,
    decide(principal, call) {
      const decision = { ...policy.decide(principal, call), policy: digest };
      if (decision.effect === 'deny' || call.method !== 'tools/call' || call.target === null) return decision;
      const state = pinState(pins, call.server, call.target, call.tool?.digest ?? null);
      return state === 'pinned' ? decision : treated(decision, modeOf(pins, call.server), call, state);
    },
    mayUse: (principal, use) => policy.mayUse(principal, use) && shown(use),
  };
};

const flat = (pins: PinSettings | undefined): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(pins?.tools ?? {}).flatMap(([server, tools]) =>
      Object.entries(tools).map(([tool, digest]) => [`${server}/${tool}`, digest] as const),
    ),
  );

const modes = (pins: PinSettings | undefined): string =>
  pins ? JSON.stringify([pins.changed, Object.entries(pins.servers).toSorted(([a], [b]) => (a < b ? -1 : 1))]) : 'none';

/** Tools named in one sentence; the rest is counted. */
const NAMED = 10;

const sentence = (tools: readonly string[], what: string): readonly string[] => {
  if (tools.length === 0) return [];
  const more = tools.length - NAMED;
  const names = `${tools.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [`${tools.length === 1 ? 'the pin' : 'the pins'} of ${names} ${tools.length === 1 ? 'was' : 'were'} ${what}`];
};

/** What is different between two sets of pins, in sentences. */
export const pinChanges = (before: PinSettings | undefined, after: PinSettings | undefined): readonly string[] => {
  const [old, now] = [flat(before), flat(after)];
  return [
    ...(modes(before) === modes(after) ? [] : ['what becomes of changed tools was changed']),
    ...sentence(
      [...now.keys()].filter((tool) => !old.has(tool)),
      'added',
    ),
    ...sentence(
      [...old.keys()].filter((tool) => !now.has(tool)),
      'removed',
    ),
    ...sentence(
      [...now].filter(([tool, digest]) => old.has(tool) && old.get(tool) !== digest).map(([tool]) => tool),
      'changed',
    ),
  ];
};
