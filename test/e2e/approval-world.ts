/**
 * A running gateway with approvals, a real OpenID provider and people with logins of their own: what clients call, and
 * the approvals API as reviewers use it.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { startGateway } from '../../src/app/proxy.js';
import { systemClock } from '../../src/base/clock.js';
import { startIdentityProvider } from '../../src/demo/idp.js';
import { createDigestKey, createSigningKey } from '../../src/ledger/keys.js';
import { readLedger } from '../../src/ledger/read.js';
import type { Settings } from '../../src/model/settings.js';
import { freePort } from '../gateway/harness.js';
import { openSession, raw, toolCall } from '../gateway/raw.js';
import { startEcho } from './proxy.js';

/** The gateway's own modules: a test may pass some that were made defective. */
export interface Program {
  readonly startGateway: typeof startGateway;
  readonly loadSettings: (file: string) => Promise<Settings>;
}

const quiet = { info: () => {}, warn: () => {}, error: () => {} };
export const REVIEWERS = Array.from({ length: 10 }, (_, i) => `r${i}`);
const person = (id: string, groups: readonly string[]) => ({ id, name: id, email: `${id}@demo.invalid`, groups });
const PEOPLE = [
  person('ada', ['engineering', 'leads', 'admins']),
  person('bob', ['leads', 'security']),
  person('cyd', ['security', 'leads']),
  person('ada-admin', ['leads', 'admins']),
  person('eve', ['engineering']),
  person('mo', ['marketing']),
  ...REVIEWERS.map((id) => person(id, ['leads'])),
];

/** Policy, approvals and what else a test needs, as YAML; `min` stands for the minimum of people. */
export type Rules = (at: { readonly min: number; readonly issuer: string }) => string;

const RULES: Rules = ({ min }) => `policy:
  - { id: both, approval: both, groups: [engineering], servers: [echo], tools: ['both_*'] }
  - { id: window, approval: window, groups: [engineering], servers: [echo, slow], tools: ['window_*'] }
  - { id: one, approval: one, groups: [engineering], servers: [echo], tools: ['one_*'] }
approvals:
  one: { reviewers: [leads, admins], requireReason: false, deadline: 30s, min: ${min} }
  both: { reviewers: [leads, security], everyGroup: true, requireReason: false }
  window: { reviewers: [leads], requireReason: false, window: { duration: 1m, uses: 5 } }
`;

const configOf = (url: string, admin: number, idp: string, echo: string, slow: string, rules: string): string =>
  `version: 1
demo: true
organization: { name: Test }
gateway: { listen: '${new URL(url).host}', admin: '127.0.0.1:${admin}', publicUrl: '${url}', approvalHold: 0s }
identity: { issuers: [ { issuer: '${idp}', audience: '${url}', approvalAudience: '${url}/approvals', clientId: cli, webClientId: page } ] }
servers: { echo: { http: { url: '${echo}' } }, slow: { http: { url: '${slow}' } } }
${rules}ledger: { origin: demo.invalid/test }
`;

const Body = z.object({
  error: z.object({ code: z.string().nullable() }).default({ code: null }),
  approval: z.record(z.string(), z.unknown()).default({}),
});

interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly approval: Readonly<Record<string, unknown>>;
}

/** Who calls, and why, as the call says. */
interface Caller {
  readonly who?: string;
  readonly why?: string;
}

export const startApprovalWorld = async ({ startGateway, loadSettings }: Program, rules: Rules = RULES) => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-defects-'));
  const [port, admin] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const reached = new Set<string>();
  const [echo, slow] = [await startEcho(reached, 0), await startEcho(reached, 5_000)];
  const idp = await startIdentityProvider({
    host: '127.0.0.1',
    port: 0,
    people: PEOPLE,
    clients: [{ id: 'cli', secret: null, groups: [] }],
    audience: [url],
    approvalAudience: `${url}/approvals`,
  });
  mkdirSync(join(dir, 'data/keys'), { recursive: true, mode: 0o700 });
  await createSigningKey(join(dir, 'data/keys/ledger.key'));
  await createDigestKey(join(dir, 'data/keys/digest.key'));
  const write = (min = 1): string => {
    const file = join(dir, `countersign-${min}.yaml`);
    writeFileSync(file, configOf(url, admin, idp.issuer, echo.url, slow.url, rules({ min, issuer: idp.issuer })));
    return file;
  };
  const real = systemClock();
  let ahead = 0;
  let turned = 0;
  const clock = { ...real, now: () => real.now() + ahead + turned, monotonic: () => real.monotonic() + ahead };
  const deps = { clock, log: quiet, version: 'test', environment: process.env, gatewayKeys: null };
  let gateway = await startGateway(await loadSettings(write()), deps);
  const token = (await idp.loginAs('ada', url, 'cli')).accessToken;
  const tokens = new Map<string, string>();
  for (const { id } of PEOPLE) tokens.set(id, (await idp.loginAs(id, `${url}/approvals`, 'cli')).accessToken);
  tokens.set('the agent', token);
  const sessions = new Map<string, Record<string, string>>();
  let calls = 0;

  /** The `d` of all records of a type. */
  const all = async (wanted: string): Promise<Readonly<Record<string, unknown>>[]> => {
    const found = [];
    for await (const { type, d } of readLedger(gateway.ledgerDir)) if (type === wanted) found.push(d);
    return found;
  };
  return {
    reached,
    all,
    /** What is on record of one request. */
    records: async (approval: string) =>
      (await all('approval')).filter((d) => d['approval'] === approval).map((d) => String(d['event'])),
    /** Ends the gateway and starts another on the same folder. */
    restart: async () => {
      await gateway.close('restart');
      sessions.clear();
      gateway = await startGateway(await loadSettings(write()), deps);
    },
    /** Lets time pass for the gateway. */
    pass: (ms: number): void => {
      ahead += ms;
    },
    /** Turns the gateway's wall clock alone. */
    turn: (ms: number): void => {
      turned += ms;
    },
    /** Forgets the session: the client is gone, and opens another at its next call. */
    leave: (server: string): void => void sessions.delete(`ada ${server}`),
    /** Reasons of all refused requests or tokens so far. */
    reasons: async (wanted: 'refuse' | 'auth') => (await all(wanted)).map((d) => d['reason']),
    /** Loads the same configuration with this minimum of people. */
    load: (min: number) => loadSettings(write(min)),
    /** ada, or whoever else is named, calls a tool; gives the answer's text and the request that it waits for, if any. */
    call: async (tool: string, message: string, server = 'echo', more: Caller = {}) => {
      const path = `${url}/${server}/mcp`;
      const { who = 'ada', why } = more;
      const key = `${who} ${server}`;
      const headers = sessions.get(key) ?? (await openSession(path, (await idp.loginAs(who, url, 'cli')).accessToken));
      sessions.set(key, headers);
      const meta = why === undefined ? undefined : { 'countersign/reason': why };
      const { body } = await raw(path, { headers, body: toolCall(++calls, tool, { message }, meta) });
      return { body, id: /[0-9A-HJKMNP-TV-Z]{26}/.exec(body)?.[0] ?? '' };
    },
    /** What a person asks of the approvals API. */
    api: async (who: string, path: string, post = false, reason: string | null = null): Promise<Answer> => {
      const headers = { authorization: `Bearer ${tokens.get(who)}`, 'content-type': 'application/json' };
      const init = post ? { method: 'POST', headers, body: JSON.stringify({ reason }) } : { headers };
      const answer = await fetch(`${gateway.adminUrl}/approvals/${path}`, init);
      const { error, approval } = Body.parse(await answer.json());
      return { status: answer.status, code: error.code, approval };
    },
    close: async () => {
      await gateway.close('test over');
      await idp.close();
      for (const { server } of [echo, slow]) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
};

export type ApprovalWorld = Awaited<ReturnType<typeof startApprovalWorld>>;
