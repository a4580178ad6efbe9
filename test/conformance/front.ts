/** Passes HTTP on as it comes, to where it is led: with a token, for clients that cannot send one. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

export interface FrontTo {
  readonly url: () => string;
  readonly token?: string;
}

const pass = (incoming: IncomingMessage, outgoing: ServerResponse, { url, token }: FrontTo): void => {
  // Host and Origin stay, so that they are judged as the client sent them.
  const headers = { ...incoming.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  const onward = request(url(), { method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  onward.once('error', () => outgoing.destroy());
  outgoing.once('close', () => onward.destroy());
  incoming.pipe(onward);
};

/** Listens on a loopback port. */
export const startFront = async (port: number, to: FrontTo): Promise<Server> => {
  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, to));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
};
