/** YAML 1.2 with positions. Duplicate keys, unknown tags, several documents and alias bombs are refused. */
import { type Document, isCollection, isMap, isNode, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { reason } from '../../base/errors.js';

/** Names of keys and numbers of list items from the top. */
export type FieldPath = readonly (string | number)[];

export interface Position {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

/** One thing wrong with the file. */
export interface Problem extends Position {
  /** Such as `policy[0].tools`; empty for the file as a whole. */
  readonly field: string;
  /** What is wrong and what mends it; never a value that could be secret. */
  readonly message: string;
}

export interface YamlSource {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** Where the value at a path stands, or the nearest thing around it. */
  locate(path: FieldPath): Position;
  /** Where the key itself stands, for a key that should not be there. */
  locateKey(path: FieldPath, key: string): Position;
}

/** `policy[0].tools` for `['policy', 0, 'tools']`. */
export const fieldName = (path: FieldPath): string =>
  path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
    '',
  );

const START: Position = { line: 1, column: 1 };
const MAX_ALIASES = 20;

const positionAt = (counter: LineCounter, offset: number | undefined): Position => {
  if (offset === undefined) return START;
  const { line, col } = counter.linePos(offset);
  return line > 0 ? { line, column: col } : START;
};

const keyOffset = (doc: Document, path: FieldPath, key: string): number | undefined => {
  const parent = path.length === 0 ? doc.contents : doc.getIn(path, true);
  if (!isMap(parent)) return undefined;
  const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
  return isPair(pair) && isNode(pair.key) ? pair.key.range?.[0] : undefined;
};

/** The value's own place; the key of a block, which reads better; for a value that is absent, what should hold it. */
const valueOffset = (doc: Document, path: FieldPath): number | undefined => {
  const last = path.at(-1);
  const node = last === undefined ? doc.contents : doc.getIn(path, true);
  const start = isNode(node) ? node.range?.[0] : undefined;
  const isBlock = isCollection(node) && node.flow !== true;
  if (last === undefined || (start !== undefined && !isBlock)) return start;
  const parent = path.slice(0, -1);
  return keyOffset(doc, parent, String(last)) ?? start ?? valueOffset(doc, parent);
};

/** One sentence of the parser's message: it may go on with an extract of the file, which could hold anything. */
const firstLine = (text: string): string => (text.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');

const WORDING: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'the same key stands here twice; keep one of them',
  MULTIPLE_DOCS: 'a second document starts here; keep one',
};

const MAX_PROBLEMS = 10;

/** Keys that are no plain text, or that JavaScript would not keep as data. */
const oddKeys = (doc: Document): readonly number[] => {
  const found: number[] = [];
  visit(doc, {
    Pair: (_, { key }) => {
      const plain = isScalar(key) && (typeof key.value === 'string' || typeof key.value === 'number');
      if (!plain || key.value === '__proto__') found.push(isNode(key) ? (key.range?.[0] ?? 0) : 0);
    },
  });
  return found;
};

const documentProblems = (doc: Document, counter: LineCounter): readonly Problem[] => {
  const errors = [...doc.errors, ...doc.warnings].slice(0, MAX_PROBLEMS).map(({ code, message, pos }) => ({
    ...positionAt(counter, pos[0]),
    field: '',
    message: WORDING[code] ?? `not YAML: ${firstLine(message)}`,
  }));
  if (errors.length > 0) return errors;
  return oddKeys(doc)
    .slice(0, MAX_PROBLEMS)
    .map((offset) => ({ ...positionAt(counter, offset), field: '', message: 'a key must be plain text' }));
};

/** Parses; `value` is undefined where `problems` is not empty. Never throws. */
export const parseYaml = (text: string): YamlSource => {
  const counter = new LineCounter();
  const options = {
    lineCounter: counter,
    version: '1.2',
    schema: 'core',
    prettyErrors: false,
    logLevel: 'error',
  } as const;
  const doc = parseDocument(text, options);
  const problems = [...documentProblems(doc, counter)];
  let value: unknown;
  if (problems.length === 0) {
    try {
      value = doc.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      problems.push({ ...START, field: '', message: `not YAML: ${firstLine(reason(error))}` });
    }
  }
  return {
    value,
    problems,
    locate: (path) => positionAt(counter, valueOffset(doc, path)),
    locateKey: (path, key) => positionAt(counter, keyOffset(doc, path, key) ?? valueOffset(doc, path)),
  };
};
