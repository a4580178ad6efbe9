/** What stands before the gateway for clients that cannot send a token: it adds one, and changes nothing else. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

export interface FrontTo {
  /** Address of one server of the gateway. */
  readonly url: () => string;
  readonly token: () => Promise<string>;
}

const pass = async (incoming: IncomingMessage, outgoing: ServerResponse, to: FrontTo): Promise<void> => {
  // Host and Origin stay, so that the gateway judges what the client sent.
  const headers = { ...incoming.headers, authorization: `Bearer ${await to.token()}` };
  const onward = request(to.url(), { method: incoming.method, headers }, (answer) => {
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
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing, to).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
};
