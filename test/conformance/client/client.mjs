/**
 * An SDK client that does what the scenarios of the suite look for: `client.mjs [CONTROL] SERVER`. With a control
 * address it asks there for a gateway in front of the server, and talks through it.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const server = process.argv.at(-1);
const [control] = process.argv.slice(2, -1);
const { MCP_CONFORMANCE_PROTOCOL_VERSION: revision, MCP_CONFORMANCE_CONTEXT: context } = process.env;

/** What is called as: by the scenario where it says so, else by name. */
const { toolCalls = [] } = context ? JSON.parse(context) : {};
const CALLS = { add_numbers: () => ({ a: 5, b: 3 }) };

const target = async () => {
  if (control === undefined) return { url: server };
  const answer = await fetch(`${control}?server=${encodeURIComponent(server)}`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
};

const connect = async ({ url, token }) => {
  const client = new Client(
    { name: 'conformance-client', version: '1.0.0' },
    {
      capabilities: { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} },
      versionNegotiation: { mode: revision === '2026-07-28' ? 'auto' : 'legacy' },
    },
  );
  client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: {} }));
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  return client;
};

/** A schema that was listed goes back as it came, where a tool asks for one. */
const argumentsFor = ({ name, inputSchema }, tools) => {
  if (inputSchema.properties?.schema !== undefined && tools[0] !== undefined) return { schema: tools[0].inputSchema };
  return CALLS[name]?.() ?? {};
};

/** One call that the server refuses must not keep the others from being made. */
const tried = (call) =>
  call.catch((error) => {
    console.error(error.message);
  });

const use = async (client) => {
  const { tools } = await client.listTools();
  const named = new Set(toolCalls.map(({ name }) => name));
  for (const call of toolCalls) await tried(client.callTool(call));
  for (const tool of tools)
    if (!named.has(tool.name)) await tried(client.callTool({ name: tool.name, arguments: argumentsFor(tool, tools) }));
  const { resources, prompts } = client.getServerCapabilities() ?? {};
  if (resources) {
    const listed = await client.listResources();
    for (const { uri } of listed.resources) await tried(client.readResource({ uri }));
  }
  if (prompts) {
    const listed = await client.listPrompts();
    for (const { name } of listed.prompts) await tried(client.getPrompt({ name }));
  }
};

const client = await connect(await target());
await use(client);
await client.close();
