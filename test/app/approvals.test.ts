import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { adminUrl, createApprovalsClient } from '../../src/app/approvals.js';
import { createApprovalApi } from '../../src/approval/channels/api.js';
import type { Principal } from '../../src/model/principal.js';
import { ask, createStand, idOf, person } from '../approval/stand.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

const listen = async (server: Server): Promise<string> => {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  return `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
};

const PEOPLE: Readonly<Record<string, Principal>> = {
  ada: person('ada'),
  bob: person('bob'),
  eve: person('eve', { groups: [] }),
};

/** The real workflow behind the real API, over an in-memory ledger. */
const start = async () => {
  const stand = createStand();
  const hosts: string[] = [];
  const build = (allowedHosts: readonly string[]) =>
    createApprovalApi({
      approvals: stand.approvals,
      authenticate: async (authorization) => {
        const principal = PEOPLE[(authorization ?? '').replace('Bearer ', '')];
        return principal ? { ok: true, principal } : { ok: false, reason: 'expired', claimed: {} };
      },
      record: async () => {},
      mask: (bytes) => ({ bytes, redactions: [] }),
      allowedHosts,
    });
  let api = build(hosts);
  const url = await listen(createServer((request, response) => void api(request, response)));
  api = build([new URL(url).host]);
  return { ...stand, url, as: (token: string) => createApprovalsClient({ url, token }) };
};

describe('the client', () => {
  it('lists, shows and decides', async () => {
    const { acquire, as, approvals } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    expect(await as('bob').list(false)).toMatchObject([{ id, requester: 'Ada', own: false }]);
    expect(await as('ada').list(false)).toMatchObject([{ id, own: true }]);
    expect(await as('eve').list(true)).toEqual([]);
    expect(await as('bob').show(id)).toMatchObject({
      arguments: '{"path":"/srv/files/a.txt","content":"[redacted:email]"}',
    });
    expect(approvals.get(id)?.state).toBe('pending');
    expect(await as('bob').decide(id, 'approve', 'fine')).toMatchObject({
      state: 'granted',
      decisions: [{ reason: 'fine' }],
    });
  });

  it('takes the beginning of an id, in either case, where only one begins so', async () => {
    const { acquire, as } = await start();
    const first = idOf(await acquire(ask(person('ada'))));
    expect(await as('bob').show(first.slice(0, 20).toLowerCase())).toMatchObject({ id: first });
    const second = idOf(await acquire(ask(person('ada'), { tool: 'move_file' })));
    const ambiguous = as('bob').decide('01', 'approve', null);
    await expect(ambiguous).rejects.toMatchObject({ code: 'APPROVAL_UNKNOWN', exit: 2 });
    await expect(ambiguous).rejects.toThrow(`2 requests begin with 01: ${first < second ? first : second}`);
    await as('bob').decide(first, 'deny', null);
    // Of those that begin so, the one that waits is meant.
    expect(await as('bob').decide('01', 'deny', null)).toMatchObject({ id: second, state: 'denied' });
    await expect(as('bob').show('7ZZ')).rejects.toThrow('no request that you may see begins with 7ZZ');
    await expect(as('bob').show('../x\u001b')).rejects.toThrow('../x[U+001B] is no id of a request');
  });

  it.each([
    ['an own request', 'ada', 'APPROVAL_REFUSED', 14, 'this request is your own'],
    ['not a reviewer', 'eve', 'APPROVAL_REFUSED', 14, 'your groups may not decide'],
    ['a token that is over', 'zoe', 'APPROVAL_LOGIN', 14, 'the token has expired'],
  ])('%s', async (_what, token, code, exit, text) => {
    const { acquire, as, approvals } = await start();
    const id = idOf(await acquire(ask(person('ada'))));
    const refused = as(token).decide(id, 'approve', 'please');
    await expect(refused).rejects.toMatchObject({ code, exit });
    await expect(refused).rejects.toThrow(text);
    expect(approvals.get(id)?.decisions).toEqual([]);
  });

  it('what no longer waits, what needs a reason, what is not there', async () => {
    const { acquire, as, approvals } = await start();
    const done = idOf(await acquire(ask(person('ada'))));
    await approvals.decide(done, person('cyd'), 'deny', null, '');
    const strict = idOf(await acquire(ask(person('ada'), { rule: 'three-eyes' })));
    await expect(as('bob').decide(done, 'approve', null)).rejects.toMatchObject({ code: 'APPROVAL_REFUSED' });
    await expect(as('bob').decide(strict, 'approve', null)).rejects.toThrow('needs a reason');
    await expect(as('bob').show('01KAV8Z0000000000000000000')).rejects.toMatchObject({ code: 'APPROVAL_UNKNOWN' });
  });
});

describe('a gateway that is not one', () => {
  const answer = (status: number, body: string | Buffer) =>
    listen(createServer((_request, response) => response.writeHead(status).end(body)));

  it.each<[string, number, string | Buffer]>([
    ['no JSON', 200, '<html>'],
    ['another form', 200, '{"approvals":[{"id":"x"}]}'],
    ['an unknown member', 200, '{"approvals":[],"more":1}'],
    ['a failure without words', 500, '{}'],
    [
      'a failure of the ledger',
      503,
      '{"error":{"code":"LEDGER_WRITE_FAILED","message":"no disk\\u001b[2J","hint":""}}',
    ],
    ['a redirect', 302, '{}'],
    ['an endless answer', 200, Buffer.alloc(17 * 1024 * 1024, 0x20)],
  ])('%s', async (_what, status, body) => {
    const url = await answer(status, body);
    const failed = createApprovalsClient({ url, token: 'secret-token' }).list(false);
    await expect(failed).rejects.toMatchObject({ code: 'APPROVAL_GATEWAY', exit: 1 });
    await expect(failed).rejects.not.toThrow(/secret-token|\p{Cc}/u);
  });

  it('nobody listens', async () => {
    const url = await answer(200, '');
    servers.pop()?.close();
    const failed = createApprovalsClient({ url, token: 't' }).list(false);
    await expect(failed).rejects.toMatchObject({ code: 'APPROVAL_GATEWAY' });
  });
});

describe('the admin address', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:8081'],
    ['localhost', 'http://localhost:8081'],
    ['::1', 'http://[::1]:8081'],
    ['0.0.0.0', 'http://127.0.0.1:8081'],
    ['::', 'http://[::1]:8081'],
  ])('%s', (host, url) => expect(adminUrl({ host, port: 8081 })).toBe(url));

  it.each(['10.0.0.5', 'gateway.example.com', '127.0.0.1.example.com'])('%s would carry the login in clear', (host) => {
    expect(() => adminUrl({ host, port: 8081 })).toThrow(
      expect.objectContaining({ code: 'APPROVAL_ADDRESS', exit: 2 }),
    );
  });
});
