/**
 * A server of one revision, or of both eras, over both transports: `node era-server.mjs SPEAKS` speaks over stdio,
 * `startEraServer(SPEAKS)` over HTTP. SPEAKS is a revision, or `both`.
 */
import { randomUUID } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  inputResponse,
  isLegacyRequest,
  McpServer,
} from '@modelcontextprotocol/server';
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const MODERN = '2026-07-28';
const LIST_CHANGED = (server) => server.sendToolListChanged();
const text = (said) => ({ content: [{ type: 'text', text: said }] });
const words = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });

const registerTools = (server, { seen, changed }) => {
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, (args) => {
    seen.push(`echo ${args.text}`);
    return text(`echo: ${args.text}`);
  });
  server.registerTool('leak', {}, () => text('key AKIAIOSFODNN7EXAMPLE, mail jane.doe@example.test'));
  server.registerTool('fail', {}, () => ({ ...text('it failed'), isError: true }));
  server.registerTool('count', { inputSchema: z.object({ to: z.number() }) }, async ({ to }, { mcpReq }) => {
    for (let i = 1; i <= to; i++) {
      const { progressToken } = mcpReq['_meta'] ?? {};
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: i, total: to } });
    }
    return text('counted');
  });
  server.registerTool('wait', {}, async ({ mcpReq }) => {
    seen.push('wait begins');
    await new Promise((resolve) => mcpReq.signal.addEventListener('abort', resolve, { once: true }));
    seen.push('wait ends');
    return text('waited');
  });
  server.registerTool('ask', { inputSchema: z.object({ what: z.string() }) }, ({ what }, { mcpReq }) => {
    const answer = acceptedContent(mcpReq.inputResponses, 'form');
    if (answer) {
      seen.push(`ask ${JSON.stringify(answer)}`);
      return text(`you said ${String(answer.word)}`);
    }
    if (inputResponse(mcpReq.inputResponses, 'form').kind === 'elicit') return text('you said nothing');
    const requestedSchema = words({ word: { type: 'string' } });
    return inputRequired({
      inputRequests: { form: inputRequired.elicit({ message: what, requestedSchema }) },
      requestState: `state of ${what}`,
    });
  });
  server.registerTool('sample', {}, ({ mcpReq }) => {
    const view = inputResponse(mcpReq.inputResponses, 'model');
    if (view.kind === 'sampling') return text(`the model said ${[view.result.content].flat()[0].text}`);
    const messages = [{ role: 'user', content: { type: 'text', text: 'say something' } }];
    return inputRequired({ inputRequests: { model: inputRequired.createMessage({ messages, maxTokens: 9 }) } });
  });
  server.registerTool('grow', {}, (context) => {
    server.registerTool(`grown-${seen.length}`, {}, () => text('grown'));
    seen.push('grow');
    changed(server);
    return text(`grown for ${context.mcpReq.method}`);
  });
};

/** @param about `seen`: what reached the tools; `changed`: tells that the list of tools has changed */
const createEraServer = (about) => {
  const { speaks } = about;
  const server = new McpServer(
    { name: 'eras', version: '1.0.0' },
    {
      ...(speaks === 'both' || speaks === MODERN ? {} : { supportedProtocolVersions: [speaks] }),
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: {} },
      instructions: 'Use the tools.',
    },
  );
  registerTools(server, about);
  server.registerResource('note', 'note://a', { mimeType: 'text/plain' }, (uri) => ({
    contents: [{ uri: uri.href, text: 'a note' }],
  }));
  server.registerPrompt('greet', { argsSchema: z.object({ name: z.string() }) }, ({ name }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `greet ${name}` } }],
  }));
  return server;
};

/** Sessions of the older revisions. */
const createSessions = (about) => {
  const transports = new Map();
  return async (request, response, body) => {
    const known = transports.get(request.headers['mcp-session-id']);
    if (known) {
      await known.handleRequest(request, response, body);
      return;
    }
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    await createEraServer(about).connect(transport);
    await transport.handleRequest(request, response, body);
  };
};

const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

/**
 * @param speaks a revision, or `both`
 * @returns its address, what reached its tools, and the headers of each request
 */
export const startEraServer = async (speaks) => {
  const seen = [];
  const headers = [];
  const modern = createMcpHandler(
    () => createEraServer({ speaks, seen, changed: () => modern.notify.toolsChanged() }),
    {
      legacy: 'reject',
    },
  );
  const serveModern = toNodeHandler(modern);
  const serveLegacy = createSessions({ speaks, seen, changed: LIST_CHANGED });
  const handle = async (request, response) => {
    headers.push(request.headers);
    const body = request.method === 'POST' ? await bodyOf(request) : undefined;
    const isLegacy = request.method !== 'POST' || (await isLegacyRequest(await toWebRequest(request, body)));
    const takesLegacy = speaks === 'both' ? isLegacy : speaks !== MODERN;
    await (takesLegacy ? serveLegacy : serveModern)(request, response, body);
  };
  const server = createHttpServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/mcp`,
    seen,
    headers,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const speaks = process.argv[2];
if (process.argv[1] === fileURLToPath(import.meta.url) && speaks !== undefined) {
  const about = { speaks, seen: [], changed: LIST_CHANGED };
  if (speaks !== 'both' && speaks !== MODERN) await createEraServer(about).connect(new StdioServerTransport());
  else serveStdio(() => createEraServer(about), { legacy: speaks === MODERN ? 'reject' : 'serve' });
}
