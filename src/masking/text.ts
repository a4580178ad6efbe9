/** The exact stage on one text: as JSON where it is JSON, else as text with all its readings. */
import { JsonError, type JsonNode, parseJson } from '../base/json.js';
import type { Redaction } from '../model/redaction.js';
import { SHORTEST_RUN, textOf } from './base64.js';
import type { Finding } from './detector.js';
import { isMask, type MaskName, maskOf } from './marks.js';
import { merge } from './merge.js';
import type { Scanner } from './scan.js';
import { editsOf } from './settle.js';
import { type Edit, spliceText, unitOffsets } from './splice.js';

/** What was masked, without the value. */
export interface Masked {
  readonly detector: MaskName;
  /** UTF-16 units. */
  readonly length: number;
}

/** What to replace in a document. */
export interface TreeEdits {
  /** In bytes, sorted and disjoint. */
  readonly edits: readonly Edit[];
  readonly redactions: readonly (Redaction & Masked)[];
}

/** What is known of member names; few names are used often. */
export interface NameFacts {
  /** What the mask of a value under this name bears, if the name makes it secret. */
  label(name: string): MaskName | undefined;
  /** Whether the name itself may hold data that is to be masked. */
  mayHold(name: string): boolean;
}

/** What the exact stage works with. */
export interface Rules {
  readonly scanner: Scanner;
  readonly names: NameFacts;
  /** Masks a parsed document; `depth` counts the documents this one is nested in. */
  tree(bytes: Buffer, root: JsonNode, depth: number): TreeEdits;
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
    return parseJson(bytes);
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
};

const nested = (rules: Rules, text: string, depth: number): TextEdits | undefined => {
  if (depth >= MOST_NESTED || !looksLikeJson(text)) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  const node = parseNested(bytes);
  if (!node) return undefined;
  const { edits, redactions } = rules.tree(bytes, node, depth + 1);
  if (edits.length === 0) return NOTHING;
  const offsets = unitOffsets(
    text,
    edits.flatMap(({ start, end }) => [start, end]),
  );
  return {
    edits: edits.map((edit, i) => ({ ...edit, start: offsets[2 * i] ?? 0, end: offsets[2 * i + 1] ?? text.length })),
    masked: redactions,
  };
};

const asEdits = (findings: readonly Finding[]): TextEdits => ({
  edits: editsOf(findings),
  masked: findings.map(({ start, end, detector }) => ({ detector, length: end - start })),
});

/** What to replace in a text. `name` is the member that holds it, `more` what was found across its edge. */
export const textEdits = (
  rules: Rules,
  text: string,
  name: string,
  depth: number,
  more: readonly Finding[] = [],
): TextEdits => {
  if (text === '' || isMask(text)) return NOTHING;
  const inner = more.length === 0 ? nested(rules, text, depth) : undefined;
  if (inner) return inner;
  return asEdits(merge([...rules.scanner.find(text, name), ...more]));
};

const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * The content of a `blob` or `data` member (MCP): base64 of text is masked inside and encoded again, so that it
 * stays base64. Undefined where the value is none; an empty list where nothing is in it.
 */
export const blobEdits = (rules: Rules, base64: string, name: string, depth: number): TextEdits | undefined => {
  if (base64.length < SHORTEST_RUN || !BASE64.test(base64)) return undefined;
  const text = textOf(base64);
  if (text === undefined) {
    // Data that is not text cannot be cut open: where it holds a secret it is replaced whole.
    const [found] = rules.scanner.find(base64, name);
    if (!found) return NOTHING;
    const replacement = Buffer.from(maskOf(found.detector)).toString('base64');
    const whole = { start: 0, end: base64.length, replacement };
    return { edits: [whole], masked: [{ detector: found.detector, length: base64.length }] };
  }
  const { edits, masked } = textEdits(rules, text, '', depth + 1);
  if (edits.length === 0) return undefined;
  const replacement = Buffer.from(spliceText(text, edits), 'utf8').toString('base64');
  return { edits: [{ start: 0, end: base64.length, replacement }], masked };
};
