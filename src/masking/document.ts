/** The exact stage on a parsed document: every string, every member name, every value a name makes secret. */
import { type JsonNode, type Member, type ObjectNode, type StringNode, stringOf } from '../base/json.js';
import type { Redaction } from '../model/redaction.js';
import { isMask, maskOf } from './chars.js';
import { acrossItems } from './content.js';
import type { Finding } from './detector.js';
import { memberNames } from './names.js';
import type { Scanner } from './scan.js';
import { holdsSchema, isSchema, SCHEMA_VALUES } from './schema.js';
import { type Edit, tokenEdits } from './splice.js';
import { blobEdits, type Rules, type TextEdits, textEdits } from './text.js';

interface Place {
  /** JSON pointer, with masked member names. */
  readonly pointer: string;
  /** Name of the member that holds the value; that of the array for its items. */
  readonly name: string;
  /** What the mask bears where a name further up made everything below it secret. */
  readonly label: string | undefined;
}

const pointerTo = (pointer: string, token: string): string =>
  `${pointer}/${token.replaceAll('~', '~0').replaceAll('/', '~1')}`;

const PAIR_NAMES = new Set(['name', 'key', 'variable', 'parameter', 'header', 'id']);
const PAIR_VALUES = new Set(['value', 'values', 'val', 'stringvalue', 'content']);

class TreeMasker {
  readonly edits: Edit[] = [];
  readonly redactions: Redaction[] = [];
  private readonly rules: Rules;
  private readonly bytes: Buffer;
  private readonly depth: number;
  private readonly across = new Map<StringNode, readonly Finding[]>();

  constructor(rules: Rules, bytes: Buffer, depth: number) {
    this.rules = rules;
    this.bytes = bytes;
    this.depth = depth;
  }

  visit(node: JsonNode, place: Place): void {
    switch (node.kind) {
      case 'string':
        return this.string(node, place);
      case 'array':
        for (const [text, parts] of acrossItems(this.rules.scanner, node, place.name)) this.across.set(text, parts);
        node.items.forEach((item, i) => this.visit(item, { ...place, pointer: `${place.pointer}/${i}` }));
        return;
      case 'object':
        return this.object(node, place);
      default:
        if (place.label !== undefined && node.value !== null) this.scalar(node, place, place.label);
    }
  }

  private object(node: ObjectNode, place: Place): void {
    const names = memberNames(this.rules, node);
    const pair = this.pairLabel(node);
    const answer = isAnswer(node);
    for (const [i, { key, value }] of node.members.entries()) {
      const written = names[i];
      const pointer = pointerTo(place.pointer, written?.name ?? key.value);
      if (written && written.found.edits.length > 0) this.apply(key, pointer, written.found);
      // The client chose the id of its request; the answer must bear it.
      if (answer && key.value === 'id') continue;
      const label = place.label ?? (pair && PAIR_VALUES.has(key.value.toLowerCase()) ? pair : undefined);
      this.member(key.value, value, { ...place, pointer, label });
    }
  }

  private member(name: string, value: JsonNode, place: Place): void {
    const label = place.label ?? this.rules.scanner.keys.of(name);
    if (label !== undefined && place.label === undefined && holdsSchema(place.name) && isSchema(value)) {
      return this.schema(value, { ...place, name }, label);
    }
    this.visit(value, { ...place, name, label });
  }

  /** The JSON Schema of a secret is no secret; the values it names are. */
  private schema(node: ObjectNode, place: Place, label: string): void {
    for (const { key, value } of node.members) {
      const pointer = pointerTo(place.pointer, key.value);
      if (SCHEMA_VALUES.has(key.value)) this.visit(value, { pointer, name: key.value, label });
      else this.visit(value, { pointer, name: key.value, label: undefined });
    }
  }

  /** `{"name": "DB_PASSWORD", "value": …}`, as environments and tags are listed. */
  private pairLabel({ members }: ObjectNode): string | undefined {
    for (const { key, value } of members) {
      if (value.kind !== 'string' || value.value.length > 128 || !PAIR_NAMES.has(key.value.toLowerCase())) continue;
      const label = this.rules.scanner.keys.of(value.value);
      if (label !== undefined) return label;
    }
    return undefined;
  }

  private string(node: StringNode, { pointer, name, label }: Place): void {
    if (node.value === '' || isMask(node.value)) return;
    if (label !== undefined) {
      const whole = { start: 0, end: node.value.length, replacement: maskOf(label) };
      return this.apply(node, pointer, { edits: [whole], masked: [{ detector: label, length: node.value.length }] });
    }
    const blob = name === 'blob' || name === 'data' ? blobEdits(this.rules, node.value, name, this.depth) : undefined;
    const more = this.across.get(node);
    this.apply(node, pointer, blob ?? textEdits(this.rules, node.value, name, this.depth, more));
  }

  private scalar(node: JsonNode & { kind: 'number' | 'literal' }, { pointer }: Place, label: string): void {
    const replacement = node.kind === 'number' ? '0' : 'false';
    if (node.value === 0 || node.value === false) return;
    this.edits.push({ start: node.start, end: node.end, replacement });
    this.redactions.push({ detector: label, pointer, length: node.end - node.start });
  }

  private apply(node: StringNode, pointer: string, { edits, masked }: TextEdits): void {
    if (edits.length === 0) return;
    this.edits.push(...tokenEdits(this.bytes, node, edits));
    for (const { detector, length } of masked) this.redactions.push({ detector, pointer, length });
  }
}

const has = (members: readonly Member[], name: string): boolean => members.some(({ key }) => key.value === name);

/** A JSON-RPC response, not a request. */
const isAnswer = ({ members }: ObjectNode): boolean =>
  has(members, 'id') &&
  !has(members, 'method') &&
  (has(members, 'result') || has(members, 'error')) &&
  members.some(({ key, value }) => key.value === 'jsonrpc' && stringOf(value) === '2.0');

/** The exact stage for a scanner. */
export const createRules = (scanner: Scanner): Rules => {
  const rules: Rules = {
    scanner,
    tree: (bytes, root, depth) => {
      const masker = new TreeMasker(rules, bytes, depth);
      masker.visit(root, { pointer: '', name: '', label: undefined });
      return { edits: masker.edits, redactions: masker.redactions };
    },
  };
  return rules;
};
