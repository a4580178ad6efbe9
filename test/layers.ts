/** Which part may import which, with the reason of each ban, and a small scanner of imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const STATIONS = [
  'gateway',
  'identity',
  'policy',
  'approval',
  'upstream',
  'masking',
  'ledger',
  'collect',
  'warehouse',
  'controls',
  'report',
  'export',
  'verify',
  'demo',
] as const;

export interface Layer {
  /** A folder of src, or a file of it. */
  readonly name: string;
  /** What it is for; docs/architecture.md prints it. */
  readonly holds: string;
  /** Layers it may import beside itself. */
  readonly imports: readonly string[];
  /** Single files of others it may import. */
  readonly files?: readonly string[];
  /** Why nothing else. */
  readonly reason: string;
}

const SIBLINGS = 'stations do not know each other: app/ passes one what another makes';

const station = (name: (typeof STATIONS)[number], holds: string): Layer => ({
  name,
  holds,
  imports: ['base', 'model'],
  reason: SIBLINGS,
});

export const LAYERS: readonly Layer[] = [
  {
    name: 'base',
    holds: 'no domain: errors, strict JSON, digests, Merkle tree, signed notes, durable files, clock',
    imports: [],
    reason: 'the ground stands on nothing: everything may use it, so it may use nothing of ours',
  },
  {
    name: 'model',
    holds: 'the nouns and the ports between stations',
    imports: ['base'],
    reason: 'a noun that knew a station would tie all stations together',
  },
  station('gateway', 'the MCP listener, protocol revisions, sessions and the pipeline of a call'),
  station('identity', 'bearer token to principal: discovery, keys, claims, the 401 challenge'),
  station('policy', 'principal and call to decision'),
  station('approval', 'decision to grant: the workflow, its API, web page and webhooks'),
  station('upstream', 'call to answer: HTTP, stdio, AWS credentials of a session'),
  station('masking', 'clear bytes to masked bytes and redactions'),
  station('ledger', 'record to segment to checkpoint: the one writer, and readers'),
  station('collect', 'outside systems to raw evidence'),
  station('warehouse', 'raw evidence and records to DuckDB, and the matching of events to calls'),
  station('controls', 'controls and warehouse to test results'),
  station('report', 'test results to evidence package'),
  station('export', 'records to the systems of others: OCSF, syslog, Splunk, OTLP logs, buckets'),
  {
    name: 'verify',
    holds: 'evidence package or ledger to verification, with node built-ins alone',
    imports: ['base', 'model'],
    files: ['ledger/format.ts', 'ledger/chain.ts'],
    reason: 'the checker does not depend on the maker: it may share the written format, never the writer',
  },
  station('demo', 'stand-ins only: identity provider, sample AWS account, sample servers'),
  {
    name: 'app',
    holds: 'composition: configuration, wiring, what a command does; the only reader of the environment',
    imports: ['base', 'model', ...STATIONS],
    reason: 'composition serves the public API; it does not know who calls it',
  },
  {
    name: 'index.ts',
    holds: 'the public API: explicit named exports',
    imports: ['base', 'model', 'app'],
    files: ['verify/verify.ts'],
    reason: 'what programs use goes through app/, where the parts are put together',
  },
  {
    name: 'cli',
    holds: 'what all commands share: errors, exit codes, tables',
    imports: ['index.ts'],
    reason: 'the command line uses what every program can use, so nothing works from there alone',
  },
  {
    name: 'commands',
    holds: 'one file per command: flags in, one call, print',
    imports: ['index.ts', 'cli'],
    reason: 'the command line uses what every program can use, so nothing works from there alone',
  },
];

/** Stations that few may reach, although app/ may import stations. */
export const RESTRICTED: readonly { readonly target: string; readonly from: RegExp; readonly reason: string }[] = [
  {
    target: 'demo',
    from: /^(?:demo\/|app\/tour)/,
    reason: 'a stand-in must not be reachable from production code; only app/tour* shows the demonstration',
  },
];

/** Packages that only one place may use. */
const PACKAGES: readonly { readonly package: RegExp; readonly from: RegExp; readonly reason: string }[] = [
  { package: /^@duckdb\//, from: /^warehouse\/open\.ts$/, reason: 'one place opens DuckDB, lazily and locked down' },
  { package: /^pdfkit$/, from: /^report\//, reason: 'only the report draws' },
  { package: /^@oclif\//, from: /^(?:cli|commands)\//, reason: 'the command line is a shell around the public API' },
];

export interface Import {
  /** As written; null where it is computed. */
  readonly specifier: string | null;
  readonly line: number;
}

const STATEMENT = /^[ \t]*(?:import|export)\b(?:[^'"();=]*?\bfrom)?\s*(['"])([^'"\n]+)\1/gm;
const DYNAMIC = /\bimport\s*\(\s*(?:(['"])([^'"\n]+)\1)?/g;

/** Blanks comments out, keeping lines; good enough for source that the formatter wrote. */
export const withoutComments = (source: string): string =>
  source.replace(/^[ \t]*\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));

/** All imports and re-exports of a source text, types included. */
export const importsOf = (source: string): readonly Import[] => {
  const text = withoutComments(source);
  const lineAt = (index: number): number => text.slice(0, index).split('\n').length;
  return [...text.matchAll(STATEMENT), ...text.matchAll(DYNAMIC)].map((match) => ({
    specifier: match[2] ?? null,
    line: lineAt(match.index + match[0].search(/\S/)),
  }));
};

export interface SourceFile {
  /** Below src, with `/`. */
  readonly path: string;
  readonly text: string;
}

const layerOf = (path: string): string => path.split('/')[0] ?? '';

/** Path below src that a relative specifier of a file names. */
export const targetOf = (path: string, specifier: string): string =>
  join(dirname(path), specifier).replaceAll('\\', '/').replace(/\.js$/, '.ts');

const ownBreach = (path: string, target: string): string | undefined => {
  const layer = LAYERS.find(({ name }) => name === layerOf(path));
  if (!layer) return 'it stands in no layer; give it one in test/layers.ts and docs/architecture.md';
  const name = layerOf(target);
  const restricted = RESTRICTED.find((rule) => rule.target === name && !rule.from.test(path));
  if (restricted) return restricted.reason;
  const isAllowed = name === layer.name || layer.imports.includes(name) || layer.files?.includes(target) === true;
  return isAllowed ? undefined : layer.reason;
};

const importBreach = (path: string, specifier: string | null): string | undefined => {
  if (specifier === null) return 'a computed import hides from this test; write the name out';
  if (specifier.startsWith('.')) return ownBreach(path, targetOf(path, specifier));
  return PACKAGES.find((rule) => rule.package.test(specifier) && !rule.from.test(path))?.reason;
};

/** Every import that the tables forbid: `file:line imports X: reason`. */
export const breaches = ({ path, text }: SourceFile): readonly string[] =>
  importsOf(text).flatMap(({ specifier, line }) => {
    const reason = importBreach(path, specifier);
    return reason ? [`src/${path}:${line} imports ${specifier ?? 'a computed name'}: ${reason}`] : [];
  });

/** All TypeScript files of src. */
export const sourceFiles = (): readonly SourceFile[] =>
  readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return { path: relative(join(ROOT, 'src'), file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') };
    })
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
