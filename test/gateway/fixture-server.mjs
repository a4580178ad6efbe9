/** A stdio MCP server of few lines, whose `echo` counts what reached it, and whose other tools misbehave on purpose. */
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const log = process.env.FIXTURE_LOG;
const send = (message) => process.stdout.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
const tools = [
  { name: 'echo', inputSchema: { type: 'object' } },
  { name: 'wipe', inputSchema: { type: 'object' }, annotations: { destructiveHint: true } },
];
let asked;

const call = (id, { name, arguments: args }) => {
  if (log) appendFileSync(log, `${name} ${JSON.stringify(args)}\n`);
  switch (name) {
    case 'hang':
      return;
    case 'die':
      process.exit(3);
      return;
    case 'garbage':
      send('this is not json');
      return;
    case 'duplicate':
      send(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[],"content":[]}}`);
      return;
    case 'stray':
      send({ jsonrpc: '2.0', id: 'nobody-asked', result: { content: [{ type: 'text', text: 'stray' }] } });
      break;
    case 'ask':
      asked = id;
      send({
        jsonrpc: '2.0',
        id: 'q1',
        method: 'elicitation/create',
        params: { message: 'mail to a@example.test?' },
      });
      return;
    case 'huge':
      send({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: 'x'.repeat(2_000_000) }] } });
      return;
    case 'late':
      setTimeout(() => send({ jsonrpc: '2.0', id, result: { content: [] } }), 300);
      return;
    default:
  }
  send({ jsonrpc: '2.0', id, result: { content: [{ type: 'text', text: JSON.stringify(args) }] } });
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params, result } = JSON.parse(line);
  if (method === 'initialize') {
    send({
      jsonrpc: '2.0',
      id,
      result: {
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {} },
        serverInfo: { name: 'fixture', version: '1' },
      },
    });
  } else if (method === 'tools/list') send({ jsonrpc: '2.0', id, result: { tools } });
  else if (method === 'tools/call') call(id, params);
  else if (method === 'ping') send({ jsonrpc: '2.0', id, result: {} });
  else if (id === 'q1')
    send({ jsonrpc: '2.0', id: asked, result: { content: [{ type: 'text', text: JSON.stringify(result) }] } });
  else if (method === 'notifications/say')
    send({ jsonrpc: '2.0', method: 'notifications/message', params: { level: 'info', data: params.data } });
  else if (method === 'notifications/cancelled' && log)
    appendFileSync(log, `cancelled ${JSON.stringify(params.requestId)}\n`);
  else if (id !== undefined && method)
    send({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
});
