/** JSON values as rows for people; what would not show is named, so that nothing in it can deceive. */
import { type JsonNode, parseJson } from './json.js';

/** Control, invisible and direction-changing characters, and spaces that are not the plain one. */
const HIDDEN = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

const named = (character: string): string =>
  `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;

/** One line in which every character shows; those that would not are named, such as `[U+202E]`. */
export const printable = (text: string): string => text.replace(HIDDEN, named);

export interface Row {
  readonly label: string;
  readonly value: string;
}

const memberPath = (path: string, key: string): string => {
  if (!/^[\w-]+$/.test(key)) return `${path}[${printable(JSON.stringify(key))}]`;
  return path === '' ? key : `${path}.${key}`;
};

const isJson = (text: string): boolean => {
  try {
    parseJson(Buffer.from(text));
    return true;
  } catch {
    return false;
  }
};

/** A string as it is, but quoted where it could be taken for a number or another value, or has spaces at its ends. */
const stringText = (value: string): string =>
  !value.includes('\n') && (value.trim() !== value || value === '' || isJson(value)) ? JSON.stringify(value) : value;

/** Arguments as one row per value, in their order; numbers exactly as they were sent. */
const rowsOf = (node: JsonNode, json: Buffer, path = ''): Row[] => {
  if (node.kind === 'object' && node.members.length > 0) {
    return node.members.flatMap(({ key, value }) => rowsOf(value, json, memberPath(path, key.value)));
  }
  if (node.kind === 'array' && node.items.length > 0) {
    return node.items.flatMap((item, i) => rowsOf(item, json, `${path}[${i}]`));
  }
  const value = node.kind === 'string' ? stringText(node.value) : json.toString('utf8', node.start, node.end);
  return [{ label: path === '' ? '(all)' : path, value }];
};

/** The rows of a JSON text. */
export const jsonRows = (json: string): readonly Row[] => {
  const bytes = Buffer.from(json);
  return rowsOf(parseJson(bytes), bytes);
};
