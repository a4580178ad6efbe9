/** The exact stage on a parsed document: every string, every member name, every value a name makes secret. */
import {
  type ArrayNode,
  JsonError,
  type JsonNode,
  type Member,
  type ObjectNode,
  type StringNode,
  stringOf,
} from '../base/json.js';
import { acrossItems } from './content.js';
import type { Finding } from './detector.js';
import { createHitRanges, type HitRanges } from './hits.js';
import { isMask, type MaskName } from './marks.js';
import { createNameFacts, memberNames } from './names.js';
import { PLAIN, type Treatment } from './rules.js';
import type { Scanner } from './scan.js';
import { holdsSchema, isSchema, SCHEMA_VALUES } from './schema.js';
import { type Edit, tokenEdits } from './splice.js';
import {
  type Budget,
  blobEdits,
  type Masked,
  maskedAs,
  type Placed,
  type Rules,
  type TextEdits,
  textEdits,
  type Where,
} from './text.js';

interface Place {
  /** Where the value stands; undefined at the root. */
  readonly path: Path | undefined;
  /** Name of the member that holds the value; that of the array for its items. */
  readonly name: string;
  /** What the mask bears where a name further up made everything below it secret. */
  readonly label: MaskName | undefined;
}

/** A place as a list from the inside out: most places are never written as a pointer. */
interface Path {
  readonly parent: Path | undefined;
  /** Member name as it is written out, or index. */
  readonly token: string | number;
  /** The pointer, once it was asked for. */
  pointer?: string;
}

/** The JSON pointer, RFC 6901 §3. */
const pointerOf = (path: Path | undefined): string => {
  if (path === undefined) return '';
  if (path.pointer !== undefined) return path.pointer;
  const { parent, token } = path;
  const step = typeof token === 'string' ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
  path.pointer = `${pointerOf(parent)}/${step}`;
  return path.pointer;
};

const placed = ({ detector, rule, mode, length, value }: Masked, pointer: string): Placed =>
  rule === undefined || mode === undefined
    ? { detector, pointer, length, value }
    : { detector, rule, mode, pointer, length, value };

/** `{"name": "DB_PASSWORD", "value": …}`, as environments and tags are listed. */
const PAIR_NAMES = /^(?:name|key|variable|parameter|header|id)$/i;
const PAIR_VALUES = /^(?:value|val|stringvalue)$/i;

/** What the mask of a member bears beside a member that names a secret. */
const pairValue = (name: string, pair: MaskName | undefined): MaskName | undefined =>
  pair !== undefined && PAIR_VALUES.test(name) ? pair : undefined;

/** Values between two looks at the clock. */
const BETWEEN_LOOKS = 1_024;

class TreeMasker {
  readonly edits: Edit[] = [];
  readonly masked: Placed[] = [];
  private readonly rules: Rules;
  private readonly bytes: Buffer;
  private readonly depth: number;
  private readonly base: () => string;
  private readonly until: number;
  private visited = 0;
  private readonly across: Map<StringNode, readonly Finding[]>;
  private readonly hits: HitRanges;
  private readonly texts: boolean;

  constructor(rules: Rules, bytes: Buffer, depth: number, base: () => string, { hits, outside }: Where) {
    this.rules = rules;
    this.bytes = bytes;
    this.depth = depth;
    this.base = base;
    this.until = rules.budget.now() + rules.budget.ms;
    this.across = new Map(outside);
    this.hits = createHitRanges(hits);
    this.texts = hits?.texts ?? true;
  }

  visit(node: JsonNode, place: Place): void {
    if (++this.visited % BETWEEN_LOOKS === 0 && this.rules.budget.now() > this.until)
      throw new JsonError('it takes too long', node.start);
    if (place.label === undefined && !this.mayHold(node.start, node.end)) return;
    switch (node.kind) {
      case 'string':
        return this.string(node, place);
      case 'array':
        return this.array(node, place);
      case 'object':
        return this.object(node, place);
      default:
        if (place.label !== undefined && node.value !== null) this.scalar(node, place, place.label);
    }
  }

  private array(node: ArrayNode, { path, name, label }: Place): void {
    const split = this.texts ? acrossItems(this.rules.scanner, node, name) : [];
    for (const [text, parts] of split) {
      this.across.set(text, [...(this.across.get(text) ?? []), ...parts]);
    }
    for (const [token, item] of node.items.entries()) this.visit(item, { path: { parent: path, token }, name, label });
  }

  private object(node: ObjectNode, place: Place): void {
    const names = this.memberNames(node, place);
    const pair = this.pairLabel(node);
    const keepsId = place.path === undefined && this.keepsId(node);
    for (const [i, { key, value }] of node.members.entries()) {
      const written = names[i];
      const path = { parent: place.path, token: written?.name ?? key.value };
      if (written) this.apply(key, path, written.found);
      // The client chose the id of its request; the answer must bear it.
      if (keepsId && key.value === 'id') continue;
      const given = place.label ?? pairValue(key.value, pair);
      if (given !== undefined || this.mayHold(key.start, value.end)) this.member(key, value, place, path, given);
    }
  }

  private keepsId(node: ObjectNode): boolean {
    return this.depth === 0 && this.rules.treatment.keepsAnswerId && isAnswer(node);
  }

  private memberNames(node: ObjectNode, place: Place): ReturnType<typeof memberNames> {
    const may = node.members.some(({ key }) => this.hits.any(key.start, key.end));
    return may ? memberNames(this.rules, node, this.pointer(place.path)) : [];
  }

  /** Whether there may be something in the bytes of a value, or split over texts in it. */
  private mayHold(start: number, end: number): boolean {
    return this.texts || this.hits.any(start, end);
  }

  private member(key: StringNode, value: JsonNode, outer: Place, path: Path, given: MaskName | undefined): void {
    const name = key.value;
    const label = given ?? (this.hits.any(key.start, value.start) ? this.named(name, path) : undefined);
    if (label !== undefined && given === undefined && holdsSchema(outer.name) && isSchema(value)) {
      return this.schema(value, path, label);
    }
    this.visit(value, { path, name, label });
  }

  /** What the mask of a value bears where its name or place makes it secret. */
  private named(name: string, path: Path): MaskName | undefined {
    return this.rules.treatment.placed(name, this.pointer(path)) ?? this.rules.names.label(name);
  }

  /** The JSON Schema of a secret is no secret; the values it names are. */
  private schema(node: ObjectNode, parent: Path, secret: MaskName): void {
    for (const { key, value } of node.members) {
      const label = SCHEMA_VALUES.has(key.value) ? secret : undefined;
      this.visit(value, { path: { parent, token: key.value }, name: key.value, label });
    }
  }

  private pairLabel({ members }: ObjectNode): MaskName | undefined {
    for (const { key, value } of members) {
      if (value.kind !== 'string' || !this.hits.any(key.start, value.end)) continue;
      if (value.value.length > 128 || !PAIR_NAMES.test(key.value)) continue;
      const label = this.rules.scanner.keys.of(value.value);
      if (label !== undefined) return label;
    }
    return undefined;
  }

  private string(node: StringNode, { path, name, label }: Place): void {
    const more = this.across.get(node);
    if (label === undefined && more === undefined && !this.hits.any(node.start, node.end)) return;
    if (node.value === '' || isMask(node.value)) return;
    const at = { name, pointer: this.pointer(path) };
    if (label !== undefined) return this.whole(node, path, label, name);
    const blob = name === 'blob' || name === 'data' ? blobEdits(this.rules, node.value, at, this.depth) : undefined;
    this.apply(node, path, blob ?? textEdits(this.rules, node.value, at, this.depth, more));
  }

  /** A string that its place makes secret. */
  private whole(node: StringNode, path: Path | undefined, label: MaskName, name: string): void {
    const { value } = node;
    const treated = this.rules.treatment.treat({ label, value, name, pointer: this.pointer(path), whole: true });
    if (!treated) return;
    const edit = { start: 0, end: value.length, replacement: treated.replacement };
    this.apply(node, path, { edits: [edit], masked: [maskedAs(treated, value)] });
  }

  /** The pointer of a place in the JSON-RPC message, written only where a rule asks for it. */
  private pointer(path: Path | undefined): () => string {
    return () => this.base() + pointerOf(path);
  }

  /** A number becomes 0 and `true` becomes false, whatever the mode: a text would not be what a schema demands. */
  private scalar(node: JsonNode & { kind: 'number' | 'literal' }, { path, name }: Place, label: MaskName): void {
    if (node.value === 0 || node.value === false) return;
    const value = this.bytes.toString('latin1', node.start, node.end);
    const treated = this.rules.treatment.treat({ label, value, name, pointer: this.pointer(path), whole: true });
    if (!treated) return;
    this.edits.push({ start: node.start, end: node.end, replacement: node.kind === 'number' ? '0' : 'false' });
    this.masked.push(placed(maskedAs(treated, value), pointerOf(path)));
  }

  private apply(node: StringNode, path: Path | undefined, { edits, masked }: TextEdits): void {
    if (edits.length === 0) return;
    const pointer = pointerOf(path);
    for (const edit of tokenEdits(this.bytes, node, edits)) this.edits.push(edit);
    for (const one of masked) this.masked.push(placed(one, pointer));
  }
}

const has = (members: readonly Member[], name: string): boolean => members.some(({ key }) => key.value === name);

/** A JSON-RPC response, not a request. */
const isAnswer = ({ members }: ObjectNode): boolean =>
  has(members, 'id') &&
  !has(members, 'method') &&
  (has(members, 'result') || has(members, 'error')) &&
  members.some(({ key, value }) => key.value === 'jsonrpc' && stringOf(value) === '2.0');

/** Far beyond what a message of the greatest size takes: what is slower was made to be. */
const BUDGET: Budget = { ms: 20_000, now: () => performance.now() };

const atRoot = (): string => '';

/** The exact stage for a scanner. */
export const createRules = (scanner: Scanner, treatment: Treatment = PLAIN, budget: Budget = BUDGET): Rules => {
  const rules: Rules = {
    scanner,
    treatment,
    budget,
    names: createNameFacts(scanner),
    tree: (bytes, root, depth, base = atRoot, where = {}) => {
      const masker = new TreeMasker(rules, bytes, depth, base, where);
      masker.visit(root, { path: undefined, name: '', label: undefined });
      return { edits: masker.edits, masked: masker.masked };
    },
  };
  return rules;
};
