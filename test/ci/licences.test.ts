/** Whoever installs the package gets these licences: all permissive, as the lock file names them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ROOT } from '../layers.js';

const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'OFL-1.1',
  'Zlib',
]);

/** Packages whose metadata names none: what their text says; of the servers, github.com/modelcontextprotocol/servers#3206. */
const READ: Readonly<Record<string, string>> = {
  'node_modules/png-js': 'MIT',
  'node_modules/@modelcontextprotocol/server-everything': 'MIT AND Apache-2.0',
  'node_modules/@modelcontextprotocol/server-filesystem': 'MIT AND Apache-2.0',
};

const lock = z.object({
  packages: z.record(z.string(), z.object({ license: z.string().optional(), dev: z.boolean().optional() })),
});

/** Whether one may use it under permissive terms alone: of alternatives one suffices, of parts each counts. */
const isPermissive = (expression: string): boolean =>
  expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((choice) => choice.split(' AND ').every((licence) => PERMISSIVE.has(licence)));

describe('licences of what is installed', () => {
  const { packages } = lock.parse(JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
  const installed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true);

  it('are permissive', () => {
    expect(installed.length).toBeGreaterThan(100);
    const others = installed
      .map(([path, { license }]) => [path, READ[path] ?? license ?? 'none'] as const)
      .filter(([, licence]) => !isPermissive(licence));
    expect(others).toEqual([]);
  });

  it('were read only where the metadata names none', () => {
    const named = Object.keys(READ).filter((path) => !/^SEE LICENSE|^$/.test(packages[path]?.license ?? ''));
    expect(named).toEqual([]);
    const text = join(ROOT, 'node_modules/png-js/LICENSE');
    expect(existsSync(text) && readFileSync(text, 'utf8')).toMatch(/^MIT License\n/);
  });

  it.each([
    ['GPL-3.0-only', false],
    ['(MIT OR GPL-3.0-or-later)', true],
    ['MIT AND GPL-2.0-only', false],
    ['(MIT AND Zlib)', true],
    ['none', false],
  ])('%s: %s', (expression, expected) => {
    expect(isPermissive(expression)).toBe(expected);
  });
});
