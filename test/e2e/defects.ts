/**
 * Ten ways in which another gateway's approvals fail (of its published source), each as a check through the HTTP
 * interfaces of a running gateway: what clients call, and the approvals API with a person's own token.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
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
const REVIEWERS = Array.from({ length: 10 }, (_, i) => `r${i}`);
const person = (id: string, groups: readonly string[]) => ({ id, name: id, email: `${id}@demo.invalid`, groups });
const PEOPLE = [
  person('ada', ['engineering', 'leads', 'admins']),
  person('bob', ['leads', 'security']),
  person('cyd', ['security', 'leads']),
  person('mo', ['marketing']),
  ...REVIEWERS.map((id) => person(id, ['leads'])),
];

const configOf = (url: string, admin: number, idp: string, echo: string, slow: string, min = 1): string => `version: 1
demo: true
organization: { name: Test }
gateway: { listen: '${new URL(url).host}', admin: '127.0.0.1:${admin}', publicUrl: '${url}', approvalHold: 0s }
identity: { issuers: [ { issuer: '${idp}', audience: '${url}', approvalAudience: '${url}/approvals', clientId: cli } ] }
servers: { echo: { http: { url: '${echo}' } }, slow: { http: { url: '${slow}' } } }
policy:
  - { id: both, approval: both, groups: [engineering], servers: [echo], tools: ['both_*'] }
  - { id: window, approval: window, groups: [engineering], servers: [echo, slow], tools: ['window_*'] }
  - { id: one, approval: one, groups: [engineering], servers: [echo], tools: ['one_*'] }
approvals:
  one: { reviewers: [leads, admins], requireReason: false, deadline: 30s, min: ${min} }
  both: { reviewers: [leads, security], everyGroup: true, requireReason: false }
  window: { reviewers: [leads], requireReason: false, window: { duration: 1m, uses: 5 } }
ledger: { origin: demo.invalid/test }
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

export const startDefectWorld = async ({ startGateway, loadSettings }: Program) => {
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
  const write = (min?: number): string => {
    const file = join(dir, `countersign-${min ?? 'ok'}.yaml`);
    writeFileSync(file, configOf(url, admin, idp.issuer, echo.url, slow.url, min));
    return file;
  };
  const real = systemClock();
  let ahead = 0;
  let turned = 0;
  const clock = { ...real, now: () => real.now() + ahead + turned, monotonic: () => real.monotonic() + ahead };
  const deps = { clock, log: quiet, version: 'test', environment: process.env, gatewayKeys: null };
  const gateway = await startGateway(await loadSettings(write()), deps);
  const token = (await idp.loginAs('ada', url, 'cli')).accessToken;
  const tokens = new Map<string, string>();
  for (const { id } of PEOPLE) tokens.set(id, (await idp.loginAs(id, `${url}/approvals`, 'cli')).accessToken);
  tokens.set('the agent', token);
  const sessions = new Map<string, Record<string, string>>();
  let calls = 0;

  const records = async (approval: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const { type, d } of readLedger(gateway.ledgerDir))
      if (type === 'approval' && d['approval'] === approval) found.push(JSON.stringify(d['event']).slice(1, -1));
    return found;
  };
  return {
    reached,
    records,
    /** Lets time pass for the gateway. */
    pass: (ms: number): void => {
      ahead += ms;
    },
    /** Turns the gateway's wall clock alone. */
    turn: (ms: number): void => {
      turned += ms;
    },
    /** Forgets the session: the client is gone, and opens another at its next call. */
    leave: (server: string): void => void sessions.delete(server),
    /** Reasons of all refused requests or tokens so far. */
    reasons: async (wanted: 'refuse' | 'auth'): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const { type, d } of readLedger(gateway.ledgerDir)) if (type === wanted) found.push(d['reason']);
      return found;
    },
    /** Loads the same configuration with this minimum of people. */
    load: (min: number) => loadSettings(write(min)),
    /** ada calls a tool; gives the answer's text and the request that it waits for, if any. */
    call: async (tool: string, message: string, server = 'echo') => {
      const path = `${url}/${server}/mcp`;
      const headers = sessions.get(server) ?? (await openSession(path, token));
      sessions.set(server, headers);
      const { body } = await raw(path, { headers, body: toolCall(++calls, tool, { message }) });
      return { body, id: /[0-9A-HJKMNP-TV-Z]{26}/.exec(body)?.[0] ?? '' };
    },
    /** What a person asks of the approvals API. */
    api: async (who: string, path: string, post = false): Promise<Answer> => {
      const headers = { authorization: `Bearer ${tokens.get(who)}`, 'content-type': 'application/json' };
      const init = post ? { method: 'POST', headers, body: '{"reason":null}' } : { headers };
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

export type DefectWorld = Awaited<ReturnType<typeof startDefectWorld>>;

export interface Defect {
  readonly number: number;
  readonly what: string;
  readonly check: (world: DefectWorld) => Promise<void>;
}

export const DEFECTS: readonly Defect[] = [
  {
    number: 1,
    what: 'administrators approve their own request',
    check: async ({ call, api, reached }) => {
      const { id } = await call('one_1', 'own');
      expect(await api('ada', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'OWN_REQUEST' });
      await call('one_1', 'own');
      expect(reached.has('own')).toBe(false);
    },
  },
  {
    number: 2,
    what: 'one person in several groups fills all of them',
    check: async ({ call, api, reached }) => {
      const { id } = await call('both_1', 'both');
      expect(await api('bob', `${id}/approve`, true)).toMatchObject({ status: 200, approval: { state: 'pending' } });
      expect(await api('bob', `${id}/approve`, true)).toMatchObject({ status: 403, code: 'ALREADY_DECIDED' });
      await call('both_1', 'both');
      expect(reached.has('both')).toBe(false);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ approval: { state: 'granted' } });
      await call('both_1', 'both');
      expect(reached.has('both')).toBe(true);
    },
  },
  {
    number: 3,
    what: 'more approvals than needed leave it pending, and a minimum of 0 lets one through',
    check: async ({ call, api, load, reached }) => {
      const { id } = await call('both_3', 'overshoot');
      // Two leads approve where one lead and one of security are needed; then the third makes three of two.
      await api('r0', `${id}/approve`, true);
      await api('r1', `${id}/approve`, true);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ status: 200, approval: { state: 'granted' } });
      await call('both_3', 'overshoot');
      expect(reached.has('overshoot')).toBe(true);
      await expect(load(0)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    },
  },
  {
    number: 4,
    what: 'a window runs for its full length from each use',
    check: async ({ call, api, pass, reached }) => {
      const { id } = await call('window_4', 'first');
      await api('bob', `${id}/approve`, true);
      pass(50_000);
      await call('window_4', 'late use');
      expect(reached.has('late use')).toBe(true);
      pass(11_000);
      await call('window_4', 'too late');
      expect(reached.has('too late')).toBe(false);
    },
  },
  {
    number: 5,
    what: 'approving again resets the end and overwrites who decided',
    check: async ({ call, api, pass, records }) => {
      const { id } = await call('one_5', 'again');
      const first = await api('bob', `${id}/approve`, true);
      pass(5_000);
      expect(await api('cyd', `${id}/approve`, true)).toMatchObject({ status: 409, code: 'DECIDED' });
      const { approval } = await api('cyd', id);
      expect(approval).toMatchObject({ deadline: first.approval['deadline'], decisions: first.approval['decisions'] });
      expect(await records(id)).toEqual(['requested', 'approved', 'granted']);
    },
  },
  {
    number: 6,
    what: 'a revocation does not end what is under way',
    check: async ({ call, api, reached }) => {
      const { id } = await call('window_6', 'asked', 'slow');
      await api('bob', `${id}/approve`, true);
      const began = Date.now();
      const running = call('window_6', 'running', 'slow');
      await expect.poll(() => reached.has('running')).toBe(true);
      expect(await api('bob', `${id}/revoke`, true)).toMatchObject({ approval: { state: 'revoked' } });
      expect((await running).body).toContain('the approval of this call was revoked');
      expect(Date.now() - began).toBeLessThan(4_000);
    },
  },
  {
    number: 7,
    what: 'the end is checked on some paths only',
    check: async ({ call, api, pass, reached }) => {
      const unused = await call('one_7', 'unused grant');
      await api('bob', `${unused.id}/approve`, true);
      const late = await call('one_7', 'late decision');
      pass(31_000);
      expect(await api('bob', `${late.id}/approve`, true)).toMatchObject({ status: 409, code: 'EXPIRED' });
      await call('one_7', 'unused grant');
      await call('one_7', 'late decision');
      expect([...reached].filter((message) => message === 'unused grant' || message === 'late decision')).toEqual([]);
    },
  },
  {
    number: 8,
    what: 'a request that nobody decides stays open for ever',
    check: async ({ call, api, pass, records }) => {
      const { id } = await call('one_8', 'forgotten');
      pass(31_000);
      await expect.poll(async () => (await api('bob', id)).approval['state'], { timeout: 4_000 }).toBe('expired');
      expect(await records(id)).toEqual(['requested', 'expired']);
    },
  },
  {
    number: 9,
    what: 'decisions and uses that race overwrite each other',
    check: async ({ call, api, records }) => {
      const torn = await call('one_9', 'torn');
      const verdicts = await Promise.all(
        REVIEWERS.map((who, i) => api(who, `${torn.id}/${i % 2 === 0 ? 'approve' : 'deny'}`, true)),
      );
      expect(verdicts.filter(({ status }) => status === 200)).toHaveLength(1);
      expect((await records(torn.id)).filter((event) => event === 'approved' || event === 'denied')).toHaveLength(1);
      const { id } = await call('one_9', 'raced');
      await api('bob', `${id}/approve`, true);
      const answers = await Promise.all(Array.from({ length: 10 }, () => call('one_9', 'raced')));
      expect(answers.filter(({ body }) => body.includes('Echo: raced'))).toHaveLength(1);
    },
  },
  {
    number: 10,
    what: 'where no rule is found, access is given',
    check: async ({ call, reached }) => {
      const { body } = await call('unheard_of', 'no rule');
      expect(body).not.toContain('Echo');
      expect(reached.has('no rule')).toBe(false);
    },
  },
];
