/** `config show`: the configuration as it is in force, with where each value comes from. */
import { CountersignError } from '../base/errors.js';
import { type FieldPath, fieldName, parseYaml, type YamlSource } from './config/document.js';
import { configurationFile, configurationSchema, loadSettings } from './config.js';
import { readText } from './read-text.js';

type Plain = string | number | boolean | null;

/** One value in force. */
export interface ShownField {
  /** Such as `policy[0].tools[1]`. */
  readonly field: string;
  /** As the file writes it; a list of plain values is one. Where a secret is, never what it is. */
  readonly value: Plain | readonly Plain[];
  /** Line of the file; null: the default. */
  readonly line: number | null;
}

export interface ShownConfig {
  readonly file: string;
  /** SHA-256 of what was read: records name the configuration by it. */
  readonly digest: string;
  readonly fields: readonly ShownField[];
}

type Schema = ReturnType<typeof configurationSchema>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isPlain = (value: unknown): value is Plain =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

interface Leaf {
  readonly path: FieldPath;
  readonly value: ShownField['value'];
  /** Whether the file does not say it. */
  readonly byDefault: boolean;
}

/** What a schema says of a member, where it says so by name. */
const below = (schema: Schema | undefined, key: string): Schema | undefined => {
  const own = schema?.properties?.[key] ?? schema?.additionalProperties;
  return isSchema(own) ? own : undefined;
};

const leavesOf = (value: unknown, schema: Schema | undefined, path: FieldPath, byDefault: boolean): readonly Leaf[] => {
  if (isPlain(value)) return [{ path, value, byDefault }];
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return [{ path, value, byDefault }];
    const items = isSchema(schema?.items) ? schema.items : undefined;
    return value.flatMap((item: unknown, i) => leavesOf(item, items, [...path, i], byDefault));
  }
  const given = isMap(value) ? value : {};
  const said = Object.entries(given).flatMap(([key, item]) =>
    leavesOf(item, below(schema, key), [...path, key], byDefault),
  );
  const absent = Object.entries(schema?.properties ?? {}).filter(([key]) => !Object.hasOwn(given, key));
  return [...said, ...absent.flatMap(([key, of]) => (isSchema(of) ? defaultsOf(of, [...path, key]) : []))];
};

/** What holds where the file says nothing; nothing, for a field that may be absent. */
const defaultsOf = (schema: Schema, path: FieldPath): readonly Leaf[] =>
  schema.default === undefined ? [] : leavesOf(schema.default, schema, path, true);

const shown = (source: YamlSource, { path, value, byDefault }: Leaf): ShownField => ({
  field: fieldName(path),
  value,
  line: byDefault ? null : source.locate(path).line,
});

/**
 * Reads and checks the configuration, and shows every value in force.
 * @throws CountersignError as `loadSettings` does
 */
export const showConfig = async (file?: string): Promise<ShownConfig> => {
  const { provenance } = await loadSettings(file);
  const path = configurationFile(file);
  const source = parseYaml((await readText(path)).toString('utf8'));
  const [problem] = source.problems;
  // It was read a moment ago; somebody has changed it since.
  if (problem) throw new CountersignError('CONFIG_INVALID', { file: path, problems: problem.message });
  const leaves = leavesOf(source.value, configurationSchema(), [], false);
  return { file: path, digest: provenance.digest, fields: leaves.map((leaf) => shown(source, leaf)) };
};
