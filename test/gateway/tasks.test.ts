/** Calls that wait for approval as tasks (extension `io.modelcontextprotocol/tasks`), through a running gateway. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  createApplicationInputHandler,
  createTaskSessionFromClient,
  resultFromTaskOutcome,
} from '@modelcontextprotocol/ext-tasks/client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../src/base/clock.js';
import { type EraServer, startEraServer } from './era-server.mjs';
import { type Harness, httpServer, principalOf, rule, startHarness } from './harness.js';
import { raw } from './raw.js';

const Request = z.object({ method: z.string(), params: z.record(z.string(), z.unknown()) });

const real = systemClock();
let ahead = 0;
const clock = { ...real, now: () => real.now() + ahead };
const REVISION = '2026-07-28';
const EXTENSION = 'io.modelcontextprotocol/tasks';

let server: EraServer;
let harness: Harness;
beforeEach(async () => {
  ahead = 0;
  server = await startEraServer('both');
  harness = await startHarness({
    servers: [httpServer('eras', server.url), httpServer('other', server.url)],
    policy: [
      rule({ id: 'two', effect: 'approval', approval: 'two-eyes', tools: ['echo', 'ask'] }),
      rule({ id: 'all' }),
    ],
    approvals: [{ name: 'two-eyes', reviewers: ['leads'], min: 1, deadline: 60_000, requireReason: false }],
    gateway: { approvalHold: 20_000 },
    deps: { clock, approvalPage: 'https://approve.example.com' },
  });
});
afterEach(async () => {
  expect(harness.defects).toEqual([]);
  await harness.close();
  await server.close();
});

interface Sent {
  readonly who?: string;
  readonly to?: string;
  /** Whether the client takes tasks. */
  readonly takes?: boolean;
}

const send = async (method: string, params: Readonly<Record<string, unknown>>, sent: Sent = {}) => {
  const { who = 'jane', to = 'eras', takes = true } = sent;
  const prefix = 'io.modelcontextprotocol/';
  const capabilities = { elicitation: { form: {} }, ...(takes ? { extensions: { [EXTENSION]: {} } } : {}) };
  const meta = { [`${prefix}protocolVersion`]: REVISION, [`${prefix}clientCapabilities`]: capabilities };
  const name = z
    .string()
    .optional()
    .parse(params['name'] ?? params['taskId']);
  const { body } = await raw(`${harness.url}/${to}/mcp`, {
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${who}`,
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 'r', method, params: { ...params, _meta: meta } }),
  });
  // An event stream or one answer: the answer is the last.
  const answers = body.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice(6)] : []));
  const answer = JSON.parse(answers.at(-1) ?? body);
  expect(answer.id).toBe('r');
  return answer;
};
const call = (name = 'echo', args: object = { text: 'x' }, sent: Sent = {}) =>
  send('tools/call', { name, arguments: args }, sent);
const begin = async (name?: string, args?: object): Promise<string> => (await call(name, args)).result.taskId;
const get = async (taskId: string, sent: Sent = {}) => (await send('tasks/get', { taskId }, sent)).result;
const only = () => harness.approvals.list()[0]?.id ?? '';
const lead = principalOf('lead', ['leads']);
const approve = () => harness.approvals.decide(only(), lead, 'approve', null, '');
const forwarded = async () =>
  (await harness.entries()).filter(({ type, d }) => type === 'call' && d['forwarded'] === true).map(({ d }) => d);

describe('a call that waits, of a client that takes tasks', () => {
  it('is a task at once, which says who may approve and where', async () => {
    const began = Date.now();
    const { result } = await call();
    expect(Date.now() - began).toBeLessThan(10_000);
    expect(result).toMatchObject({
      resultType: 'task',
      taskId: expect.stringMatching(/^cs-task-[\w-]{24}$/),
      status: 'working',
      statusMessage: expect.stringMatching(/one person of leads.*https:\/\/approve\.example\.com\/requests\//),
      ttlMs: expect.any(Number),
      pollIntervalMs: 5_000,
    });
    expect(await get(result.taskId)).toMatchObject({ resultType: 'complete', status: 'working' });
    expect(server.seen).toEqual([]);
  });

  it('runs at the first poll after the approval, once, and keeps its answer', async () => {
    const taskId = await begin();
    await approve();
    const polls = await Promise.all([get(taskId), get(taskId), get(taskId)]);
    const done = await get(taskId);
    expect(done).toMatchObject({ resultType: 'complete', status: 'completed' });
    expect(done.result.content).toEqual([{ type: 'text', text: 'echo: x' }]);
    for (const { status } of polls) expect(['working', 'completed']).toContain(status);
    expect(server.seen).toEqual(['echo x']);
    const calls = await forwarded();
    expect(calls).toMatchObject([{ method: 'tools/call', target: 'echo', approval: only() }]);
    expect((await harness.entries()).filter(({ type }) => type === 'result')).toHaveLength(1);
  });

  it.each([
    ['denied', () => harness.approvals.decide(only(), lead, 'deny', null, ''), /a reviewer denied it/],
    ['withdrawn', () => harness.approvals.revoke(only(), principalOf('jane'), null, ''), /was withdrawn/],
  ])('that is %s fails, and asks nobody anew', async (_, end, message) => {
    const taskId = await begin();
    await end();
    const { status, error } = await get(taskId);
    expect(status).toBe('failed');
    expect(error).toMatchObject({ code: -31002, message: expect.stringMatching(message) });
    expect(harness.approvals.list()).toHaveLength(1);
    expect(server.seen).toEqual([]);
  });

  it('that is cancelled never runs, also when it is approved afterwards', async () => {
    const taskId = await begin();
    expect((await send('tasks/cancel', { taskId })).result).toEqual({ resultType: 'complete' });
    await approve();
    expect(await get(taskId)).toMatchObject({ status: 'cancelled' });
    expect(server.seen).toEqual([]);
    const cancels = (await harness.entries()).filter(({ d }) => d['method'] === 'tasks/cancel');
    expect(cancels).toMatchObject([{ type: 'message', d: { direction: 'to_server', forwarded: false } }]);
  });

  it('asks for input within the task, and goes on under the approval that it used', async () => {
    const taskId = await begin('ask', { what: 'which word?' });
    await approve();
    const asked = await get(taskId);
    expect(asked).toMatchObject({ status: 'input_required', inputRequests: { form: expect.any(Object) } });
    // Asked again, not run again.
    expect((await get(taskId)).status).toBe('input_required');
    const inputResponses = { form: { action: 'accept', content: { word: 'please' } } };
    expect((await send('tasks/update', { taskId, inputResponses })).result).toEqual({ resultType: 'complete' });
    const done = await get(taskId);
    expect(done.status).toBe('completed');
    expect(done.result.content).toEqual([{ type: 'text', text: 'you said please' }]);
    expect(server.seen).toEqual(['ask {"word":"please"}']);
    const [first, second] = await forwarded();
    expect(second).toMatchObject({ approval: first?.['approval'], continues: first?.['call'] });
  });
});

describe('a task', () => {
  it.each([
    ['somebody else', { who: 'eve' }],
    ['another server', { to: 'other' }],
  ] as const)('is not there for %s', async (_, sent) => {
    const taskId = await begin();
    await approve();
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { error } = await send(method, { taskId, inputResponses: {} }, sent);
      expect(error).toMatchObject({ code: -32602, message: expect.stringMatching(/no such task/) });
    }
    const reasons = (await harness.entries()).filter(({ type }) => type === 'refuse').map(({ d }) => d['reason']);
    expect(reasons).toEqual(['task_unknown', 'task_unknown', 'task_unknown']);
    expect(server.seen).toEqual([]);
    expect((await get(taskId)).status).toBe('completed');
  });

  it('is kept for a quarter of an hour after the deadline of its request', async () => {
    const taskId = await begin();
    await approve();
    expect((await get(taskId)).status).toBe('completed');
    ahead = 60_000 + 15 * 60_000 - 5_000;
    expect((await get(taskId)).status).toBe('completed');
    ahead += 5_000;
    expect((await send('tasks/get', { taskId })).error.message).toMatch(/no such task/);
  });

  it('is one of at most 20: the next call is answered as if its client took none', async () => {
    for (let n = 0; n < 20; n++) expect((await call()).result.resultType).toBe('task');
    expect((await call()).result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    expect((await call('echo', { text: 'x' }, { who: 'eve' })).result.resultType).toBe('task');
  });

  it('is offered by server/discover, and made for nobody who does not take it', async () => {
    const { result } = await send('server/discover', {}, { takes: false });
    expect(result.capabilities.extensions).toHaveProperty([EXTENSION], {});
    expect(result.capabilities.tools).toBeDefined();
    const waiting = call('echo', { text: 'y' }, { takes: false });
    await expect.poll(() => harness.approvals.list().length).toBe(1);
    await approve();
    expect((await waiting).result.content).toEqual([{ type: 'text', text: 'echo: y' }]);
  });
});

it('the official client of the extension completes an approved call, and answers what its server asks', async () => {
  const capabilities = { elicitation: { form: {} }, extensions: { [EXTENSION]: {} } };
  const clientInfo = { name: 'tasks', version: '1' };
  const client = new Client(clientInfo, { capabilities, versionNegotiation: { mode: { pin: REVISION } } });
  const requestInit = { headers: { authorization: 'Bearer jane' } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${harness.url}/eras/mcp`), { requestInit }));
  const session = createTaskSessionFromClient(client, {
    endpointId: 'test',
    rawDispatch: async (request) => {
      const { method, params } = Request.parse(request);
      const { result, error } = await send(method, params);
      return error ? { kind: 'error', error } : { kind: 'result', result };
    },
    v2RequestFraming: { protocolVersion: REVISION, clientInfo, clientCapabilities: capabilities },
    onInputRequest: createApplicationInputHandler({
      elicitation: () => ({ action: 'accept', content: { word: 'please' } }),
      sampling: () => Promise.reject(new Error('nobody asked for a model')),
      roots: () => ({ roots: [] }),
    }),
  });
  const execution = await session.callTool('ask', { what: 'which word?' });
  const settling = execution.settle();
  await expect.poll(() => harness.approvals.list().length).toBe(1);
  await approve();
  const { outcome } = await settling;
  expect(JSON.stringify(resultFromTaskOutcome(outcome))).toContain('you said please');
  expect(server.seen).toEqual(['ask {"word":"please"}']);
  await session.close();
  await client.close();
});
