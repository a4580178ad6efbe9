/** Raw HTTP for what no well-behaved client would send. */
import { request } from 'node:http';

export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export const raw = (
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string | Buffer;
    readonly from?: string;
  },
): Promise<RawResponse> =>
  new Promise((resolve, reject) => {
    const { method = 'POST', headers = {}, body, from } = options;
    const outgoing = request(
      url,
      { method, headers, ...(from === undefined ? {} : { localAddress: from }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

export const HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  authorization: 'Bearer jane',
} as const;

export const rpc = (id: number | string | undefined, method: string, params?: unknown): string =>
  JSON.stringify({
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    method,
    ...(params === undefined ? {} : { params }),
  });

export const initialize = rpc(0, 'initialize', {
  protocolVersion: '2025-11-25',
  capabilities: {},
  clientInfo: { name: 'raw', version: '1' },
});

export const toolCall = (id: number | string, name: string, args: unknown = {}, meta?: object): string =>
  rpc(id, 'tools/call', { name, arguments: args, ...(meta && { _meta: meta }) });

/** Opens a session and returns the headers that go on in it. */
export const openSession = async (url: string, token = 'jane'): Promise<Record<string, string>> => {
  const headers = { ...HEADERS, authorization: `Bearer ${token}` };
  const response = await raw(url, { headers, body: initialize });
  if (response.status !== 200) throw new Error(`initialize: HTTP ${response.status} ${response.body}`);
  const session = response.headers['mcp-session-id'];
  const inSession = { ...headers, 'mcp-session-id': String(session), 'mcp-protocol-version': '2025-11-25' };
  await raw(url, { headers: inSession, body: rpc(undefined, 'notifications/initialized') });
  return inSession;
};

/** The messages of an event stream. */
export const events = (body: string): unknown[] =>
  body
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)));
