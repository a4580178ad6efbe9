/** DER (ITU-T X.690), as much of it as time stamps and certificates need: single-byte tags, definite lengths. */

/** Why bytes are not DER, or not the structure that was asked for. Never holds content. */
export class DerError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = 'DerError';
  }
}

/** Identifier octets. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of the context-specific tag `[n]`, constructed. */
export const context = (n: number): number => 0xa0 | n;

/** One element. */
export interface DerNode {
  readonly tag: number;
  readonly content: Buffer;
  /** Tag, length and content, as written. */
  readonly bytes: Buffer;
}

/** Bytes before the content, and bytes of the content. Lengths must be definite and in their shortest form. */
const lengthsOf = (bytes: Buffer, short: number): readonly [head: number, length: number] => {
  if (short < 0x80) return [2, short];
  const more = short & 0x7f;
  if (more === 0 || more > 4 || bytes.length < 2 + more) throw new DerError('has no valid length');
  const length = bytes.readUIntBE(2, more);
  if (length < 0x80 || bytes[2] === 0) throw new DerError('has a length that is not in its shortest form');
  return [2 + more, length];
};

/** The element at the start of `bytes`. */
const first = (bytes: Buffer): DerNode => {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) throw new DerError('ends too early');
  if ((tag & 0x1f) === 0x1f) throw new DerError('has a tag of several bytes');
  const [head, length] = lengthsOf(bytes, short);
  const end = head + length;
  if (end > bytes.length) throw new DerError('ends too early');
  return { tag, content: bytes.subarray(head, end), bytes: bytes.subarray(0, end) };
};

/** @throws DerError unless the bytes are one element and nothing more, of this tag where one is given */
export const readDer = (bytes: Buffer, tag?: number): DerNode => {
  const node = first(bytes);
  if (node.bytes.length !== bytes.length) throw new DerError('has bytes after its end');
  return tag === undefined ? node : expectTag(node, tag);
};

const MAX_CHILDREN = 4_096;

/** The elements within one. @throws DerError */
export const childrenOf = ({ content }: DerNode): readonly DerNode[] => {
  const found: DerNode[] = [];
  for (let rest = content; rest.length > 0; ) {
    if (found.length === MAX_CHILDREN) throw new DerError('has too many elements');
    const node = first(rest);
    found.push(node);
    rest = rest.subarray(node.bytes.length);
  }
  return found;
};

/** @throws DerError where the element is missing or has another tag */
export const expectTag = (node: DerNode | undefined, tag: number): DerNode => {
  if (node?.tag !== tag) throw new DerError(`lacks an element of tag 0x${tag.toString(16)}`);
  return node;
};

/** The elements of a SEQUENCE. @throws DerError */
export const sequenceOf = (node: DerNode | undefined): readonly DerNode[] => childrenOf(expectTag(node, TAG.sequence));

/** Dotted decimal. @throws DerError */
export const oidOf = (node: DerNode | undefined): string => {
  const { content } = expectTag(node, TAG.oid);
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of content) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError('has an object identifier that is too long');
    if (byte & 0x80) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [head = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(head / 40), 2);
  return [root, head - root * 40, ...rest].join('.');
};

/** Milliseconds since 1970 of a GeneralizedTime as RFC 3161 §2.4.2 restricts it: UTC, with seconds. @throws DerError */
export const timeOfDer = (node: DerNode | undefined): number => {
  const text = expectTag(node, TAG.time).content.toString('latin1');
  const [, y, mo, d, h, mi, s, fraction = ''] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{0,8}[1-9]))?Z$/.exec(text) ?? [];
  const time = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  if (Number.isNaN(time)) throw new DerError('has no valid time');
  return time;
};

/** One element of this tag over content that is DER, or plain bytes. */
export const encodeDer = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), body]);
  const hex = length.toString(16);
  const size = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Uint8Array.of(tag, 0x80 | size.length), size, body]);
};

/** An OBJECT IDENTIFIER from dotted decimal. */
export const encodeOid = (dotted: string): Buffer => {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [root * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    return digits;
  });
  return encodeDer(TAG.oid, Uint8Array.from(bytes));
};
