/**
 * The identity provider of the demo and the tests: a real one (`oidc-provider`), on loopback, with people who
 * log in by saying who they are. Tokens, keys, flows and sessions are genuine; the login is not.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { CountersignError, reason } from '../base/errors.js';
import { type IdpClient, providerConfiguration } from './idp-configuration.js';
import { clientToken, type DemoTokens, loginAs } from './idp-login.js';
import { chosenPerson, errorPage, loginPage, type Person, sendPage } from './idp-page.js';
import { quietly } from './quietly.js';

export type { IdpClient, Person };

export interface IdpOptions {
  /** A loopback address. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly people: readonly Person[];
  readonly clients: readonly IdpClient[];
  /** MCP audiences. A resource below one of them (`<audience>/files/mcp`) is that audience's. */
  readonly audience: readonly string[];
  readonly approvalAudience: string;
  /** Private signing key with `alg` and `kid`; a new RSA key where absent. */
  readonly key?: JWK;
}

export interface IdentityProvider {
  readonly issuer: string;
  /** A person's tokens for a resource, by the authorization code flow with PKCE, over HTTP. */
  loginAs(person: string, resource: string, clientId: string): Promise<DemoTokens>;
  /** A workload's token for a resource, by client credentials. */
  clientToken(clientId: string, resource: string): Promise<DemoTokens>;
  close(): Promise<void>;
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);

const newKey = async (): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: randomBytes(8).toString('hex') };
};

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port was given'));
      else resolve(address.port);
    });
  });

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const textOf = (parameter: unknown): string => (typeof parameter === 'string' ? parameter : '');

const createHandler = async (issuer: string, options: IdpOptions, key: JWK) => {
  const provider = await quietly(async () => {
    const module = await import('oidc-provider');
    return new module.Provider(issuer, providerConfiguration(module, options, key));
  });
  const callback = provider.callback();
  const interact = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { params } = await provider.interactionDetails(request, response);
    if (request.method !== 'POST') {
      const page = loginPage(options.people, textOf(params['client_id']), textOf(params['resource']));
      return sendPage(response, 200, page);
    }
    const id = await chosenPerson(request);
    if (!options.people.some((person) => person.id === id)) {
      return sendPage(response, 400, errorPage('nobody of that name is known here'));
    }
    // RFC 8176: the person is there, and that is all that was tested.
    const login = { accountId: id, amr: ['pwd', 'otp', 'mfa'] };
    return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
  };
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // A page elsewhere that resolves its name to this address must not reach the provider.
    if (request.headers.host !== new URL(issuer).host) return sendPage(response, 421, errorPage('wrong host'));
    if (!request.url?.startsWith('/interaction/')) return callback(request, response);
    try {
      await interact(request, response);
    } catch {
      sendPage(response, 400, errorPage('this login is over; start it again'));
    }
  };
};

/**
 * Starts the provider. It keeps nothing on disk.
 * @throws CountersignError IDENTITY_PROVIDER where its package is missing, its port taken or its host not loopback
 */
export const startIdentityProvider = async (options: IdpOptions): Promise<IdentityProvider> => {
  const { host } = options;
  if (!LOOPBACK.has(host)) throw new CountersignError('IDENTITY_PROVIDER', { problem: `${host} is not loopback` });
  let handler: Awaited<ReturnType<typeof createHandler>> | undefined;
  const server = createServer((request, response) => void handler?.(request, response));
  try {
    const port = await listen(server, host, options.port);
    const issuer = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    handler = await createHandler(issuer, options, options.key ?? (await newKey()));
    return {
      issuer,
      loginAs: (person, resource, clientId) => loginAs(issuer, person, resource, clientId),
      clientToken: (clientId, resource) => {
        const secret = options.clients.find(({ id }) => id === clientId)?.secret ?? '';
        return clientToken(issuer, clientId, secret, resource);
      },
      close: () => close(server),
    };
  } catch (error) {
    await close(server);
    throw new CountersignError('IDENTITY_PROVIDER', { problem: reason(error) }, { cause: error });
  }
};
