/** The rules of a profile: which of them apply to a message, and what becomes of a value that was found. */

import { CountersignError } from '../base/errors.js';
import { compileGlobs } from '../base/glob.js';
import type { MaskingProfile, MaskMode, MaskRule } from '../model/masking-settings.js';
import type { MaskAbout } from '../model/redaction.js';
import { DETECTORS, RUN_DETECTORS } from './detectors/index.js';
import { DROPPED, type MaskName, maskOf, partialMaskOf, tokenMaskOf } from './marks.js';

/** A value that was found, and where. */
export interface Found {
  /** What the scan calls it: a detector, or the label of a rule. */
  readonly label: MaskName;
  readonly value: string;
  /** Name of the member that holds it. */
  readonly name: string;
  /** JSON pointer in the JSON-RPC message. */
  readonly pointer: () => string;
  /** Whether it is the whole of a JSON string, taken for its place and not for what it holds. */
  readonly whole: boolean;
}

/** What becomes of it. */
export interface Treated {
  readonly detector: MaskName;
  readonly replacement: string;
  /** Absent: no rule chose. */
  readonly rule?: string;
  readonly mode?: MaskMode;
}

/** The rules that apply to one kind of message. */
export interface Treatment {
  /** Whether the place of a value alone can make it secret: then every document is read in full. */
  readonly byPlace: boolean;
  /**
   * Whether the id of an answer stays: a client must find again the one it chose. In the recorded copy of an answer to a
   * server it is the server's, and masked like anything else.
   */
  readonly keepsAnswerId: boolean;
  /** Member names that rules make secret, with the label of the rule. */
  readonly keys: readonly (readonly [name: string, label: MaskName])[];
  /** The label of the rule that makes the value at this place secret. */
  placed(name: string, pointer: () => string): MaskName | undefined;
  /**
   * Undefined for a value that is allowed to be seen.
   * @throws CountersignError MASKING_BLOCKED
   */
  treat(found: Found): Treated | undefined;
}

const LABEL = /^x-rule-([0-9]{1,4})$/;
const labelOf = (index: number): MaskName => `x-rule-${index}`;

const normalise = (name: string): string => name.toLowerCase().replace(/[-_. ]/g, '');

/** Matches a JSON pointer, or one above it, with `*` for any one step. */
const compilePointer = (pattern: string): ((pointer: string) => boolean) => {
  const steps = pattern.split('/');
  return (pointer) => {
    const taken = pointer.split('/');
    return taken.length >= steps.length && steps.every((step, i) => step === '*' || step === taken[i]);
  };
};

interface Compiled {
  readonly id: string;
  readonly mode: MaskMode;
  readonly detectors: ReadonlySet<string>;
  readonly keys: readonly string[];
  hasKey(name: string): boolean;
  /** Null: any place. */
  readonly at: ((pointer: string) => boolean) | null;
}

const compile = (rule: MaskRule, direction: MaskAbout['direction']): Compiled => {
  const names = new Set(rule.keys.map(normalise));
  const places = rule.pointers.map(compilePointer);
  // What a call carries to the server is not held back by a rule for answers; its recorded copy is masked all the same.
  const mode = rule.mode === 'block' && direction === 'to_server' && rule.direction === null ? 'redact' : rule.mode;
  return {
    id: rule.id,
    mode,
    detectors: new Set(rule.detectors),
    keys: rule.keys,
    hasKey: (name) => names.size === 0 || names.has(normalise(name)),
    at: places.length === 0 ? null : (pointer) => places.some((place) => place(pointer)),
  };
};

const GROUPS: ReadonlyMap<string, string> = new Map([
  ...[...DETECTORS, ...RUN_DETECTORS].map(({ name, group }): [string, string] => [name, group]),
  ['key', 'keys'],
]);

/** Whether a rule is about what detectors find, in whatever place. */
const byDetector = ({ detectors, keys, at }: Compiled): boolean =>
  detectors.size > 0 || (keys.length === 0 && at === null);

const covers = (rule: Compiled, { label, name, pointer }: Found, group: string | undefined): boolean =>
  byDetector(rule) &&
  (rule.detectors.size === 0 || rule.detectors.has(label) || (group !== undefined && rule.detectors.has(group))) &&
  rule.hasKey(name) &&
  (rule.at === null || rule.at(pointer()));

/** A sign that is the same for the same value under one key: at least 16 hex digits. */
export type TokenOf = (value: string) => string;

const replacementOf = (mode: MaskMode, detector: MaskName, { value, whole }: Found, tokenOf: TokenOf): string => {
  if (mode === 'drop') return whole ? '' : DROPPED;
  if (mode === 'partial') return partialMaskOf(detector, value);
  return mode === 'token' ? tokenMaskOf(detector, tokenOf(value)) : maskOf(detector);
};

/** Puts the rules that apply in order: the first that covers a value decides; where none does, it is redacted. */
const createTreatment = (
  rules: readonly Compiled[],
  { allow, groups }: { readonly allow: ReadonlySet<string>; readonly groups: ReadonlyMap<string, string> },
  tokenOf: TokenOf,
  direction: MaskAbout['direction'],
): Treatment => {
  const placing = rules.map((rule, i) => ({ rule, i })).filter(({ rule }) => !byDetector(rule) && rule.at !== null);
  const plain = rules.length === 0;
  const ruleOf = (found: Found): { rule: Compiled | undefined; detector: MaskName } => {
    if (plain) return { rule: undefined, detector: found.label };
    const own = LABEL.exec(found.label)?.[1];
    if (own !== undefined) {
      const rule = rules[Number(own)];
      return { rule, detector: rule?.at === null ? 'key' : 'pointer' };
    }
    const group = groups.get(found.label);
    return { rule: rules.find((one) => covers(one, found, group)), detector: found.label };
  };
  return {
    byPlace: placing.length > 0,
    keepsAnswerId: direction === 'to_client',
    keys: rules.flatMap((rule, i) =>
      !byDetector(rule) && rule.at === null ? rule.keys.map((key) => [key, labelOf(i)] as const) : [],
    ),
    placed(name, pointer) {
      if (placing.length === 0) return undefined;
      const here = pointer();
      const found = placing.find(({ rule }) => rule.hasKey(name) && rule.at?.(here) === true);
      return found && labelOf(found.i);
    },
    treat(found) {
      if (allow.size > 0 && allow.has(found.value)) return undefined;
      const { rule, detector } = ruleOf(found);
      if (rule?.mode === 'block') throw new CountersignError('MASKING_BLOCKED', { rule: rule.id, detector });
      const replacement = replacementOf(rule?.mode ?? 'redact', detector, found, tokenOf);
      return rule ? { detector, replacement, rule: rule.id, mode: rule.mode } : { detector, replacement };
    },
  };
};

/** Where no rule is in force: every finding is redacted. */
export const PLAIN: Treatment = createTreatment([], { allow: new Set(), groups: GROUPS }, () => '', 'to_client');

const selects = (rule: MaskRule) => {
  const servers = compileGlobs(rule.servers);
  const tools = compileGlobs(rule.tools);
  return (server: string, { direction, tool, groups }: MaskAbout): boolean =>
    (rule.direction === null || rule.direction === direction) &&
    (rule.servers.length === 0 || servers(server)) &&
    (rule.tools.length === 0 || (tool !== null && tools(tool))) &&
    (rule.groups.length === 0 || rule.groups.some((group) => groups.includes(group)));
};

/** Chooses the rules for a message: a key that is equal where the same rules apply, and how they treat values. */
export const createChooser = (profile: MaskingProfile, tokenOf: TokenOf) => {
  const rules = (profile.rules ?? []).map((rule) => ({ rule, applies: selects(rule) }));
  const groups = new Map(GROUPS);
  for (const { id, kind } of profile.custom ?? []) groups.set(id, kind);
  const common = { allow: new Set(profile.allow ?? []), groups };
  return (server: string, about: MaskAbout) => {
    const applying = rules.filter(({ applies }) => applies(server, about)).map(({ rule }) => rule);
    return {
      key: [about.direction, ...applying.map(({ id }) => id)].join('\n'),
      treatment: () =>
        createTreatment(
          applying.map((rule) => compile(rule, about.direction)),
          common,
          tokenOf,
          about.direction,
        ),
    };
  };
};
