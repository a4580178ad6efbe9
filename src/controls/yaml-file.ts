/** Small YAML files of people, read strictly: each fault with its line and column. */
import { readFile, stat } from 'node:fs/promises';
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { CountersignError, reason } from '../base/errors.js';

/** A definition is a page of text and two queries; what is larger is not one. */
const MAX_FILE_BYTES = 256 * 1024;

/** The error of a file that cannot be used. */
export type Refuse = (file: string, problem: string) => CountersignError;

export interface YamlFile<T> {
  readonly value: T;
  /** `line:column` of what stands at a path of keys, or of the document where nothing does. */
  readonly place: (path: readonly PropertyKey[]) => string;
}

/**
 * The whole text of a small file.
 * @throws what `refuse` makes, for what is too large, not UTF-8 or cannot be read
 */
export const readText = async (file: string, refuse: Refuse): Promise<string> => {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES) throw refuse(file, `it is larger than ${MAX_FILE_BYTES} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (error) {
    if (error instanceof CountersignError) throw error;
    throw refuse(file, reason(error));
  }
};

type Document = ReturnType<typeof parseDocument>;

/** Byte offset of what an issue is about: the unknown key itself, or the value. */
const offsetOf = (document: Document, issue: z.core.$ZodIssue): number => {
  const node: unknown = issue.path.length === 0 ? document.contents : document.getIn(issue.path, true);
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const pair = isMap(node) ? node.items.find(({ key }) => isScalar(key) && key.value === unknown) : undefined;
  const found: unknown = pair ? pair.key : node;
  return isNode(found) ? (found.range?.[0] ?? 0) : 0;
};

const plainValue = (document: Document, refuse: (problem: string) => CountersignError): unknown => {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw refuse(reason(error));
  }
};

/**
 * Parses one strict YAML document.
 * @throws what `refuse` makes, naming line and column of up to five faults
 */
export const parseYaml = <S extends z.ZodType>(
  file: string,
  text: string,
  schema: S,
  refuse: Refuse,
): YamlFile<z.infer<S>> => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) throw refuse(file, `${at(fault.pos[0])} ${fault.message.split('\n')[0]?.replace(/:$/, '') ?? ''}`);
  const parsed = schema.safeParse(plainValue(document, (problem) => refuse(file, problem)));
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 5)
      .map((issue) => [at(offsetOf(document, issue)), issue.path.join('.'), issue.message].filter(Boolean).join(' '));
    throw refuse(file, problems.join('; '));
  }
  const place = (path: readonly PropertyKey[]): string => {
    const node: unknown = document.getIn(path, true);
    return at(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  };
  return { value: parsed.data, place };
};
