import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { cliPage, commands, errorsPage, exitTable, schemaPage, warehousePage } from '../docs/generate.js';
import { checkConfiguration, configurationSchema } from '../src/app/config.js';
import { testPolicy } from '../src/app/policy.js';
import { ERRORS, EXIT, EXIT_MEANINGS } from '../src/base/errors.js';
import { TABLES } from '../src/warehouse/schema.js';
import { LAYERS, ROOT, sourceFiles } from './layers.js';

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

const PAGES = [
  'README.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const pages = PAGES.map((name) => ({ name, text: read(name) }));

describe('generated pages', () => {
  it('docs/errors.md says what src/base/errors.ts says (else run npm run docs)', () => {
    expect(read('docs/errors.md')).toBe(errorsPage(ERRORS, EXIT, EXIT_MEANINGS));
  });

  it('docs/cli.md says what the commands say (else run npm run docs)', async () => {
    expect(read('docs/cli.md')).toBe(cliPage(await commands(ROOT)));
  });

  it('every command has a summary and two examples that name it', async () => {
    const all = await commands(ROOT);
    expect(all.length).toBeGreaterThan(40);
    for (const { id, summary = '', examples = [] } of all) {
      expect(summary, id).toMatch(/\.$/);
      const texts = examples.map((one) => (typeof one === 'string' ? one : one.command));
      const named = texts.filter((text) => text.includes(`<%= config.bin %> ${id.replaceAll(':', ' ')}`));
      expect(named.length, id).toBeGreaterThanOrEqual(2);
    }
  });

  it('docs/countersign.schema.json is the schema in use (else run npm run docs)', () => {
    expect(read('docs/countersign.schema.json')).toBe(schemaPage(configurationSchema()));
  });

  it('docs/warehouse.md names every table and column of the warehouse (else run npm run docs)', () => {
    expect(read('docs/warehouse.md')).toBe(warehousePage(TABLES));
  });

  it('the README prints the exit codes of the table', () => {
    expect(read('README.md')).toContain(exitTable(EXIT, EXIT_MEANINGS));
  });

  it('every error has a hint that says what to do, and no exclamation mark', () => {
    for (const [name, { message, hint }] of Object.entries(ERRORS)) {
      expect(hint.length, name).toBeGreaterThan(10);
      expect(`${message}${hint}`, name).not.toContain('!');
    }
  });
});

describe('docs/architecture.md', () => {
  it('holds the layer table of test/layers.ts', () => {
    const rows = LAYERS.map(({ name, holds, imports, files }) => {
      const allowed = [...imports, ...(files ?? [])].map((item) => `\`${item}\``);
      const shown = name === 'app' ? '`base`, `model`, stations' : allowed.join(', ') || 'nothing of ours';
      return `| \`${name}\` | ${holds} | ${shown} |`;
    });
    expect(read('docs/architecture.md')).toContain(
      ['| layer | holds | may import |', '| --- | --- | --- |', ...rows].join('\n'),
    );
  });
});

describe('the life of a call', () => {
  it('names what exists in the code', () => {
    const text = read('docs/architecture.md');
    const source = sourceFiles()
      .map((file) => file.text)
      .join('\n');
    const names = [...text.matchAll(/`((?:[a-z]+[A-Z]|[A-Z][a-z]+[A-Z]?)[A-Za-z]*)(?:\.[a-z]+)?`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(names.length).toBeGreaterThan(12);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(source))).toEqual([]);
  });
});

describe('commands in the documentation', () => {
  const commandFile = (words: readonly string[]): string | undefined =>
    [words.slice(0, 2), words.slice(0, 1)]
      .map((parts) => join(ROOT, 'src/commands', `${parts.join('/')}.ts`))
      .find((file) => existsSync(file));

  const named = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/`countersign ((?:[a-z]+ ?)+)([^`]*)`/g)].map((match) => ({
      name,
      words: (match[1] ?? '').trim().split(' '),
      flags: [...(match[2] ?? '').matchAll(/--([a-z-]+)/g)].map((flag) => flag[1] ?? ''),
      alternatives: /^\S*\|/.test(match[2] ?? '') ? (match[2] ?? '').split(' ')[0]?.split('|').filter(Boolean) : [],
    })),
  );

  it('exist, with the flags that are shown', () => {
    expect(named.length).toBeGreaterThan(8);
    const shared = read('src/cli/base.ts');
    const missing = named.flatMap(({ name, words, flags }) => {
      const file = commandFile(words);
      if (!file) return [`${name}: countersign ${words.join(' ')}`];
      const source = `${readFileSync(file, 'utf8')}${shared}`;
      const isKnown = (flag: string): boolean => flag === 'help' || new RegExp(`\\b${flag}\\b`).test(source);
      return flags.filter((flag) => !isKnown(flag)).map((flag) => `${name}: ${words.join(' ')} --${flag}`);
    });
    expect(missing).toEqual([]);
  });

  it('that are listed with bars exist one by one', () => {
    const missing = named.flatMap(({ name, words, alternatives }) =>
      (alternatives ?? [])
        .map((last) => [...words.slice(0, 1), last])
        .filter((parts) => commandFile(parts) === undefined)
        .map((parts) => `${name}: countersign ${parts.join(' ')}`),
    );
    expect(missing).toEqual([]);
  });

  it('npm scripts exist', () => {
    const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')));
    const asked = pages.flatMap(({ text }) => [...text.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? ''));
    expect(asked.filter((script) => scripts[script] === undefined)).toEqual([]);
  });
});

describe('configuration in the documentation', () => {
  const examples = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/```yaml\n(version: 1\n(?!cases:)[\s\S]*?)```/g)].map((match) => ({
      name,
      text: match[1] ?? '',
    })),
  );

  it.each(examples)('the example in $name loads', ({ text }) => {
    expect(checkConfiguration(text, 'countersign.yaml')).toMatchObject({ ok: true });
  });

  it('the cases of a policy hold for the example', async () => {
    const page = read('docs/configuration.md');
    const cases = /```yaml\n(version: 1\ncases:\n[\s\S]*?)```/.exec(page)?.[1] ?? '';
    const checked = checkConfiguration(examples.find(({ name }) => name.startsWith('docs/'))?.text ?? '', 'c.yaml');
    if (!checked.ok) throw new Error('the example does not load');
    const dir = mkdtempSync(join(tmpdir(), 'countersign-cases-'));
    writeFileSync(join(dir, 'policy-cases.yaml'), cases);
    const tested = await testPolicy(checked.settings, join(dir, 'policy-cases.yaml'));
    rmSync(dir, { recursive: true });
    expect(tested.cases.map(({ problem }) => problem)).toEqual([null, null, null]);
  });

  /** A part of a configuration: its sections in place of those of a small whole. */
  const parts = pages.flatMap(({ name, text }) =>
    [...text.matchAll(/```yaml\n([ ]*)((?:identity|servers|policy|pins|ledger|approvals|channels):[\s\S]*?)```/g)].map(
      (match) => ({
        name,
        text: (match[2] ?? '').replaceAll(`\n${match[1] ?? ''}`, '\n'),
      }),
    ),
  );
  const WHOLE = {
    version: 1,
    organization: { name: 'Example Inc' },
    gateway: { publicUrl: 'https://mcp.example.com', adminUrl: 'https://approvals.example.com' },
    identity: {
      issuers: [
        {
          issuer: 'https://login.example.com',
          audience: 'https://mcp.example.com',
          approvalAudience: 'https://mcp.example.com/approvals',
          webClientId: 'web',
        },
      ],
    },
    servers: { files: { stdio: { command: 'mcp-server-filesystem' } } },
    policy: [{ id: 'all', allow: true }],
    ledger: { origin: 'example.com/mcp/gw-1' },
  };

  it.each(parts)('the part in $name loads: $text', ({ text }) => {
    const whole = stringify({ ...WHOLE, ...z.record(z.string(), z.unknown()).parse(parse(text)) });
    expect(checkConfiguration(whole, 'countersign.yaml')).toMatchObject({ ok: true });
  });

  it('has parts for every kind of reader', () => {
    expect(parts.length).toBeGreaterThan(10);
  });

  it('has examples', () => {
    expect(examples.map(({ name }) => name)).toEqual(['README.md', 'docs/configuration.md']);
  });

  type Schema = ReturnType<typeof configurationSchema>;
  const isSchema = (value: unknown): value is Schema =>
    typeof value === 'object' && value !== null && !Array.isArray(value);

  /** Fields that hold a value, as configuration.md writes them, with their default. */
  const fields = (schema: Schema, at = ''): readonly (readonly [field: string, fallback: unknown])[] => {
    const { properties, additionalProperties, items } = schema;
    if (properties) {
      // Where a secret comes from is one field, whatever else stands beside it.
      const isSecret = 'env' in properties && 'file' in properties;
      const below = Object.entries(properties).flatMap(([key, child]) =>
        isSchema(child) && !(isSecret && ['env', 'file', 'secretsManager'].includes(key))
          ? fields(child, at === '' ? key : `${at}.${key}`)
          : [],
      );
      return isSecret ? [[at, schema.default], ...below] : below;
    }
    for (const [child, step] of [
      [additionalProperties, '.*'],
      [items, '[]'],
    ] as const) {
      const below = isSchema(child) ? fields(child, `${at}${step}`) : [];
      if (below.some(([field]) => field !== `${at}${step}`)) return below;
    }
    return [[at, schema.default]];
  };

  const rows = new Map<string, string>(
    [...read('docs/configuration.md').matchAll(/^\| `([^`]+)` \|(.*?)\| /gm)].map((match) => [
      match[1] ?? '',
      match[2]?.trim() ?? '',
    ]),
  );

  it('names every field of the schema, and no other', () => {
    const known = fields(configurationSchema()).map(([field]) => field);
    const isContainer = (row: string): boolean => known.some((field) => field !== row && field.startsWith(row));
    const named = [...rows.keys()];
    expect(known.filter((field) => !named.includes(field))).toEqual([]);
    expect(named.filter((row) => !known.includes(row) && !isContainer(row))).toEqual([]);
  });

  it('names the defaults of the schema', () => {
    const wrong = fields(configurationSchema())
      .filter(([, fallback]) => ['string', 'number', 'boolean'].includes(typeof fallback))
      .filter(([field, fallback]) => rows.get(field) !== `\`${String(fallback)}\``)
      .map(([field, fallback]) => `${field}: ${String(fallback)}`);
    expect(wrong).toEqual([]);
  });
});

describe('every page', () => {
  it.each(pages)('$name links to what exists', ({ name, text }) => {
    const folder = name.startsWith('docs/') ? 'docs' : '.';
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '');
    const sources = [...text.matchAll(/`((?:src|test|docs|controls|bench|bin)\/[\w./-]+?)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(links.filter((link) => !existsSync(join(ROOT, folder, link)))).toEqual([]);
    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).toEqual([]);
  });

  it.each(pages)('$name is plain', ({ text }) => {
    expect(text).not.toMatch(/\bsuccessfully\b|\w!(?:\s|$)/);
  });

  it('the README stays short', () => {
    expect(read('README.md').split('\n').length).toBeLessThan(150);
  });
});
