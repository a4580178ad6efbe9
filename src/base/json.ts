/**
 * Strict JSON over raw bytes, with the position of every value.
 *
 * The gateway forwards the bytes it inspected, so it must read them as every other parser would:
 * invalid UTF-8, a byte order mark, duplicate member names, lone surrogates and over-deep nesting
 * are refused (RFC 8259 §4, §8; I-JSON, RFC 7493 §2). Positions let masking splice into the bytes.
 */
import { isUtf8 } from 'node:buffer';
import { readNumber } from './json-number.js';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** `Array.isArray` that narrows read-only JSON. */
export const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value);

/** `start` and `end` are byte offsets, end exclusive; those of a string include its quotes. */
interface Span {
  readonly start: number;
  readonly end: number;
}
export interface StringNode extends Span {
  readonly kind: 'string';
  readonly value: string;
}
export interface NumberNode extends Span {
  readonly kind: 'number';
  readonly value: number;
  /** Whether the decimal text and the double stand for the same number: 12345678901234567890 does not. */
  readonly exact: boolean;
}
export interface LiteralNode extends Span {
  readonly kind: 'literal';
  readonly value: boolean | null;
}
export interface ArrayNode extends Span {
  readonly kind: 'array';
  readonly items: readonly JsonNode[];
}
export interface Member {
  readonly key: StringNode;
  readonly value: JsonNode;
}
export interface ObjectNode extends Span {
  readonly kind: 'object';
  readonly members: readonly Member[];
}
export type JsonNode = StringNode | NumberNode | LiteralNode | ArrayNode | ObjectNode;

/** Why bytes are not strict JSON, and where. The message never holds content. */
export class JsonError extends Error {
  /** Byte offset of the fault. */
  readonly offset: number;
  constructor(problem: string, offset: number) {
    super(`${problem} at byte ${offset}`);
    this.name = 'JsonError';
    this.offset = offset;
  }
}

export interface JsonLimits {
  /** Nesting of arrays and objects. */
  readonly maxDepth: number;
}
const DEFAULT_LIMITS: JsonLimits = { maxDepth: 64 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Members from which on names are kept in a set; fewer are compared one by one, which is faster. */
const MANY_MEMBERS = 8;
const hasName = (members: readonly Member[], name: string): boolean => {
  for (let i = 0; i < members.length; i++) if (members[i]?.key.value === name) return true;
  return false;
};

class Parser {
  private at = 0;
  private readonly bytes: Buffer;
  private readonly limits: JsonLimits;
  /** The bytes as Latin-1, of which ASCII strings are cut; undefined where they are to be copies. */
  private readonly latin1: string | undefined;

  constructor(bytes: Buffer, limits: JsonLimits, latin1: string | undefined) {
    this.bytes = bytes;
    this.limits = limits;
    this.latin1 = latin1;
  }

  document(): JsonNode {
    this.space();
    const node = this.value(0);
    this.space();
    if (this.at !== this.bytes.length) this.fail('text after the JSON value');
    return node;
  }

  private fail(problem: string, offset = this.at): never {
    throw new JsonError(problem, offset);
  }

  private space(): void {
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.at++;
    }
  }

  private value(depth: number): JsonNode {
    if (depth > this.limits.maxDepth) this.fail('nesting too deep');
    switch (this.bytes[this.at]) {
      case 0x7b:
        return this.object(depth);
      case 0x5b:
        return this.array(depth);
      case QUOTE:
        return this.string();
      case 0x74:
        return this.literal('true', true);
      case 0x66:
        return this.literal('false', false);
      case 0x6e:
        return this.literal('null', null);
      case undefined:
        return this.fail('the JSON text ends too early');
      default:
        return this.number();
    }
  }

  private object(depth: number): ObjectNode {
    const start = this.at++;
    const members: Member[] = [];
    let names: Set<string> | undefined;
    this.space();
    if (this.bytes[this.at] === 0x7d) return { kind: 'object', start, end: ++this.at, members };
    for (;;) {
      if (this.bytes[this.at] !== QUOTE) this.fail('a member name is expected');
      const key = this.string();
      if (names?.has(key.value) ?? hasName(members, key.value)) this.fail('duplicate member name', key.start);
      names?.add(key.value);
      this.space();
      if (this.bytes[this.at++] !== 0x3a) this.fail('a colon is expected', this.at - 1);
      this.space();
      members.push({ key, value: this.value(depth + 1) });
      if (members.length === MANY_MEMBERS) names = new Set(members.map((member) => member.key.value));
      this.space();
      const next = this.bytes[this.at++];
      if (next === 0x7d) return { kind: 'object', start, end: this.at, members };
      if (next !== 0x2c) this.fail('a comma or closing brace is expected', this.at - 1);
      this.space();
    }
  }

  private array(depth: number): ArrayNode {
    const start = this.at++;
    const items: JsonNode[] = [];
    this.space();
    if (this.bytes[this.at] === 0x5d) return { kind: 'array', start, end: ++this.at, items };
    for (;;) {
      items.push(this.value(depth + 1));
      this.space();
      const next = this.bytes[this.at++];
      if (next === 0x5d) return { kind: 'array', start, end: this.at, items };
      if (next !== 0x2c) this.fail('a comma or closing bracket is expected', this.at - 1);
      this.space();
    }
  }

  private string(): StringNode {
    const start = this.at;
    const { bytes } = this;
    let escaped = false;
    let seen = 0;
    let at = start + 1;
    for (let byte = bytes[at]; byte !== QUOTE; byte = bytes[++at]) {
      if (byte === undefined) this.fail('a string is not closed', start);
      if (byte < 0x20) this.fail('a control character in a string', at);
      seen |= byte;
      if (byte !== BACKSLASH) continue;
      escaped = true;
      at++;
    }
    const end = at + 1;
    this.at = end;
    if (escaped) return { kind: 'string', start, end, value: this.unescape(start, end) };
    const { latin1 } = this;
    const cut = seen < 0x80 && latin1 !== undefined;
    return {
      kind: 'string',
      start,
      end,
      value: cut ? latin1.slice(start + 1, end - 1) : bytes.toString('utf8', start + 1, end - 1),
    };
  }

  private unescape(start: number, end: number): string {
    let value: unknown;
    try {
      value = JSON.parse(this.bytes.toString('utf8', start, end));
    } catch {
      this.fail('an unknown escape in a string', start);
    }
    if (typeof value !== 'string' || !value.isWellFormed()) this.fail('a lone surrogate in a string', start);
    return value;
  }

  private literal(text: string, value: boolean | null): LiteralNode {
    const start = this.at;
    this.at += text.length;
    if (this.bytes.toString('latin1', start, this.at) !== text) this.fail('an unknown word', start);
    return { kind: 'literal', start, end: this.at, value };
  }

  private number(): NumberNode {
    const start = this.at;
    const read = readNumber(this.bytes, start);
    if (typeof read === 'string') this.fail(read);
    this.at = read.end;
    return { kind: 'number', start, end: read.end, value: read.value, exact: read.exact };
  }
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const documentOf = (bytes: Uint8Array, limits: JsonLimits, latin1: string | undefined): JsonNode => {
  if (!isUtf8(bytes)) throw new JsonError('invalid UTF-8', 0);
  if (bytes[0] === 0xef && bytes[1] === 0xbb) throw new JsonError('a byte order mark', 0);
  return new Parser(asBuffer(bytes), limits, latin1).document();
};

/**
 * Parses strictly, keeping positions.
 * @throws JsonError
 */
export const parseJson = (bytes: Uint8Array, limits: JsonLimits = DEFAULT_LIMITS): JsonNode =>
  documentOf(bytes, limits, undefined);

/**
 * The same, faster: the strings share one copy of the document, so a string that is kept keeps all of it.
 * @param latin1 the bytes, read as Latin-1
 * @throws JsonError
 */
export const parseJsonShared = (bytes: Uint8Array, latin1: string): JsonNode =>
  documentOf(bytes, DEFAULT_LIMITS, latin1);

/** The plain value of a node. Objects have no prototype, so `__proto__` is a name like any other. */
export const toValue = (node: JsonNode): JsonValue => {
  switch (node.kind) {
    case 'array':
      return node.items.map(toValue);
    case 'object': {
      const object: Record<string, JsonValue> = Object.create(null);
      for (const { key, value } of node.members) object[key.value] = toValue(value);
      return object;
    }
    default:
      return node.value;
  }
};

/** The member `name` of an object node. */
export const member = (node: JsonNode | undefined, name: string): JsonNode | undefined =>
  node?.kind === 'object' ? node.members.find(({ key }) => key.value === name)?.value : undefined;

/** Follows member names from a node. */
export const at = (node: JsonNode | undefined, ...path: readonly string[]): JsonNode | undefined =>
  path.reduce<JsonNode | undefined>(member, node);

export const stringOf = (node: JsonNode | undefined): string | undefined =>
  node?.kind === 'string' ? node.value : undefined;

/** The first number below `node` whose text a double cannot hold. */
export const inexactNumber = (node: JsonNode): NumberNode | undefined => {
  if (node.kind === 'number') return node.exact ? undefined : node;
  const children = node.kind === 'array' ? node.items : node.kind === 'object' ? node.members.map((m) => m.value) : [];
  for (const child of children) {
    const found = inexactNumber(child);
    if (found) return found;
  }
  return undefined;
};

/** The bytes without the white space between tokens: one line, nothing else changed. */
export const compactJson = (bytes: Uint8Array): Buffer => {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inString) {
      out[length++] = byte;
      if (byte === BACKSLASH) out[length++] = bytes[++i] ?? 0;
      else if (byte === QUOTE) inString = false;
    } else if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) {
      out[length++] = byte;
      inString = byte === QUOTE;
    }
  }
  return out.subarray(0, length);
};
