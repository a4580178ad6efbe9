/** Waivers in `results.json`: whether each that an exception names is there, is another person's word, and held then. */
import { join } from 'node:path';
import { readBounded, realFiles } from '../base/durable.js';
import { isArray, type JsonValue } from '../base/json.js';
import type { Manifest, Waiver } from '../model/evidence.js';
import { listOf, objectOf, readJson, ShapeError, textOf } from './shape.js';
import type { Target } from './target.js';

const MAX_RESULTS = 256 * 1024 * 1024;

type Held = Pick<Waiver, 'id' | 'requester' | 'approver' | 'starts' | 'expires' | 'revoked'> & {
  readonly control: string;
};

const nullable = (value: JsonValue | undefined, where: string): string | null =>
  value === null ? null : textOf(value, where);

const time = (value: JsonValue | undefined, where: string): string => {
  const text = textOf(value, where);
  if (Number.isNaN(Date.parse(text))) throw new ShapeError(`${where} is not a time`);
  return text;
};

const waiverOf = (value: JsonValue, where: string): Held => {
  const names = ['id', 'scope', 'reason', 'requester', 'approver', 'starts', 'expires', 'revoked'];
  const fields = objectOf(value, where, names);
  const scope = objectOf(fields['scope'], `${where}.scope`, ['control', 'items', 'person', 'what']);
  return {
    id: textOf(fields['id'], `${where}.id`),
    control: textOf(scope['control'], `${where}.scope.control`),
    requester: textOf(fields['requester'], `${where}.requester`),
    approver: textOf(fields['approver'], `${where}.approver`),
    starts: time(fields['starts'], `${where}.starts`),
    expires: time(fields['expires'], `${where}.expires`),
    revoked: fields['revoked'] === null ? null : time(fields['revoked'], `${where}.revoked`),
  };
};

interface Waived {
  readonly control: string;
  readonly item: string;
  readonly time: string | null;
  readonly waiver: string;
}

const member = (value: JsonValue, where: string, name: string): JsonValue | undefined => {
  if (typeof value !== 'object' || value === null || isArray(value)) throw new ShapeError(`${where} is not an object`);
  return Object.hasOwn(value, name) ? value[name] : undefined;
};

const waivedOf = (results: JsonValue | undefined): readonly Waived[] =>
  listOf(results, 'results', (result, where) => {
    const control = textOf(member(result, where, 'control'), `${where}.control`);
    return listOf(member(result, where, 'exceptions'), `${where}.exceptions`, (one, at): readonly Waived[] => {
      const waiver = nullable(member(one, at, 'waiver') ?? null, `${at}.waiver`);
      if (waiver === null) return [];
      const item = textOf(member(one, at, 'item'), `${at}.item`);
      return [{ control, item, waiver, time: nullable(member(one, at, 'time'), `${at}.time`) }];
    }).flat();
  }).flat();

/** What does not hold, in words; null where the waiver covers the exception. */
const fault = (one: Waived, waiver: Held | undefined, to: number): string | null => {
  if (waiver === undefined) return `names the waiver ${one.waiver}, which the package does not hold`;
  if (waiver.control !== one.control) return `is under ${waiver.id}, a waiver of ${waiver.control}`;
  const at = one.time === null ? to - 1 : Date.parse(one.time);
  const end = Math.min(Date.parse(waiver.expires), Date.parse(waiver.revoked ?? waiver.expires));
  if (at >= Date.parse(waiver.starts) && at < end) return null;
  return `is under ${waiver.id}, which was not in force then`;
};

const plainName = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

const check = ({ findings }: Target, document: JsonValue, to: number): void => {
  const waivers = listOf(member(document, 'the document', 'waivers') ?? [], 'waivers', waiverOf);
  const waived = waivedOf(member(document, 'the document', 'results'));
  let good = true;
  const add = (problem: string): void => {
    good = false;
    findings.add('integrity', 'WAIVER_INVALID', `results.json: ${problem}.`);
  };
  for (const { id, requester, approver } of waivers) {
    if (plainName(requester) === plainName(approver)) add(`the waiver ${id} was approved by its requester`);
  }
  const byId = new Map(waivers.map((waiver) => [waiver.id, waiver]));
  for (const one of waived) {
    const problem = fault(one, byId.get(one.waiver), to);
    if (problem !== null) add(`the exception ${one.control} ${one.item} ${problem}`);
  }
  if (good && waived.length > 0) {
    findings.establish(
      `of the exceptions ${waived.length} fall under waivers that were in force, each approved by another than its requester; they stay counted.`,
    );
  }
};

/** Checks the waivers of a package whose files are those of the manifest. */
export const checkWaivers = async (target: Target, manifest: Manifest): Promise<void> => {
  if (!manifest.files.some(({ path }) => path === 'results.json')) return;
  const file = join(target.dir, 'results.json');
  const facts = await realFiles.facts(file);
  if (facts?.kind !== 'file') return;
  if (facts.size > MAX_RESULTS) {
    target.findings.add('incomplete', 'RESULTS_TOO_LARGE', 'results.json is too large for its waivers to be checked.');
    return;
  }
  try {
    check(target, readJson(await readBounded(file, MAX_RESULTS)), Date.parse(manifest.period.to));
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    target.findings.add('integrity', 'RESULTS_INVALID', `results.json cannot be read: ${error.message}.`);
  }
};
