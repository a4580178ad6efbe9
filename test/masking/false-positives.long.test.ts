import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../../src/masking/detector.js';
import { createScanner } from '../../src/masking/scan.js';
import { PROFILE } from './samples.js';

/**
 * Whether a finding is what its detector is there to find: an address, an account number whose check holds, a literal
 * in quotes behind a secret name. Packages publish the addresses of their authors, and made-up secrets in their tests.
 */
const isRight = (line: string, { start, end, detector }: Finding): boolean => {
  const value = line.slice(start, end);
  if (detector === 'key' || detector === 'aws-secret-access-key') return /["'`\\]/.test(line.charAt(start - 1));
  if (detector === 'email') return /^[^\s@]+(?:@|%40)[^\s@]+\.\p{L}+$/u.test(value);
  return [
    'aws-access-key-id',
    'iban',
    'phone',
    'url-credentials',
    'jwt',
    'private-key',
    'us-ssn',
    'card-number',
  ].includes(detector);
};

/** Every third file, whatever the scale: the same lines each time. */
const STEP = 3;
const root = join(import.meta.dirname, '../../node_modules');
const LARGEST_LINE = 10_000;

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:[cm]?js|[cm]?ts|json|md|txt|ya?ml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

const client = new Client({ name: 'test-client', version: '1.0.0' });
beforeAll(async () => {
  const server = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-filesystem/dist/index.js');
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [server, root], stderr: 'ignore' }));
});
afterAll(() => client.close());

const linesOf = async (path: string): Promise<readonly string[]> => {
  const answer = await client.callTool({ name: 'read_text_file', arguments: { path } });
  const text = answer.content.map((item) => (item.type === 'text' ? item.text : '')).join('\n');
  return text.split('\n').filter((line) => line.trim() !== '' && line.length < LARGEST_LINE);
};

/**
 * Types and names of variables without quotes behind a secret name, `privateKey: CryptoKey;`, could as well be values of
 * YAML, and are masked: in source there are more of them than in other text.
 */
const MOST_IN_SOURCE = 1 / 1_500;
const MOST_ELSEWHERE = 1 / 1_500;
const isSource = (path: string): boolean => /\.[cm]?[jt]s$/.test(path);

test('of the installed packages, as the official filesystem server gives them, few lines are masked wrongly', async () => {
  const files = filesBelow(root);
  const scanner = createScanner(PROFILE);
  const counts = new Map<string, number>();
  const tally = { source: { strings: 0, wrong: 0 }, other: { strings: 0, wrong: 0 } };
  const wrong: string[] = [];
  for (let i = 0; i < files.length; i += STEP) {
    const path = files[i] ?? '';
    const group = isSource(path) ? tally.source : tally.other;
    for (const line of await linesOf(path)) {
      group.strings++;
      for (const finding of scanner.find(line)) {
        counts.set(finding.detector, (counts.get(finding.detector) ?? 0) + 1);
        if (isRight(line, finding)) continue;
        group.wrong++;
        wrong.push(`${finding.detector} ${path.slice(root.length)}: ${line.trim().slice(0, 160)}`);
      }
    }
  }
  console.log('found', Object.fromEntries(counts), 'lines and wrong ones', tally);
  const first = wrong.toSorted((a, b) => Number(/[jt]s:/.test(a)) - Number(/[jt]s:/.test(b))).slice(0, 20);
  console.log(first.join('\n'));
  expect(tally.source.strings).toBeGreaterThan(10_000);
  expect(tally.source.wrong / tally.source.strings).toBeLessThan(MOST_IN_SOURCE);
  expect(tally.other.wrong / tally.other.strings).toBeLessThan(MOST_ELSEWHERE);
});
