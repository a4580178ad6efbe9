import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createApprovalApi } from '../../../src/approval/channels/api.js';
import { CountersignError } from '../../../src/base/errors.js';
import { ulid } from '../../../src/base/ulid.js';
import type { Authentication, AuthRefusal, Principal } from '../../../src/model/principal.js';
import type { RecordDraft } from '../../../src/model/record.js';
import { ask, createStand, ISSUER, idOf, person, START } from '../stand.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const PEOPLE: Readonly<Record<string, Principal>> = {
  ada: person('ada'),
  bob: person('bob'),
  eve: person('eve', { groups: ['engineering'] }),
};
const REFUSED: Readonly<Record<string, AuthRefusal>> = { old: 'stale_login', late: 'expired', mcp: 'wrong_audience' };

interface Options {
  readonly as?: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: unknown;
}

const read = async (response: IncomingMessage): Promise<Answer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const { statusCode: status, headers } = response;
  return { status, headers, text, body: text === '' ? undefined : JSON.parse(text) };
};

const start = async (more: { recordFails?: boolean } = {}) => {
  const stand = createStand();
  const recorded: RecordDraft[] = [];
  const uses: string[] = [];
  const api = createApprovalApi({
    approvals: stand.approvals,
    authenticate: async (authorization, use): Promise<Authentication> => {
      uses.push(use);
      const name = /^Bearer (.*)$/.exec(authorization ?? '')?.[1];
      const principal = PEOPLE[name ?? ''];
      if (principal) return { ok: true, principal };
      const reason = name === undefined ? 'no_token' : (REFUSED[name] ?? 'keys_unavailable');
      return { ok: false, reason, claimed: name === undefined ? {} : { issuer: ISSUER, keyId: 'k1' } };
    },
    record: async (draft) => {
      if (more.recordFails) throw new CountersignError('LEDGER_WRITE_FAILED', { problem: 'test' });
      recorded.push(draft);
    },
    // As the real one: same length or not, bytes in, bytes out.
    mask: (json) => ({ bytes: Buffer.from(json.toString('utf8').replaceAll('hunter2', '[masked]')), redactions: [] }),
    allowedHosts: ['Admin.test:8081'],
    allowedOrigins: ['https://mcp.example.com'],
  });
  const server = createServer((request, response) => {
    void (async () => {
      if (!(await api(request, response))) response.writeHead(418).end();
    })();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;

  const send = (method: string, path: string, options: Options = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { as, body, headers = {} } = options;
      const request = httpRequest({
        host: '127.0.0.1',
        port,
        method,
        path,
        headers: {
          host: 'admin.test:8081',
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      });
      request.on('error', reject);
      request.on('response', (response) => void read(response).then(resolve, reject));
      request.end(body);
    });
  return { ...stand, recorded, uses, send };
};

const reason = (text: string | null): string => JSON.stringify({ reason: text });

describe('deciding', () => {
  it('approves with a reason, which is masked before it is recorded', async () => {
    const { acquire, approvals, journal, send } = await start();
    const id = idOf(await acquire(ask(PEOPLE['ada'] ?? person('ada'))));
    const answer = await send('POST', `/approvals/${id}/approve`, { as: 'bob', body: reason('ok, not hunter2') });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
      body: { approval: { id, state: 'granted', approved: 1, needed: 1, decisions: [{ name: 'Bob' }] } },
    });
    expect(approvals.get(id)?.decisions[0]?.reason).toBe('ok, not [masked]');
    expect(journal.stored[1]?.payloads['reason']).toEqual({ data: '"ok, not [masked]"' });
    expect(journal.bodies[1]).toMatchObject({ channel: 'api', address: '127.0.0.1' });
  });

  it('denies, without a reason where none is demanded', async () => {
    const { acquire, approvals, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    expect(await send('POST', `/approvals/${id}/deny`, { as: 'bob', body: '{}' })).toMatchObject({ status: 200 });
    expect(approvals.get(id)).toMatchObject({ state: 'denied', decisions: [{ reason: null }] });
  });

  it.each([
    ['own request', 'ada', 403, 'OWN_REQUEST'],
    ['outsider', 'eve', 403, 'NOT_REVIEWER'],
  ])('%s: refused, recorded, nothing decided', async (_what, as, status, code) => {
    const { acquire, approvals, recorded, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    const answer = await send('POST', `/approvals/${id}/approve`, { as, body: reason('please') });
    expect(answer).toMatchObject({ status, body: { error: { code } } });
    expect(approvals.get(id)).toMatchObject({ state: 'pending', decisions: [] });
    const d = {
      reason: `approval_${code.toLowerCase()}`,
      principal: { iss: ISSUER, sub: as },
      address: '127.0.0.1',
      server: 'files',
      count: 1,
    };
    expect(recorded).toEqual([{ type: 'refuse', d }]);
  });

  it('409 where it no longer waits, 403 a second time, 404 for none, 422 without a demanded reason', async () => {
    const { acquire, approvals, send } = await start();
    const denied = idOf(await acquire(ask(person('ada'))));
    await approvals.decide(denied, person('cyd'), 'deny', null, '');
    const strict = idOf(await acquire(ask(person('ada'), { rule: 'three-eyes' })));
    const post = (id: string, body = reason('x')) => send('POST', `/approvals/${id}/approve`, { as: 'bob', body });
    expect(await post(denied)).toMatchObject({ status: 409, body: { error: { code: 'DECIDED' } } });
    expect(await post(ulid(START))).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } });
    expect(await post(strict, reason(null))).toMatchObject({
      status: 422,
      body: { error: { code: 'REASON_REQUIRED' } },
    });
    expect(await post(strict)).toMatchObject({ status: 200 });
    expect(await post(strict)).toMatchObject({ status: 403, body: { error: { code: 'ALREADY_DECIDED' } } });
  });

  it('503 where the ledger cannot write, and nothing is decided', async () => {
    const { acquire, approvals, journal, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    journal.fault = () => 'lost';
    const answer = await send('POST', `/approvals/${id}/approve`, { as: 'bob', body: reason('x') });
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'LEDGER_WRITE_FAILED' } } });
    expect(approvals.get(id)?.state).toBe('pending');
  });
});

describe('who is let in', () => {
  it.each([
    [undefined, 401, 'LOGIN_REQUIRED', 'no_token'],
    ['old', 401, 'LOGIN_REQUIRED', 'stale_login'],
    ['late', 401, 'LOGIN_REQUIRED', 'expired'],
    ['mcp', 401, 'LOGIN_REQUIRED', 'wrong_audience'],
    ['nobody', 503, 'KEYS_UNAVAILABLE', 'keys_unavailable'],
  ])('token %s: %i, recorded', async (as, status, code, why) => {
    const { acquire, journal, recorded, send, uses } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    const paths: readonly (readonly [string, string])[] = [
      ['GET', '/approvals'],
      ['GET', `/approvals/${id}`],
      ['POST', `/approvals/${id}/approve`],
      ['DELETE', '/approvals/x/y/z'],
    ];
    for (const [method, path] of paths) {
      const answer = await send(method, path, { ...(as !== undefined && { as }) });
      expect(answer).toMatchObject({ status, body: { error: { code } } });
      expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Bearer error="invalid_token"' : undefined);
      if (status === 401) expect(answer.text).toContain('log in again: countersign login');
    }
    expect(recorded).toHaveLength(paths.length);
    expect(recorded[0]).toMatchObject({
      type: 'auth',
      d: { reason: why, use: 'approval', address: '127.0.0.1', sub: null },
    });
    expect(JSON.stringify(recorded)).not.toContain('Bearer');
    expect(new Set(uses)).toEqual(new Set(['approval']));
    expect(journal.events()).toEqual(['requested']);
  });

  it.each([
    ['another Host', { host: 'evil.example' }, 'BAD_HOST'],
    ['the right Host on another port', { host: 'admin.test:80' }, 'BAD_HOST'],
    ['a foreign Origin', { origin: 'https://evil.example' }, 'BAD_ORIGIN'],
    ['an opaque Origin', { origin: 'null' }, 'BAD_ORIGIN'],
  ])('%s is refused before the token is looked at', async (_what, headers, code) => {
    const { recorded, send, uses } = await start();
    expect(await send('GET', '/approvals', { as: 'bob', headers })).toMatchObject({
      status: 403,
      body: { error: { code } },
    });
    expect(uses).toEqual([]);
    expect(recorded).toEqual([
      {
        type: 'refuse',
        d: { reason: `approval_${code.toLowerCase()}`, principal: null, address: '127.0.0.1', server: null, count: 1 },
      },
    ]);
  });

  it('an allowed Origin passes', async () => {
    const { send } = await start();
    const headers = { origin: 'https://mcp.example.com' };
    expect((await send('GET', '/approvals', { as: 'bob', headers })).status).toBe(200);
  });

  it('a refusal that cannot be recorded is still one', async () => {
    const { send } = await start({ recordFails: true });
    expect((await send('GET', '/approvals')).status).toBe(503);
    expect((await send('GET', '/approvals', { as: 'bob', headers: { host: 'evil' } })).status).toBe(503);
  });
});

describe('what is read', () => {
  it('other paths are not its own', async () => {
    const { send, uses } = await start();
    for (const path of ['/', '/approval', '/approvalsx', '/healthz', '/x/approvals', '/Approvals']) {
      expect((await send('GET', path)).status).toBe(418);
    }
    expect(uses).toEqual([]);
  });

  it.each([
    ['GET', '/approvals/', 404],
    ['GET', '/approvals/x', 404],
    ['GET', `/approvals/${ulid(START)}`, 404],
    ['GET', `/approvals/${ulid(START)}/approve`, 405],
    ['GET', `/approvals/${ulid(START)}/undo`, 404],
    ['POST', `/approvals/${ulid(START)}/approve/x`, 404],
    ['POST', '/approvals', 405],
    ['HEAD', '/approvals', 405],
    ['GET', '/approvals?all=1', 400],
    ['GET', '/approvals?all=true&x', 400],
    ['GET', `/approvals/${ulid(START)}?all=true`, 400],
    ['GET', '/approvals/%2e%2e', 404],
  ])('%s %s: %i', async (method, path, status) => {
    const { send } = await start();
    expect((await send(method, path, { as: 'bob' })).status).toBe(status);
  });

  it.each<[string, string | Buffer, Record<string, string>, number]>([
    ['no JSON', 'reason', {}, 400],
    ['two members of one name', '{"reason":"a","reason":"b"}', {}, 400],
    ['an unknown member', '{"reason":"a","force":true}', {}, 400],
    ['a list', '[]', {}, 400],
    ['a number', '{"reason":1}', {}, 400],
    ['deep nesting', `{"reason":${'['.repeat(50)}${']'.repeat(50)}}`, {}, 400],
    ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), {}, 400],
    ['a lone surrogate', '{"reason":"\\ud800"}', {}, 400],
    ['a long reason', reason('x'.repeat(1001)), {}, 400],
    ['an empty body', '', {}, 400],
    ['a body over the limit', reason('x'.repeat(20_000)), {}, 413],
    ['a chunked body over the limit', reason('x'.repeat(20_000)), { 'transfer-encoding': 'chunked' }, 413],
    ['a form', 'reason=x', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['plain text', reason('x'), { 'content-type': 'text/plain' }, 415],
    ['another charset', reason('x'), { 'content-type': 'application/json; charset=latin1' }, 415],
    ['a compressed body', reason('x'), { 'content-encoding': 'gzip' }, 415],
  ])('%s: refused, recorded, nothing decided', async (_what, body, headers, status) => {
    const { acquire, approvals, journal, recorded, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    expect((await send('POST', `/approvals/${id}/approve`, { as: 'bob', body, headers })).status).toBe(status);
    expect(approvals.get(id)?.decisions).toEqual([]);
    expect(journal.events()).toEqual(['requested']);
    expect(recorded).toHaveLength(1);
  });

  it('a JSON type with a charset is fine, and null is no reason', async () => {
    const { acquire, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
    expect((await send('POST', `/approvals/${id}/approve`, { as: 'bob', body: reason(null), headers })).status).toBe(
      200,
    );
  });
});

describe('what is shown', () => {
  it('reviewers see what waits for them, requesters their own, others nothing', async () => {
    const { acquire, approvals, send } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    const done = idOf(await acquire(ask(person('ada'), { tool: 'move_file' })));
    await approvals.decide(done, person('cyd'), 'deny', 'no', '');
    const ids = async (as: string, path = '/approvals') => {
      const { text } = await send('GET', path, { as });
      return [id, done].filter((one) => text.includes(one));
    };
    expect(await ids('bob')).toEqual([id]);
    expect(await ids('ada')).toEqual([id]);
    expect(await ids('eve')).toEqual([]);
    expect(await ids('bob', '/approvals?all=true')).toEqual([id, done]);
    expect(await ids('eve', '/approvals?all=true')).toEqual([]);
    expect((await send('GET', `/approvals/${id}`, { as: 'eve' })).status).toBe(404);
    expect((await send('GET', `/approvals/${id}`, { as: 'ada' })).body).toMatchObject({ approval: { own: true } });
    expect((await send('GET', `/approvals/${id}`, { as: 'bob' })).body).toEqual({
      approval: {
        id,
        state: 'pending',
        rule: 'two-eyes',
        server: 'files',
        tool: 'write_file',
        session: expect.any(String),
        requester: 'Ada',
        own: false,
        requestedAt: '2026-11-24T05:00:00.000Z',
        deadline: '2026-11-24T05:15:00.000Z',
        needed: 1,
        approved: 0,
        reviewers: ['leads'],
        requireReason: false,
        decisions: [],
        everyGroup: false,
        passkey: false,
        requestReason: null,
        window: null,
        policyRule: null,
        policy: 'p1',
        arguments: '{"path":"/srv/files/a.txt","content":"[redacted:email]"}',
      },
    });
    expect((await send('GET', '/approvals', { as: 'bob' })).text).not.toContain('arguments');
  });

  it('looking decides nothing', async () => {
    const { acquire, journal, send, clock } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    for (const path of ['/approvals', '/approvals?all=true', `/approvals/${id}`])
      await send('GET', path, { as: 'bob' });
    clock.pass(900_000);
    expect((await send('GET', '/approvals', { as: 'bob' })).body).toEqual({ approvals: [] });
    expect(journal.events()).toEqual(['requested']);
  });
});
