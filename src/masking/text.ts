/** The exact stage on one text: as JSON where it is JSON, else as text with all its readings. */
import { JsonError, type JsonNode, parseJsonShared, type StringNode } from '../base/json.js';
import type { MaskMode } from '../model/masking-settings.js';
import type { Redaction } from '../model/redaction.js';
import { textOf } from './base64.js';
import { SHORTEST_RUN } from './base64-runs.js';
import type { Finding } from './detector.js';
import { isMask, type MaskName, maskOf } from './marks.js';
import { merge } from './merge.js';
import type { RawHits } from './raw.js';
import type { Treated, Treatment } from './rules.js';
import type { Scanner } from './scan.js';
import { type Edit, spliceText, unitOffsets } from './splice.js';

/** What was masked. */
export interface Masked {
  readonly detector: MaskName;
  /** UTF-16 units. */
  readonly length: number;
  readonly rule?: string;
  readonly mode?: MaskMode;
  /** In clear: for commitments, and never to leave this station. */
  readonly value: string;
}

/** What was masked, and its JSON pointer in the document. */
export interface Placed extends Masked {
  readonly pointer: string;
}

/** Where a text stands. */
export interface TextPlace {
  /** The member that holds it. */
  readonly name: string;
  /** Its JSON pointer in the JSON-RPC message. */
  readonly pointer: () => string;
}

/** What to replace in a document. */
export interface TreeEdits {
  /** In bytes, sorted and disjoint. */
  readonly edits: readonly Edit[];
  readonly masked: readonly Placed[];
}

/** Findings by the string that holds them. */
export type Outside = ReadonlyMap<StringNode, readonly Finding[]>;

/** What is known of member names; few names are used often. */
export interface NameFacts {
  /** What the mask of a value under this name bears, if the name makes it secret. */
  label(name: string): MaskName | undefined;
  /** Whether the name itself may hold data that is to be masked. */
  mayHold(name: string): boolean;
}

/** How long the exact stage may take for one document. */
export interface Budget {
  /** Milliseconds. */
  readonly ms: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Where in a document the exact stage is to look: everywhere, unless it is told. */
export interface Where {
  /** What the raw stage says of the same bytes. */
  readonly hits?: RawHits | undefined;
  /** Findings that the scan cannot make. */
  readonly outside?: Outside;
}

/** What the exact stage works with. */
export interface Rules {
  readonly scanner: Scanner;
  readonly budget: Budget;
  readonly names: NameFacts;
  readonly treatment: Treatment;
  /**
   * Masks a parsed document.
   * @param depth how many documents this one is nested in
   * @param base the pointer of the document in the JSON-RPC message
   * @throws JsonError where the budget is spent
   */
  tree(bytes: Buffer, root: JsonNode, depth: number, base?: () => string, where?: Where): TreeEdits;
}

export interface TextEdits {
  /** Sorted and disjoint. */
  readonly edits: readonly Edit[];
  readonly masked: readonly Masked[];
}

const NOTHING: TextEdits = { edits: [], masked: [] };

/** JSON inside JSON is read as such this deep; further in the rules for text hold, which know escapes. */
const MOST_NESTED = 6;

const looksLikeJson = (text: string): boolean => /^\s{0,64}[[{]/.test(text) && /[\]}]\s*$/.test(text.slice(-64));

const parseNested = (bytes: Buffer): JsonNode | undefined => {
  try {
    return parseJsonShared(bytes, bytes.toString('latin1'));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

const nested = (rules: Rules, text: string, { pointer }: TextPlace, depth: number): TextEdits | undefined => {
  if (depth >= MOST_NESTED || !looksLikeJson(text)) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  const node = parseNested(bytes);
  if (!node) return undefined;
  const hits = rules.treatment.byPlace ? undefined : rules.scanner.look(bytes);
  if (!hits && !rules.treatment.byPlace) return NOTHING;
  const { edits, masked } = rules.tree(bytes, node, depth + 1, pointer, { hits });
  if (edits.length === 0) return NOTHING;
  const offsets = unitOffsets(
    text,
    edits.flatMap(({ start, end }) => [start, end]),
  );
  return {
    edits: edits.map((edit, i) => ({ ...edit, start: offsets[2 * i] ?? 0, end: offsets[2 * i + 1] ?? text.length })),
    masked,
  };
};

/** Findings as the rules treat them. */
const asEdits = (rules: Rules, text: string, { name, pointer }: TextPlace, findings: readonly Finding[]): TextEdits => {
  const edits: Edit[] = [];
  const masked: Masked[] = [];
  for (const { start, end, detector: label, replacement } of findings) {
    const value = text.slice(start, end);
    const treated = rules.treatment.treat({ label, value, name, pointer, whole: false });
    if (!treated) continue;
    // A replacement of the scan keeps the format around it, such as the quotes of a JSON string.
    const written = replacement?.replace(maskOf(label), treated.replacement) ?? treated.replacement;
    edits.push({ start, end, replacement: written });
    masked.push(maskedAs(treated, value));
  }
  return { edits, masked };
};

/** A value that was treated. */
export const maskedAs = ({ detector, rule, mode }: Treated, value: string): Masked =>
  rule === undefined || mode === undefined
    ? { detector, length: value.length, value }
    : { detector, rule, mode, length: value.length, value };

/** What may be said of it, and its place. */
export const redactionOf = ({ detector, rule, mode, length }: Masked, pointer: string): Redaction =>
  rule === undefined || mode === undefined ? { detector, pointer, length } : { detector, rule, mode, pointer, length };

/** Adds to the edits of a nested document those of findings that touch none of them. */
const beside = (inner: TextEdits, outer: TextEdits): TextEdits => {
  const free = outer.edits
    .map((edit, i) => ({ edit, masked: outer.masked[i] }))
    .filter(({ edit }) => inner.edits.every(({ start, end }) => edit.end <= start || edit.start >= end));
  return {
    edits: [...inner.edits, ...free.map(({ edit }) => edit)].toSorted((a, b) => a.start - b.start),
    masked: [...inner.masked, ...free.flatMap(({ masked }) => masked ?? [])],
  };
};

/** What to replace in a text. `more` is what the scan of this text alone cannot find. */
export const textEdits = (
  rules: Rules,
  text: string,
  place: TextPlace,
  depth: number,
  more: readonly Finding[] = [],
): TextEdits => {
  if (text === '' || isMask(text)) return NOTHING;
  const inner = nested(rules, text, place, depth);
  if (inner) return more.length === 0 ? inner : beside(inner, asEdits(rules, text, place, merge(more)));
  return asEdits(rules, text, place, merge([...rules.scanner.find(text, place.name), ...more]));
};

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * The content of a `blob` or `data` member (MCP): base64 of text is masked inside and encoded again, so that it
 * stays base64. Undefined where the value is none; an empty list where nothing is in it.
 */
export const blobEdits = (rules: Rules, base64: string, place: TextPlace, depth: number): TextEdits | undefined => {
  if (base64.length < SHORTEST_RUN || !BASE64.test(base64)) return undefined;
  const text = textOf(base64);
  if (text === undefined) {
    // Data that is not text cannot be cut open: where it holds a secret it is replaced whole.
    const [found] = rules.scanner.find(base64, place.name);
    const treated = found && rules.treatment.treat({ label: found.detector, value: base64, ...place, whole: true });
    if (!treated) return NOTHING;
    const whole = { start: 0, end: base64.length, replacement: Buffer.from(treated.replacement).toString('base64') };
    return { edits: [whole], masked: [maskedAs(treated, base64)] };
  }
  const { edits, masked } = textEdits(rules, text, { ...place, name: '' }, depth + 1);
  if (edits.length === 0) return undefined;
  const replacement = Buffer.from(spliceText(text, edits), 'utf8').toString('base64');
  return { edits: [{ start: 0, end: base64.length, replacement }], masked };
};
