/**
 * Every step of each getting-started page, as a newcomer goes: the packed program in its prefix, empty home folders. The
 * pages and the steps are held to each other, and the time of each step is printed. The demo, which the first page begins
 * with, has tests of its own.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Installed } from '../ci/installed.js';
import { write as deliver, log, logName, record } from '../collect/fixtures.js';
import { ROOT } from '../layers.js';
import { getStarted, type Ran, type Started } from './started.js';

let dir: string;
let world: Started;
let gateway: ChildProcess | undefined;
let desktop: Client | undefined;
const took: { readonly page: string; readonly says: string; readonly ms: number }[] = [];

/** Does what the page says, in its own words, and notes how long it took. */
const step = async <T>(page: string, says: string, act: () => Promise<T>): Promise<T> => {
  const begun = performance.now();
  const result = await act();
  const ms = performance.now() - begun;
  took.push({ page, says, ms });
  process.stdout.write(`${page.padEnd(11)}${(ms / 1_000).toFixed(1).padStart(6)} s  ${says}\n`);
  return result;
};
const ended = (ran: Ran, ...statuses: readonly number[]): Ran => {
  expect(statuses, `${ran.stdout}\n${ran.stderr}`).toContain(ran.status);
  return ran;
};
const toldOf = async (page: string): Promise<readonly string[]> => {
  const text = await readFile(join(ROOT, 'docs', `start-${page}.md`), 'utf8');
  return [...text.matchAll(/`(countersign [^`]+)`/g)].map((match) => match[1] ?? '');
};
const isWhole = async (page: string): Promise<void> => {
  const done = took.filter((one) => one.page === page).map(({ says }) => says);
  expect([...new Set(done)].sort()).toEqual([...new Set(await toldOf(page))].sort());
};

const open = async (installed: Installed): Promise<void> => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-start-'));
  world = await getStarted(dir, installed);
};
const close = async (): Promise<void> => {
  await desktop?.close();
  gateway?.kill('SIGTERM');
  if (gateway && gateway.exitCode === null) await once(gateway, 'exit');
  await world?.close();
  await rm(dir, { recursive: true, force: true });
  const all = took.reduce((sum, { ms }) => sum + ms, 0);
  process.stdout.write(`${''.padEnd(11)}${(all / 1_000).toFixed(1).padStart(6)} s  in all
`);
};

const ada = (...args: string[]): Promise<Ran> => world.run('ada', args);
const lee = (...args: string[]): Promise<Ran> => world.run('lee', args);
const say = (result: unknown): string => JSON.stringify(result);
const Requests = z.object({ approvals: z.array(z.object({ id: z.string(), state: z.string() })) });
const waiting = async (): Promise<string> => {
  for (let tries = 0; tries < 60; tries++) {
    const found = Requests.parse(JSON.parse((await lee('approvals', 'list', '--json')).stdout)).approvals;
    const first = found.find(({ state }) => state === 'pending');
    if (first) return first.id;
  }
  throw new Error('no request waits');
};
const ask = (name: string): Promise<unknown> => {
  const args = { path: join(dir, 'files', name), content: 'by a client' };
  const answer = desktop?.callTool({ name: 'write_file', arguments: args });
  // Where it is refused shows where it is awaited.
  answer?.catch(() => undefined);
  return answer ?? Promise.reject(new Error('no client is there'));
};

const now = new Date();
const quarter = `${now.getUTCFullYear()}-Q${Math.floor(now.getUTCMonth() / 3) + 1}`;
const folder = `evidence/${quarter}`;
const Exceptions = z
  .object({ results: z.array(z.object({ control: z.string(), exceptions: z.array(z.unknown()) })) })
  .transform(({ results }) => results.flatMap(({ control, exceptions }) => (exceptions.length > 0 ? [control] : [])));
const Keys = z.object({ ledgers: z.array(z.string()), reports: z.array(z.string()) });

/** Defines the tests of every page, over one installation. */
export const gettingStarted = (installed: () => Installed): void => {
  beforeAll(() => open(installed()));
  afterAll(close);

  describe('the platform engineer', () => {
    const page = 'platform';

    test('writes a configuration', async () => {
      await mkdir(world.work, { recursive: true });
      await mkdir(join(dir, 'files'));
      await writeFile(join(dir, 'files/readme.txt'), 'hello');
      const server = join(
        world.installed.prefix,
        'lib/node_modules/countersign/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js',
      );
      const files = { command: process.execPath, args: [server, join(dir, 'files')] };
      await writeFile(join(world.work, '.mcp.json'), JSON.stringify({ mcpServers: { files } }));
      const trail = join(dir, 'trail');
      deliver(trail, logName('0600'), log(record('event-1')));
      const flags = ['--yes', '--import', '.mcp.json', '--cloudtrail', trail];
      ended(await step(page, 'countersign init', () => ada('init', ...flags)), 0);
      await world.fillIn();
      const text = await readFile(world.config, 'utf8');
      await writeFile(
        world.config,
        text
          .replace('deadline: 15m }', 'deadline: 15m, window: { duration: 10m, uses: 5 } }')
          .replace('  origin:', `  anchors: [{ name: kept, file: { path: ${join(dir, 'kept.txt')} } }]\n  origin:`)
          .replace(
            'collect:\n',
            `collect:\n  identity: [{ csv: { file: ./people.csv, issuer: ${world.idp.issuer} } }]\n`,
          ),
      );
    });

    test('says who may do what, checks, and runs', async () => {
      ended(await step(page, 'countersign policy check', () => ada('policy', 'check')), 0);
      ended(await step(page, 'countersign policy test', () => ada('policy', 'test')), 0);
      const question = ['files', 'write_file', '--group', 'engineering'];
      const explained = await step(page, `countersign policy explain ${question.join(' ')}`, () =>
        ada('policy', 'explain', ...question),
      );
      expect(ended(explained, 0).stdout).toContain('second-person');
      ended(await step(page, 'countersign doctor', () => ada('doctor')), 0);
      gateway = await step(page, 'countersign proxy', async () => {
        const child = world.start('ada', ['proxy']);
        let told = '';
        child.stdout?.resume();
        child.stderr?.on('data', (chunk: Buffer) => {
          told += chunk.toString('utf8');
        });
        for (let tries = 0; tries < 1_200; tries++) {
          if (child.exitCode !== null) throw new Error(`the proxy ended: ${told}`);
          const ready = await fetch(`${world.adminUrl}/readyz`).catch(() => null);
          if (ready?.ok) return child;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`the proxy is not ready: ${told}`);
      });
      for (const path of ['healthz', 'metrics']) expect((await fetch(`${world.adminUrl}/${path}`)).status).toBe(200);
    });

    test('points a desktop program at it, and a call is on record', async () => {
      const printed = await step(page, 'countersign wrap files --snippet claude-desktop', () =>
        ada('wrap', 'files', '--snippet', 'claude-desktop'),
      );
      const { mcpServers } = z
        .object({ mcpServers: z.record(z.string(), z.object({ command: z.string(), args: z.array(z.string()) })) })
        .parse(JSON.parse(ended(printed, 0).stdout));
      const snippet = mcpServers['files'] ?? { command: '', args: [] };
      ended(await step(page, 'countersign login', () => world.logIn('ada')), 0);
      desktop = new Client({ name: 'desktop', version: '1.0.0' });
      const env = world.environment('ada');
      await desktop.connect(new StdioClientTransport({ ...snippet, cwd: world.work, env, stderr: 'ignore' }));
      const path = join(dir, 'files/readme.txt');
      expect(say(await desktop.callTool({ name: 'read_text_file', arguments: { path } }))).toContain('hello');
      await expect(desktop.callTool({ name: 'delete_file', arguments: {} })).rejects.toThrow(/Denied by policy/);
      await isWhole(page);
    });
  });

  describe('the reviewer', () => {
    const page = 'reviewer';

    test('decides, and ends a grant', async () => {
      const login = ['--use', 'approval'];
      ended(await step(page, 'countersign login --use approval', () => world.logIn('lee', login)), 0);
      const first = ask('one.txt');
      const id = await waiting();
      const listed = await step(page, 'countersign approvals list', () => lee('approvals', 'list'));
      expect(ended(listed, 0).stdout).toContain('write_file');
      const watched = await step(page, 'countersign approvals watch', () => lee('approvals', 'watch', '--once'));
      expect(ended(watched, 0).stdout).toContain(id);
      const shown = await step(page, 'countersign approvals show ID', () => lee('approvals', 'show', id));
      expect(ended(shown, 0).stdout).toContain('by a client');
      const approve = ['approvals', 'approve', id, '--reason', 'it is asked for'];
      ended(await step(page, 'countersign approvals approve ID', () => lee(...approve)), 0);
      expect(say(await first)).toContain('Successfully wrote');
      ended(await step(page, 'countersign approvals revoke ID', () => lee('approvals', 'revoke', id)), 0);
      const second = ask('two.txt');
      const other = await waiting();
      const deny = ['approvals', 'deny', other, '--reason', 'not today'];
      ended(await step(page, 'countersign approvals deny ID', () => lee(...deny)), 0);
      await expect(second).rejects.toThrow(/not today|denied/i);
      expect(await readdir(join(dir, 'files'))).not.toContain('two.txt');
      await isWhole(page);
    });
  });

  describe('the compliance officer', () => {
    const page = 'compliance';

    test('collects, reports and looks', async () => {
      await desktop?.close();
      // Somebody who calls although they have left: an exception to answer.
      const hourAgo = new Date(now.getTime() - 3_600_000).toISOString();
      const leavers = `person,ended,ref\n${world.idp.issuer}|ada,${hourAgo},HR-1\n`;
      await writeFile(join(world.work, 'leavers.csv'), leavers);
      const register = ['collect', 'register', '--kind', 'leavers', 'leavers.csv'];
      ended(await step(page, `countersign ${register.join(' ')}`, () => ada(...register)), 0);
      await writeFile(join(world.work, 'people.csv'), 'user_id,status,subject\nada,active,ada\nlee,active,lee\n');
      ended(await step(page, 'countersign collect identity', () => ada('collect', 'identity')), 0);
      ended(await step(page, 'countersign collect cloudtrail', () => ada('collect', 'cloudtrail')), 0, 11);
      const reported = await step(page, 'countersign report --period 2026-Q3', () =>
        ada('report', '--period', quarter),
      );
      ended(reported, 10, 11);
      ended(await step(page, 'countersign status', () => ada('status')), 0, 11);
      const calls = await ada('ledger', 'tail', '--filter', 'method=tools/call', '--json');
      const { d } = z
        .object({ d: z.object({ call: z.string() }) })
        .parse(JSON.parse(calls.stdout.split('\n')[0] ?? ''));
      const story = await step(page, 'countersign timeline ID', () => ada('timeline', d.call));
      expect(ended(story, 0).stdout).toContain('read_text_file');
      const [exception] = Exceptions.parse(
        JSON.parse(await readFile(join(world.work, folder, 'results.json'), 'utf8')),
      );
      const responses = [
        'exception_id,disposition,response,owner,by,responded',
        `${exception},risk_accepted,Known,Ada Adams,Lee Lead,${now.toISOString().slice(0, 10)}`,
      ];
      await writeFile(join(world.work, 'responses.csv'), `${responses.join('\n')}\n`);
      const answer = 'countersign report respond evidence/2026-Q3 --from responses.csv';
      const respond = ['report', 'respond', folder, '--from', 'responses.csv'];
      ended(await step(page, answer, () => ada(...respond)), 0);
      ended(await step(page, 'countersign verify evidence/2026-Q3.r2', () => ada('verify', `${folder}.r2`)), 11, 13);
      ended(await step(page, 'countersign keys', () => ada('keys')), 0);
      const sample = (await toldOf(page)).find((text) => text.startsWith('countersign sample')) ?? '';
      const flags = sample.split(' ').slice(3);
      ended(await step(page, sample, () => ada('sample', folder, ...flags)), 0);
      await isWhole(page);
    });
  });

  describe('the auditor', () => {
    const page = 'auditor';

    test('verifies with keys that came another way, performs the tests again, and draws a sample', async () => {
      const told = await step(page, 'countersign keys --json', () => ada('keys', '--json'));
      const keys = Keys.parse(JSON.parse(ended(told, 0).stdout));
      const trust = { v: 1, ...keys, cloudtrail: [] };
      await writeFile(join(world.work, 'trust.json'), JSON.stringify(trust));
      const verify = ['verify', folder, '--trust', 'trust.json'];
      const says = 'countersign verify evidence/2026-Q3 --trust trust.json';
      const verified = ended(await step(page, says, () => lee(...verify)), 11, 13);
      expect(verified.stdout).toContain(keys.ledgers[0]);
      const again = await step(page, 'countersign reperform evidence/2026-Q3', () => lee('reperform', folder));
      ended(again, 0);
      const sample = ['--control', 'CS-APP-01', '--nonce', 'of-our-own'];
      await step(page, 'countersign sample evidence/2026-Q3 --control CS-APP-01 --nonce N', async () =>
        ended(await lee('sample', folder, ...sample, '--out', 'ours.csv'), 0),
      );
      const proved = await step(page, 'countersign prove record SEQ', () => ada('prove', 'record', '3'));
      ended(proved, 0);
      await isWhole(page);
    });
  });
};
