/**
 * A container credentials endpoint on loopback: how a server process gets its session's AWS credentials, and
 * how AWS SDKs fetch newer ones. Source: AWS SDKs and Tools Reference Guide, "Container credential provider".
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { equalConstantTime } from '../base/digest.js';

/** Temporary credentials. Leaves the process over the endpoint alone. */
export interface AwsTemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** Where one child asks, and the token that it alone has. */
interface CredentialsSource {
  readonly uri: string;
  readonly token: string;
  /** Afterwards the child gets 404. */
  remove(): void;
}

export interface CredentialsEndpoint {
  /** Starts listening when first used. */
  add(supply: () => Promise<AwsTemporaryCredentials>): Promise<CredentialsSource>;
  close(): Promise<void>;
}

interface Entry {
  readonly token: string;
  readonly supply: () => Promise<AwsTemporaryCredentials>;
}

const HOST = '127.0.0.1';

const send = (response: ServerResponse, status: number, body: Readonly<Record<string, string>>): void => {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
};

const refuse = (response: ServerResponse, status: 403 | 404 | 405 | 500, code: string): void =>
  send(response, status, { code, message: code });

const answer = async (response: ServerResponse, entry: Entry): Promise<void> => {
  try {
    const { accessKeyId, secretAccessKey, sessionToken, expires } = await entry.supply();
    send(response, 200, {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      Token: sessionToken,
      Expiration: new Date(expires).toISOString(),
    });
  } catch {
    refuse(response, 500, 'CredentialsUnavailable');
  }
};

const handle = async (
  request: IncomingMessage,
  response: ServerResponse,
  entries: ReadonlyMap<string, Entry>,
  host: string,
): Promise<void> => {
  request.resume();
  if (request.headers.host !== host) return refuse(response, 403, 'BadHost');
  if (request.method !== 'GET') return refuse(response, 405, 'MethodNotAllowed');
  const entry = entries.get(request.url ?? '');
  if (!entry) return refuse(response, 404, 'NotFound');
  if (!equalConstantTime(request.headers.authorization ?? '', entry.token)) {
    return refuse(response, 403, 'AccessDenied');
  }
  return answer(response, entry);
};

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('no port'));
    });
  });

export const createCredentialsEndpoint = (): CredentialsEndpoint => {
  const entries = new Map<string, Entry>();
  let host = '';
  let listening: Promise<number> | null = null;
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000 }, (request, response) => {
    handle(request, response, entries, host).catch(() => response.destroy());
  });
  // A gateway that has nothing else to do may end; the endpoint is no reason to stay.
  server.unref();
  return {
    add: async (supply) => {
      listening ??= listen(server);
      host = `${HOST}:${await listening}`;
      const path = `/credentials/${randomBytes(16).toString('hex')}`;
      const token = randomBytes(32).toString('base64url');
      entries.set(path, { token, supply });
      return { uri: `http://${host}${path}`, token, remove: () => void entries.delete(path) };
    },
    close: async () => {
      entries.clear();
      if (!listening) return;
      await listening.catch(() => undefined);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
};
