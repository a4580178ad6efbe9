/**
 * CPU of the gateway's own code for one call, without sockets and without a disk: from the head of the request to the
 * answer, in both eras, with 16 calls in flight and a clean answer of 1 KB. What it prints holds on a busy machine too,
 * where calls per second do not.
 */
import { EventEmitter } from 'node:events';
import { systemClock } from '../dist/base/clock.js';
import { createKeyedDigester } from '../dist/base/digest.js';
import { createGateway } from '../dist/gateway/gateway.js';
import { createMasker } from '../dist/masking/mask.js';
import { compilePolicy } from '../dist/policy/compile.js';

const CALLS = Number(process.env.BENCH_CALLS ?? 16_000);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const IN_FLIGHT = 16;
const REVISION = '2026-07-28';
const TEXT = 'The quick brown fox jumps over the lazy dog. '.repeat(22);

const clock = systemClock();
const digest = createKeyedDigester(Buffer.alloc(32, 7));

/** Takes records as they come and says so at the end of each turn, as a ledger does after its one write. */
const createMemoryLedger = () => {
  let waiting = [];
  let seq = 0;
  const tell = () => {
    const told = waiting;
    waiting = [];
    for (const resolve of told) resolve({ seq: seq++, leaf: '' });
  };
  return {
    healthy: true,
    append: () =>
      new Promise((resolve) => {
        if (waiting.push(resolve) === 1) setImmediate(tell);
      }),
    close: async () => {},
  };
};

const answers = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'e', version: '1' } },
  'server/discover': { resultType: 'complete', supportedVersions: [REVISION], capabilities: { tools: {} } },
  'tools/call': { resultType: 'complete', content: [{ type: 'text', text: TEXT }] },
};

const upstream = {
  credential: async () => null,
  dropped: 0,
  async *request({ message }) {
    const result = JSON.stringify(answers[message.method]);
    yield { data: Buffer.from(`{"jsonrpc":"2.0","id":${message.id},"result":${result}}`), event: null };
  },
  deliver: async () => {},
  listen: async () => undefined,
  close: async () => {},
  onEnd() {},
};

const principal = {
  issuer: 'https://idp.invalid',
  subject: 'bench',
  kind: 'human',
  groups: ['bench'],
  clientId: 'bench',
  actor: null,
  amr: [],
  acr: null,
  authTime: 0,
  tokenId: digest('token-id', 'bench'),
  expiresAt: Math.floor(Date.now() / 1000) + 3_600,
  name: null,
  email: null,
};

const start = (mask) => {
  const rule = { id: 'all', effect: 'allow', approval: null, groups: ['bench'], servers: ['echo'] };
  const settings = {
    listen: { host: '127.0.0.1', port: 80 },
    admin: { host: '127.0.0.1', port: 0 },
    publicUrl: 'http://127.0.0.1',
    dataDir: '.',
    maxRequestBytes: 1 << 20,
    maxResponseBytes: 1 << 20,
    allowedHosts: [],
    allowedOrigins: [],
    approvalHold: 0,
    callTimeout: 10_000,
    sessionIdle: 60_000,
  };
  const http = { kind: 'http', url: 'http://127.0.0.1:1/mcp', headers: {} };
  return createGateway({
    settings: {
      gateway: settings,
      servers: [{ id: 'echo', upstream: http, aws: null, data: null, masking: 'default' }],
    },
    ledger: createMemoryLedger(),
    authenticator: { authenticate: async () => ({ ok: true, principal }) },
    policy: compilePolicy([{ ...rule, tools: ['*'], methods: [], risk: null }], ['echo'], []),
    approvals: {},
    upstreams: { open: async () => upstream, close: async () => {} },
    maskFor: () => mask,
    digest,
    clock,
    challenge: () => '',
    metadata: () => undefined,
    onDefect: (error) => console.error(error),
  });
};

const HEADERS = {
  host: '127.0.0.1:80',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: 'Bearer x',
};

/** Hands a request to the listener as Node would, and resolves with what it answers. */
const send = (gateway, headers, body) =>
  new Promise((resolve) => {
    const request = Object.assign(new EventEmitter(), {
      method: 'POST',
      url: '/echo/mcp',
      headers: { ...HEADERS, ...headers },
      socket: { remoteAddress: '127.0.0.1' },
      pause() {},
    });
    const response = Object.assign(new EventEmitter(), {
      headersSent: false,
      destroyed: false,
      writableEnded: false,
      writeHead(status, head) {
        Object.assign(this, { headersSent: true, status, head });
        return this;
      },
      end() {
        this.writableEnded = true;
        resolve({ status: this.status, head: this.head });
        this.emit('close');
      },
    });
    gateway.server.emit('request', request, response);
    setImmediate(() => {
      request.emit('data', Buffer.from(body));
      request.emit('end');
    });
  });

let next = 1;
const bodyOf = (method, params) => JSON.stringify({ jsonrpc: '2.0', id: next++, method, params });
const argumentsOf = () => ({ name: 'echo', arguments: { message: `hello ${next}` } });

const eras = {
  legacy: async (gateway) => {
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
    const { head } = await send(gateway, {}, bodyOf('initialize', params));
    const headers = { 'mcp-session-id': head['mcp-session-id'], 'mcp-protocol-version': '2025-11-25' };
    return () => send(gateway, headers, bodyOf('tools/call', argumentsOf()));
  },
  modern: (gateway) => {
    const headers = { 'mcp-protocol-version': REVISION, 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': REVISION,
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    return () => send(gateway, headers, bodyOf('tools/call', { ...argumentsOf(), _meta: meta }));
  },
};

const run = async (call, count) => {
  const before = process.cpuUsage();
  const caller = async () => {
    for (let i = 0; i < count / IN_FLIGHT; i++) {
      const { status } = await call();
      if (status !== 200) throw new Error(`HTTP ${status}`);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, caller));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const masks = {
  'masked  ': createMasker({
    name: 'default',
    detectors: ['secrets', 'personal'],
    keys: ['password', 'token', 'secret'],
  }),
  unmasked: (bytes) => ({ bytes, redactions: [] }),
};

console.log(`node ${process.version}; median of ${ROUNDS} rounds of ${CALLS} calls, CPU us a call`);
for (const [era, open] of Object.entries(eras))
  for (const [how, mask] of Object.entries(masks)) {
    const gateway = start(mask);
    const call = await open(gateway);
    await run(call, CALLS);
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) rounds.push(await run(call, CALLS));
    console.log(`${era}  ${how}  ${median(rounds).toFixed(1).padStart(7)}`);
    await gateway.close('bench over');
  }
