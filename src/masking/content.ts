/** Secrets split over the text items of one result. */
import { type ArrayNode, type JsonNode, member, type StringNode } from '../base/json.js';
import type { Finding } from './detector.js';
import type { Scanner } from './scan.js';

const HOLDERS = new Set(['content', 'contents']);

const textOf = (item: JsonNode): StringNode | undefined => {
  const text = member(item, 'text');
  return text?.kind === 'string' ? text : undefined;
};

/** Neighbouring items that have text. */
const rows = (items: readonly JsonNode[]): readonly (readonly StringNode[])[] => {
  const found: StringNode[][] = [[]];
  for (const item of items) {
    const text = textOf(item);
    // An empty text does not part its neighbours.
    if (text?.value === '') continue;
    if (text) found.at(-1)?.push(text);
    else found.push([]);
  }
  return found.filter(({ length }) => length > 1);
};

/** How far into an item the name of a value may lie before its edge: a name, quotes and a separator. */
const NAME_REACH = 160;

/**
 * The part of a finding in the joined text that lies in the item at `[offset, edge)`. What lies whole inside is left
 * to the ordinary scan, save near its start, where the name that makes it secret may stand in the item before, and
 * where that may stand far away.
 */
const partOf = ({ start, end, detector, far }: Finding, offset: number, edge: number): Finding | undefined => {
  const whole = !far && start >= offset + (offset > 0 ? NAME_REACH : 0) && end <= edge;
  const part = { start: Math.max(start, offset) - offset, end: Math.min(end, edge) - offset, detector };
  return !whole && part.end > part.start ? part : undefined;
};

/**
 * What shows only when neighbouring items of `content` are read as one text: the part in each item it touches.
 * Findings inside one item are left to the ordinary scan.
 */
export const acrossItems = (
  scanner: Scanner,
  { items }: ArrayNode,
  name: string,
): ReadonlyMap<StringNode, readonly Finding[]> => {
  const parts = new Map<StringNode, readonly Finding[]>();
  if (!HOLDERS.has(name)) return parts;
  for (const row of rows(items)) {
    const joined = row.map(({ value }) => value).join('');
    if (scanner.look(Buffer.from(joined, 'utf8')) === undefined) continue;
    const findings = scanner.find(joined, 'text');
    let offset = 0;
    let next = 0;
    for (const node of row) {
      const edge = offset + node.value.length;
      while ((findings[next]?.end ?? Number.POSITIVE_INFINITY) <= offset) next++;
      let last = next;
      while ((findings[last]?.start ?? Number.POSITIVE_INFINITY) < edge) last++;
      const here = findings.slice(next, last).flatMap((finding) => partOf(finding, offset, edge) ?? []);
      if (here.length > 0) parts.set(node, here);
      offset = edge;
    }
  }
  return parts;
};
