/**
 * What the getting-started pages begin with: the packed program in an empty prefix, an empty home folder for each
 * person, an identity provider of the organisation, and the demo's folder for logs of AWS. Nothing of this shell but
 * the search path of the system goes along.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type IdentityProvider, startIdentityProvider } from '../../src/demo/idp.js';
import { followLogin } from '../../src/demo/idp-login.js';
import type { Installed } from '../ci/installed.js';
import { freePort } from '../gateway/harness.js';

type Who = 'ada' | 'lee';

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly installed: Installed;
  /** Where the engineer works. */
  readonly work: string;
  readonly config: string;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly idp: IdentityProvider;
  environment(who: Who): Record<string, string>;
  /** Runs `countersign` in the folder, as somebody who is at the keyboard or not. */
  run(who: Who, args: readonly string[]): Promise<Ran>;
  start(who: Who, args: readonly string[]): ChildProcess;
  /** `countersign login`, with a browser in which this person logs in. */
  logIn(who: Who, args?: readonly string[]): Promise<Ran>;
  /** Replaces the examples of `init` by what is on this machine. */
  fillIn(): Promise<void>;
  close(): Promise<void>;
}

const PEOPLE = [
  { id: 'ada', name: 'Ada Adams', email: 'ada@demo.invalid', groups: ['engineering'] },
  { id: 'lee', name: 'Lee Lead', email: 'lee@demo.invalid', groups: ['platform-leads'] },
];
const CLIENT = 'countersign-cli';

/** What the person's browser does. */
const browse = async (address: URL, who: Who): Promise<void> => {
  await fetch(await followLogin(address, who));
};

const gathered = (stream: NodeJS.ReadableStream | null, told: (text: string) => void = () => undefined) => {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
    told(text);
  });
  return () => text;
};

/** @param dir for home and working folders; must exist */
export const getStarted = async (dir: string, installed: Installed): Promise<Started> => {
  const homes = { ada: join(dir, 'home/ada'), lee: join(dir, 'home/lee') };
  for (const home of Object.values(homes)) await mkdir(home, { recursive: true });
  const work = join(dir, 'gateway');
  const config = join(work, 'countersign.yaml');
  const [port, admin] = [await freePort(), await freePort()];
  const [publicUrl, adminUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${admin}`];
  const idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: PEOPLE,
    clients: [{ id: CLIENT, secret: null, groups: [] }],
    audience: [publicUrl],
    approvalAudience: `${publicUrl}/approvals`,
  });
  const environment = (who: Who): Record<string, string> => ({
    PATH: [installed.bin, dirname(process.execPath), '/usr/bin', '/bin'].join(':'),
    HOME: homes[who],
  });
  const start = (who: Who, args: readonly string[]): ChildProcess =>
    spawn(installed.command, [...args], { cwd: work, env: environment(who), stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = async (child: ChildProcess, told?: (text: string) => void): Promise<Ran> => {
    const [stdout, stderr] = [gathered(child.stdout), gathered(child.stderr, told)];
    await once(child, 'close');
    return { status: child.exitCode, stdout: stdout(), stderr: stderr() };
  };
  return {
    installed,
    work,
    config,
    publicUrl,
    adminUrl,
    idp,
    environment,
    start,
    run: (who, args) => ended(start(who, args)),
    logIn: (who, args = []) => {
      const seen = new Set<string>();
      return ended(start(who, ['login', ...args]), (text) => {
        for (const [address] of text.matchAll(/http:\/\/\S+(?=\n)/g)) {
          if (seen.has(address)) continue;
          seen.add(address);
          void browse(new URL(address), who);
        }
      });
    },
    fillIn: async () => {
      const text = await readFile(config, 'utf8');
      const filled = text
        .replace('version: 1\n', 'version: 1\ndemo: true\n')
        .replaceAll('https://mcp.example.com', publicUrl)
        .replace('https://login.example.com', idp.issuer)
        .replace('127.0.0.1:8080', `127.0.0.1:${port}`)
        .replace('127.0.0.1:8081', `127.0.0.1:${admin}`)
        .replace('mcp.example.com/mcp/gw-1', 'demo.invalid/gw-1');
      await writeFile(config, filled);
    },
    close: () => idp.close(),
  };
};
