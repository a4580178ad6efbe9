/**
 * An outside analyzer for what no pattern finds, such as names and places: Presidio, over its HTTP API (`POST /analyze`
 * with a list of texts). What it does not answer in time, or not as its API says, is blocked.
 */
import { z } from 'zod';
import { CountersignError, reason } from '../base/errors.js';
import type { JsonNode, StringNode } from '../base/json.js';
import type { PresidioSettings } from '../model/masking-settings.js';
import type { Finding } from './detector.js';
import { isMask } from './marks.js';
import type { Analyze } from './mask.js';

/** Most texts of one message, and most characters in all of them. */
const MOST_TEXTS = 5_000;
const MOST_CHARACTERS = 1 << 20;
/** Longest answer read, in bytes. */
const LONGEST_ANSWER = 16 << 20;

/** Offsets count code points, as Python does. */
const entity = z.object({
  entity_type: z.string().regex(/^[A-Z][A-Z0-9_]{0,60}$/),
  start: z.int().min(0),
  end: z.int().min(0),
  score: z.number(),
});
const answer = z.array(z.array(entity).max(100_000)).max(MOST_TEXTS);

const failed = (problem: string): CountersignError =>
  new CountersignError('MASKING_FAILED', { problem: `the analyzer ${problem}` });

/** The strings worth asking about: those with letters. */
const textsOf = (root: JsonNode): readonly StringNode[] => {
  const found: StringNode[] = [];
  const pending: JsonNode[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.kind === 'string' && /\p{L}/u.test(node.value) && !isMask(node.value)) found.push(node);
    else if (node.kind === 'array') pending.push(...node.items);
    else if (node.kind === 'object') pending.push(...node.members.map(({ value }) => value));
  }
  return found;
};

/** Offsets in code points as offsets in UTF-16 units. */
const unitsOf = (text: string): ((point: number) => number) => {
  const units = [0];
  for (const character of text) units.push((units.at(-1) ?? 0) + character.length);
  return (point) => units[point] ?? text.length;
};

const findingsIn = (
  { value }: StringNode,
  found: readonly z.output<typeof entity>[],
  { threshold, entities }: PresidioSettings,
): readonly Finding[] => {
  const unit = unitsOf(value);
  return found
    .filter(({ score, entity_type }) => score >= threshold && entities.includes(entity_type))
    .map(({ entity_type, start, end }) => ({
      start: unit(start),
      end: unit(end),
      detector: `x-${entity_type.toLowerCase().replaceAll('_', '-')}`,
    }))
    .filter(({ start, end }) => end > start);
};

const read = async (response: Response): Promise<unknown> => {
  if (!response.ok) throw failed(`answered with status ${response.status}`);
  const text = await response.text();
  if (text.length > LONGEST_ANSWER) throw failed('answered at too great a length');
  return JSON.parse(text);
};

const ask = async (texts: readonly string[], settings: PresidioSettings, send: typeof fetch): Promise<unknown> => {
  const { url, language, entities, threshold, timeout } = settings;
  try {
    const response = await send(`${url.replace(/\/$/, '')}/analyze`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: texts, language, entities, score_threshold: threshold }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    });
    return await read(response);
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    // What JSON.parse says may quote the answer; only names of errors are told.
    throw failed(error instanceof SyntaxError ? 'gave no JSON' : `gave no answer: ${reason(error)}`);
  }
};

/** @param send `fetch`, or what stands for it */
export const createPresidio =
  (settings: PresidioSettings, send: typeof fetch): Analyze =>
  async (root) => {
    const nodes = textsOf(root);
    if (nodes.length === 0) return new Map();
    if (nodes.length > MOST_TEXTS || nodes.reduce((sum, { value }) => sum + value.length, 0) > MOST_CHARACTERS)
      throw failed('is not asked about a message of this size');
    const texts = nodes.map(({ value }) => value);
    const parsed = answer.safeParse(await ask(texts, settings, send));
    if (!parsed.success || parsed.data.length !== nodes.length) throw failed('gave another answer than its API says');
    return new Map(nodes.map((node, i) => [node, findingsIn(node, parsed.data[i] ?? [], settings)]));
  };
