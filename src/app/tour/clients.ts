/** The people and the agent of the demo, with official MCP clients and real tokens. */
import type { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { PlanCall } from '../../demo/plan-model.js';
import { PEOPLE_CLIENT, publicUrl } from './configuration.js';
import type { World } from './world.js';

interface Connection {
  readonly client: Client;
  readonly transport: StreamableHTTPClientTransport;
}

export interface Clients {
  /** The client of a call's connection, opened at its first call. */
  open(call: PlanCall): Promise<Client>;
  /** A person's token for approvals, from a fresh login. */
  reviewerToken(person: string): Promise<string>;
  /** Ends every session. */
  close(): Promise<void>;
}

const tokenFor = async ({ idp, plan, ports }: World, who: string): Promise<string> => {
  const resource = publicUrl(ports);
  const agent = who === plan.agent.id;
  const tokens = agent ? await idp.clientToken(who, resource) : await idp.loginAs(who, resource, PEOPLE_CLIENT);
  return tokens.accessToken;
};

export const createClients = (world: World, approvalAudience: string): Clients => {
  const tokens = new Map<string, Promise<string>>();
  const connections = new Map<string, Connection>();

  const connect = async (call: PlanCall): Promise<Connection> => {
    const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
    const token = tokens.get(call.by) ?? tokenFor(world, call.by);
    tokens.set(call.by, token);
    const headers = { authorization: `Bearer ${await token}` };
    const url = new URL(`${publicUrl(world.ports)}/${call.server}/mcp`);
    const transport = new StreamableHTTPClientTransport(url, { requestInit: { headers } });
    const client = new Client({ name: `demo-${call.by}`, version: '1.0.0' });
    await client.connect(transport);
    await client.listTools();
    return { client, transport };
  };

  return {
    async open(call) {
      const connection = connections.get(call.connection) ?? (await connect(call));
      connections.set(call.connection, connection);
      return connection.client;
    },
    async reviewerToken(person) {
      return (await world.idp.loginAs(person, approvalAudience, PEOPLE_CLIENT)).accessToken;
    },
    async close() {
      for (const { client, transport } of connections.values()) {
        await transport.terminateSession();
        await client.close();
      }
      connections.clear();
    },
  };
};
