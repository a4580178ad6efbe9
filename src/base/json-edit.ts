/** Changes to JSON text that leave every other byte as it was written. */
import type { JsonNode, ObjectNode } from './json.js';

/** The bytes with the text of some nodes replaced, none of which lies in another. */
export const replaceNodes = (
  bytes: Buffer,
  changes: readonly (readonly [node: JsonNode, text: string | Buffer])[],
): Buffer => {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const [node, text] of changes.toSorted(([a], [b]) => a.start - b.start)) {
    pieces.push(bytes.subarray(from, node.start), typeof text === 'string' ? Buffer.from(text) : text);
    from = node.end;
  }
  return Buffer.concat([...pieces, bytes.subarray(from)]);
};

/**
 * The text of an object with members replaced, left out (null), or added at its end where there is none of the name.
 * @param changes member name to JSON text
 */
export const changeMembers = (
  bytes: Buffer,
  object: ObjectNode,
  changes: Readonly<Record<string, string | Buffer | null>>,
): Buffer => {
  const left = new Map(Object.entries(changes));
  const parts: Buffer[] = [];
  const add = (...text: readonly (string | Buffer)[]): void => {
    parts.push(Buffer.from(parts.length === 0 ? '{' : ','));
    for (const piece of text) parts.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
  };
  for (const { key, value } of object.members) {
    const change = left.get(key.value);
    left.delete(key.value);
    if (change === undefined) add(bytes.subarray(key.start, value.end));
    else if (change !== null) add(bytes.subarray(key.start, value.start), change);
  }
  for (const [name, text] of left) if (text !== null) add(`${JSON.stringify(name)}:`, text);
  return parts.length === 0 ? Buffer.from('{}') : Buffer.concat([...parts, Buffer.from('}')]);
};
