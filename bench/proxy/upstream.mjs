/** An MCP server over HTTP as small as can be: answers `initialize` and echoes every tool call as JSON. */
import { createServer } from 'node:http';

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (chunks.length === 0) return response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
    const { id, method, params } = JSON.parse(Buffer.concat(chunks));
    if (id === undefined) return response.writeHead(202).end();
    const result =
      method === 'initialize'
        ? {
            protocolVersion: params.protocolVersion,
            capabilities: { tools: {} },
            serverInfo: { name: 'echo', version: '1' },
          }
        : { content: [{ type: 'text', text: `Echo: ${params?.arguments?.message}` }] };
    const body = JSON.stringify({ jsonrpc: '2.0', id, result });
    response
      .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
      .end(body);
    return undefined;
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
