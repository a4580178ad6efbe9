/** A running gateway in front of a server that says what it is told to, and a memory of everything that came out. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type ProxyWorld, prepareProxy } from '../e2e/proxy.js';
import { freePort } from '../gateway/harness.js';

/** What the server says next: messages beside the answer, and the answer's `result` or `error`. */
export interface Script {
  readonly beside: readonly object[];
  readonly answer: object;
}

/** How long clients may keep a list (SEP-2549). */
const CACHE = { ttlMs: 0, cacheScope: 'private' };
const INITIALIZED = {
  capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
  serverInfo: { name: 'leak', version: '1' },
};

const MODERN = '2026-07-28';

const UNKNOWN_METHOD = { error: { code: -32_601, message: 'no such method' } };

/** What the script says, made an answer of the era of the request, where the server speaks that. */
const answerTo = (speaks: string, method: string, params: unknown, { answer }: Script): object => {
  if (method === (speaks === MODERN ? 'initialize' : 'server/discover')) return UNKNOWN_METHOD;
  const said: object = 'result' in answer ? Object(answer.result) : {};
  if (method === 'initialize')
    return { result: { ...INITIALIZED, ...said, protocolVersion: Object(params).protocolVersion } };
  const { capabilities, serverInfo } = INITIALIZED;
  if (method === 'server/discover')
    return {
      result: { resultType: 'complete', supportedVersions: [MODERN], capabilities, serverInfo, ...CACHE, ...said },
    };
  const { _meta }: { _meta?: object } = Object(params);
  const isModern = _meta !== undefined && 'io.modelcontextprotocol/protocolVersion' in _meta;
  return isModern && 'result' in answer ? { result: { resultType: 'complete', ...CACHE, ...said } } : answer;
};

const tellAll = (response: ServerResponse, messages: readonly object[]): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const message of messages)
    response.write(`event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
  response.end();
};

/**
 * An MCP server over HTTP that answers every request on an event stream, with what `next` says, and says it again on a
 * stream that goes on where another broke.
 */
const startTeller = async (speaks: string, next: () => Script): Promise<{ server: Server; url: string }> => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const isReplay = request.method === 'GET' && request.headers['last-event-id'] !== undefined;
      if (chunks.length === 0 && !isReplay) return response.writeHead(405).end();
      if (isReplay) return tellAll(response, next().beside);
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      if (id === undefined || method === undefined) return response.writeHead(202).end();
      const script = next();
      const answer = answerTo(speaks, method, params, script);
      return tellAll(response, [...script.beside, { id, ...answer }]);
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${port}/mcp` };
};

/** Every file below a folder but the configuration and the keys, with its bytes as text. */
const filesBelow = (dir: string): readonly (readonly [string, string])[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.key$|countersign\.yaml$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file, readFileSync(file, 'utf8')] as const);

export interface LeakWorld {
  /** Connects an official client of an era, which names itself so; what it is sent is remembered. */
  connect(era: string, info: { readonly name: string; readonly version: string }, userAgent: string): Promise<Client>;
  say(script: Script): void;
  /** Everything that came out: what clients got, every file, standard output and error, metrics. */
  everything(): Promise<readonly (readonly [place: string, text: string])[]>;
  close(): Promise<void>;
}

const NOTHING: Script = { beside: [], answer: { result: {} } };

/** Waits until the text stops growing: the process writes on its own. */
const settled = async (length: () => number): Promise<void> => {
  for (let before = -1; before !== length(); ) {
    before = length();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
};

const allowEverything = (world: ProxyWorld): void =>
  writeFileSync(
    world.config,
    readFileSync(world.config, 'utf8').replace(
      /policy: .*\n/,
      'policy: [ { id: all, allow: true, servers: [echo] } ]\n',
    ),
  );

/** @param speaks the revision of the server, whose era it speaks alone */
export const startLeakWorld = async (speaks: string): Promise<LeakWorld> => {
  let script = NOTHING;
  const got: string[] = [];
  const printed: string[] = [];
  const teller = await startTeller(speaks, () => script);
  const world = await prepareProxy(teller.url);
  allowEverything(world);
  const child: ChildProcess = await world.start();
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => printed.push(chunk.toString('utf8')));
  const token = await world.token();
  const listen: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    got.push(JSON.stringify([...response.headers]));
    // Cloned, since the client reads the body too; errors of a stream that is given up are the client's to see.
    void response
      .clone()
      .text()
      .then((text) => got.push(text))
      .catch(() => {});
    return response;
  };
  return {
    async connect(era, info, userAgent) {
      const client = new Client(info, era === MODERN ? { versionNegotiation: { mode: { pin: era } } } : {});
      // A header bears printable ASCII.
      const agent = /^[!-~][ -~]*$/.test(userAgent) ? userAgent.trimEnd() : 'leak-test';
      const headers = { authorization: `Bearer ${token}`, 'user-agent': agent };
      const transport = new StreamableHTTPClientTransport(new URL(world.url), {
        fetch: listen,
        requestInit: { headers },
      });
      await client.connect(transport);
      return client;
    },
    say(next) {
      script = next;
    },
    async everything() {
      await settled(() => got.length + printed.length);
      const admin = await Promise.all(
        ['/healthz', '/metrics', '/readyz'].map(
          async (path): Promise<readonly [string, string]> => [path, await (await fetch(world.adminUrl + path)).text()],
        ),
      );
      return [['client', got.join('\n')], ['output', printed.join('')], ...admin, ...filesBelow(world.dir)];
    },
    async close() {
      child.kill('SIGKILL');
      teller.server.close();
      teller.server.closeAllConnections();
      await world.idp.close();
    },
  };
};
