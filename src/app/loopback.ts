/** The listener that an authorization response comes back to (RFC 8252 §7.3): this machine only, one path. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { equalConstantTime } from '../base/digest.js';
import { CountersignError, reason } from '../base/errors.js';

const HOST = '127.0.0.1';
const PATH = '/callback';

export interface Callback {
  readonly redirectUri: string;
  /**
   * The address of the one response that carries `state`; anything else that comes is turned away, so that no
   * other program or page can end the login.
   * @throws CountersignError LOGIN_FAILED when the signal aborts first
   */
  next(state: string, signal: AbortSignal): Promise<URL>;
  close(): void;
}

const answer = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'",
    'referrer-policy': 'no-referrer',
    connection: 'close',
  });
  response.end(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>Countersign login</title><p>${text}</p></html>`,
  );
};

interface Waiting {
  readonly state: string;
  readonly resolve: (url: URL) => void;
}

/** The address of a request for the callback; undefined for any other. The host shows that no other name led here. */
const requested = ({ method, url, headers }: IncomingMessage, origin: string): URL | undefined => {
  if (method !== 'GET' || url === undefined || !URL.canParse(url, origin)) return undefined;
  const parsed = new URL(url, origin);
  return parsed.origin === origin && parsed.pathname === PATH && headers.host === parsed.host ? parsed : undefined;
};

const receive = (url: URL | undefined, response: ServerResponse, waiting: Waiting | undefined): boolean => {
  if (!url) {
    answer(response, 404, 'Nothing is here.');
    return false;
  }
  if (!waiting || !equalConstantTime(url.searchParams.get('state') ?? '', waiting.state)) {
    answer(response, 400, 'This is not the login that the terminal waits for.');
    return false;
  }
  const end = url.searchParams.has('error') ? 'was refused' : 'was received';
  answer(response, 200, `The login ${end}. Close this page and go back to the terminal.`);
  waiting.resolve(url);
  return true;
};

/**
 * Opens the listener.
 * @param port 0 for a free one; a fixed one where the issuer compares redirect addresses with their port
 * @throws CountersignError LOGIN_UNAVAILABLE where the port is taken
 */
export const listenForCallback = async (port: number): Promise<Callback> => {
  let waiting: Waiting | undefined;
  let origin = '';
  const server = createServer((request, response) => {
    if (receive(requested(request, origin), response, waiting)) waiting = undefined;
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, HOST, resolve);
    });
  } catch (error) {
    throw new CountersignError('LOGIN_UNAVAILABLE', { problem: reason(error) });
  }
  const address = server.address();
  if (address !== null && typeof address === 'object') origin = `http://${HOST}:${address.port}`;
  return {
    redirectUri: `${origin}${PATH}`,
    next: (state, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => {
          waiting = undefined;
          reject(new CountersignError('LOGIN_FAILED', { problem: 'nobody finished it in time' }));
        };
        if (signal.aborted) return abort();
        signal.addEventListener('abort', abort, { once: true });
        waiting = {
          state,
          resolve: (url) => {
            signal.removeEventListener('abort', abort);
            resolve(url);
          },
        };
      }),
    close: () => {
      server.close();
      server.closeIdleConnections();
    },
  };
};
