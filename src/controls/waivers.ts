/** Waivers: one YAML file each, read strictly, and laid over the exceptions of a period. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { instantOf, timestamp } from '../base/clock.js';
import { CountersignError, reason } from '../base/errors.js';
import type { ControlException, Period, TestResult, Waiver } from '../model/evidence.js';
import type { DefinitionFile } from './definition.js';
import { parseYaml, readText, type YamlFile } from './yaml-file.js';

const MAX_WAIVERS = 1_000;
const DAY = 86_400_000;
/** A waiver that lasts longer than a year is no exception from the rule any more. */
const MAX_LENGTH = 366 * DAY;

const invalid = (file: string, problem: string): CountersignError =>
  new CountersignError('WAIVER_INVALID', { file, problem });

const words = (max: number) => z.string().trim().min(1).max(max);

/** A day stands for its first moment, UTC. */
const moment = z.string().transform((text, context): number => {
  const ms = instantOf(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: 'a day such as 2026-10-01, or a time with its offset, is wanted' });
  return z.NEVER;
});

const waiverSchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'an id such as W-2026-001'),
  scope: z.strictObject({
    control: words(80),
    items: z.array(words(500)).min(1).max(1_000).optional(),
    person: words(500).optional(),
    what: words(500).optional(),
  }),
  reason: words(4_000),
  requester: words(200),
  approver: words(200),
  starts: moment,
  expires: moment,
  revoked: moment.optional(),
});

type Parsed = z.infer<typeof waiverSchema>;

/** Accounts that belong to one person, as `people:` of the configuration has them. */
export interface KnownPerson {
  readonly person: string;
  readonly subjects: readonly string[];
}

export interface WaiverRules {
  readonly period: Period;
  /** Ids of the controls that are tested. */
  readonly controls: readonly string[];
  readonly people: readonly KnownPerson[];
}

export interface LoadedWaivers {
  /** Sorted by id; those that bear on the period. */
  readonly waivers: readonly Waiver[];
  /** As read, named as below `waivers/` of a package. */
  readonly files: readonly DefinitionFile[];
}

const plainName = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

const personOf = (text: string, people: readonly KnownPerson[]): string => {
  const name = plainName(text);
  const known = people.find(({ person, subjects }) => [person, ...subjects].some((one) => plainName(one) === name));
  return plainName(known?.person ?? text);
};

/** What does not hold of one waiver, with the way to mend it; null where all does. */
const fault = (waiver: Parsed, { period, controls, people }: WaiverRules): readonly [string[], string] | null => {
  const { scope, requester, approver, starts, expires, revoked } = waiver;
  const end = Math.min(expires, revoked ?? expires);
  if (!controls.includes(scope.control))
    return [['scope', 'control'], `there is no control ${scope.control}; write an id that \`controls list\` shows`];
  if (personOf(approver, people) === personOf(requester, people))
    return [['approver'], 'the approver is the requester; have another person approve it, and name that person'];
  if (expires <= starts) return [['expires'], 'it ends before it starts; write a later end'];
  if (expires - starts > MAX_LENGTH)
    return [['expires'], 'it lasts longer than 366 days; write an earlier end, and renew it when that comes'];
  if (revoked !== undefined && revoked < starts)
    return [['revoked'], 'it was revoked before it started; take the file out of the folder'];
  if (end <= period.from) {
    const mend = 'take the file out of the folder, or have a new waiver approved';
    return [[revoked === end ? 'revoked' : 'expires'], `it ended before the period begins; ${mend}`];
  }
  return null;
};

const waiverOf = (parsed: Parsed): Waiver => {
  const { id, scope, reason: why, requester, approver, starts, expires, revoked } = parsed;
  const { control, items, person, what } = scope;
  return {
    id,
    scope: { control, items: items ?? null, person: person ?? null, what: what ?? null },
    reason: why,
    requester,
    approver,
    starts: timestamp(starts),
    expires: timestamp(expires),
    revoked: revoked === undefined ? null : timestamp(revoked),
  };
};

const waiverFiles = async (dir: string): Promise<readonly string[]> => {
  const names = await readdir(dir).catch((error: unknown) => {
    throw invalid(dir, reason(error));
  });
  const kept = names.filter((name) => !name.startsWith('.') && name !== 'README.md').sort();
  const odd = kept.find((name) => !/^[A-Za-z0-9][A-Za-z0-9._-]*\.yaml$/.test(name));
  if (odd !== undefined) throw invalid(join(dir, odd), 'a waiver is a file named *.yaml; rename it, or take it out');
  if (kept.length > MAX_WAIVERS) throw invalid(dir, `it holds more than ${MAX_WAIVERS} files`);
  return kept;
};

/**
 * Loads every waiver of a folder. One that starts after the period is checked, and left out.
 * @throws CountersignError WAIVER_INVALID, with line and column and the way to mend it: also for one that ended before
 * the period, whose approver is its requester, or whose control is not tested
 */
export const loadWaivers = async (dir: string, rules: WaiverRules): Promise<LoadedWaivers> => {
  const found = new Map<string, { readonly waiver: Waiver; readonly file: DefinitionFile }>();
  for (const name of await waiverFiles(dir)) {
    const file = join(dir, name);
    const text = await readText(file, invalid);
    const { value, place }: YamlFile<Parsed> = parseYaml(file, text, waiverSchema, invalid);
    const wrong = found.has(value.id)
      ? ([['id'], `the id ${value.id} is that of ${found.get(value.id)?.file.path} too; write another`] as const)
      : fault(value, rules);
    if (wrong) throw invalid(file, `${place(wrong[0])} ${wrong[0].join('.')} ${wrong[1]}`);
    found.set(value.id, { waiver: waiverOf(value), file: { path: name, text } });
  }
  const bearing = [...found.values()].filter(({ waiver }) => Date.parse(waiver.starts) < rules.period.to);
  bearing.sort((a, b) => (a.waiver.id < b.waiver.id ? -1 : 1));
  return { waivers: bearing.map(({ waiver }) => waiver), files: bearing.map(({ file }) => file) };
};

/** Whether the waiver covers the exception. What has no time is taken as of the end of the period. */
const covers = ({ scope, ...waiver }: Waiver, one: ControlException, period: Period): boolean => {
  const at = one.time === null ? period.to - 1 : Date.parse(one.time);
  const end = Math.min(Date.parse(waiver.expires), Date.parse(waiver.revoked ?? waiver.expires));
  return (
    (scope.items === null || scope.items.includes(one.item)) &&
    (scope.person === null || scope.person === one.person) &&
    (scope.what === null || scope.what === one.what) &&
    at >= Date.parse(waiver.starts) &&
    at < end
  );
};

/**
 * Names, at each exception, the first waiver by id that covers it. Nothing is taken away: result, population and list
 * stay as they are.
 */
export const applyWaivers = (
  results: readonly TestResult[],
  waivers: readonly Waiver[],
  period: Period,
): readonly TestResult[] =>
  results.map((result) => {
    const own = waivers.filter(({ scope }) => scope.control === result.control);
    if (own.length === 0) return result;
    const exceptions = result.exceptions.map((one) => ({
      ...one,
      waiver: own.find((waiver) => covers(waiver, one, period))?.id ?? null,
    }));
    return { ...result, exceptions };
  });
