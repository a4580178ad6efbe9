import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  breaches,
  importsOf,
  LAYERS,
  RESTRICTED,
  type SourceFile,
  sourceFiles,
  targetOf,
  withoutComments,
} from './layers.js';

const files = sourceFiles();
const fileAt = new Map(files.map((file) => [file.path, file]));

/** A file and all of ours that it reaches, types included. */
const closure = (start: readonly SourceFile[]): readonly SourceFile[] => {
  const seen = new Map<string, SourceFile>();
  const open = [...start];
  for (let file = open.pop(); file; file = open.pop()) {
    if (seen.has(file.path)) continue;
    seen.set(file.path, file);
    for (const { specifier } of importsOf(file.text)) {
      const next = specifier?.startsWith('.') ? fileAt.get(targetOf(file.path, specifier)) : undefined;
      if (next) open.push(next);
    }
  }
  return [...seen.values()];
};

/** Files that reach themselves through their imports, types included: each is named with a way back to itself. */
const circles = (): readonly string[] => {
  const targets = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text).flatMap(({ specifier }) => (specifier?.startsWith('.') ? [targetOf(path, specifier)] : [])),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    if (at >= 0) found.push([...way.slice(at), path].join(' -> '));
    if (at >= 0 || done.has(path)) return;
    for (const target of targets.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of targets.keys()) visit(path, []);
  return found;
};

describe('layers', () => {
  it('has files to look at, each in a layer', () => {
    expect(files.length).toBeGreaterThan(30);
    const names = new Set(LAYERS.map(({ name }) => name));
    expect(files.map(({ path }) => path).filter((path) => !names.has(path.split('/')[0] ?? ''))).toEqual([]);
  });

  it('no file imports what its layer may not', () => {
    expect(files.flatMap(breaches)).toEqual([]);
  });

  it('no file imports itself by way of others', () => {
    expect(circles()).toEqual([]);
  });

  it('the verifier and all it reaches use node built-ins only, because an auditor runs it without trusting us', () => {
    const reached = closure(files.filter(({ path }) => path.startsWith('verify/')));
    const foreign = reached.flatMap(({ path, text }) =>
      importsOf(text)
        .filter(({ specifier }) => specifier !== null && !specifier.startsWith('.') && !isBuiltin(specifier))
        .map(({ specifier }) => `src/${path} imports ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });

  it('only app/ reads the environment, and the sample programs that run as children', () => {
    const readers = files
      .filter(({ text }) => /\bprocess\.env\b|\bprocess\[['"]env/.test(withoutComments(text)))
      .map(({ path }) => path);
    const isAllowed = (path: string): boolean => path.startsWith('app/') || path === 'demo/cloud-server.ts';
    expect(readers.filter((path) => !isAllowed(path))).toEqual([]);
  });

  it('no file is longer than 350 lines, but for the one table of errors', () => {
    const others = files.filter(({ path }) => path !== 'base/errors.ts');
    expect(others.filter(({ text }) => text.split('\n').length > 350).map(({ path }) => path)).toEqual([]);
  });

  it('no folder is named for nothing in particular', () => {
    expect(files.filter(({ path }) => /(?:^|\/)(?:utils?|helpers?|common|misc|services?)[/.]/.test(path))).toEqual([]);
  });
});

describe('the scanner', () => {
  it.each([
    ["import { a } from '../ledger/append.js';", '../ledger/append.js'],
    ["import type { A } from '../ledger/append.js';", '../ledger/append.js'],
    ["import {\n  a,\n  type B,\n} from '../ledger/append.js';", '../ledger/append.js'],
    ["import a, * as b from '../ledger/append.js';", '../ledger/append.js'],
    ["import '../ledger/append.js';", '../ledger/append.js'],
    ["export { a } from '../ledger/append.js';", '../ledger/append.js'],
    ["export * from '../ledger/append.js';", '../ledger/append.js'],
    ["  const { a } = await import('../ledger/append.js');", '../ledger/append.js'],
    ["type A = import('../ledger/append.js').A;", '../ledger/append.js'],
    ['const a = await import(name);', null],
    ['const a = await import(`../ledger/${name}.js`);', null],
  ])('sees %s', (source, specifier) => {
    expect(importsOf(`const x = 1;\n${source}\n`)).toEqual([{ specifier, line: 2 }]);
    expect(breaches({ path: 'policy/x.ts', text: source })).toHaveLength(1);
  });

  it('does not see comments, strings and plain exports', () => {
    const source =
      "// import a from 'b';\n/* import 'c'; */\nexport const a = 'from';\nconst sql = `select x from 'y'`;\n";
    expect(importsOf(source)).toEqual([]);
  });

  it.each([
    ['base/x.ts', '../model/record.js'],
    ['model/x.ts', '../ledger/format.js'],
    ['policy/x.ts', '../approval/workflow.js'],
    ['verify/x.ts', '../ledger/append.js'],
    ['gateway/protocol/x.ts', '../../app/config.js'],
    ['app/wire.ts', '../demo/idp.js'],
    ['app/wire.ts', '../commands/demo.js'],
    ['index.ts', './ledger/append.js'],
    ['commands/x.ts', '../app/config.js'],
    ['cli/x.ts', '../base/errors.js'],
    ['report/x.ts', '@duckdb/node-api'],
    ['app/x.ts', '@oclif/core'],
    ['nowhere/x.ts', '../base/errors.js'],
  ])('%s may not import %s, and says why', (path, specifier) => {
    const [found, ...more] = breaches({ path, text: `import { a } from '${specifier}';\n` });
    expect(found).toMatch(/^src\/\S+:1 imports \S+: \w.{20,}/);
    expect(more).toEqual([]);
  });

  it.each([
    ['verify/x.ts', '../ledger/format.js'],
    ['verify/x.ts', '../ledger/chain.js'],
    ['app/tour.ts', '../demo/idp.js'],
    ['app/tour/steps.ts', '../../demo/idp.js'],
    ['app/wire.ts', '../ledger/append.js'],
    ['commands/approvals/list.ts', '../../cli/base.js'],
    ['warehouse/open.ts', '@duckdb/node-api'],
    ['policy/x.ts', 'node:fs'],
  ])('%s may import %s', (path, specifier) => {
    expect(breaches({ path, text: `import { a } from '${specifier}';\n` })).toEqual([]);
  });

  it('knows every restricted station', () => {
    for (const { target } of RESTRICTED) expect(LAYERS.map(({ name }) => name)).toContain(target);
  });
});
