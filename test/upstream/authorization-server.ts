/** A real authorization server (`oidc-provider`) for what the gateway itself asks for: client credentials, token exchange. */
import { createServer, type IncomingMessage } from 'node:http';
import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { quietly } from '../../src/demo/quietly.js';

export const GATEWAY = { id: 'gateway', secret: 'gateway-client-secret-0123456789' };
export const RESOURCE = 'https://billing.example.com/mcp';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

interface ExchangeContext {
  readonly oidc: {
    readonly params: Readonly<Record<string, string | undefined>>;
    readonly client: { readonly clientId: string };
  };
  body: object;
}

declare module 'oidc-provider' {
  interface Provider {
    registerGrantType(
      name: string,
      handler: (context: ExchangeContext) => Promise<void>,
      parameters: readonly string[],
    ): void;
  }
}

export interface AuthorizationServer {
  readonly issuer: string;
  /** A token of a person, as a client of the gateway would show it. */
  subjectToken(subject: string, audience: string): Promise<string>;
  /** Subject, actor and client of a token that it issued for the resource. */
  read(token: string): Promise<Readonly<Record<string, unknown>>>;
  /** Bodies of requests at the token endpoint. */
  readonly asked: URLSearchParams[];
  /** Answers every request for a token with this error; null: as it should. */
  failure: string | null;
  /** Seconds. */
  life: number;
  close(): Promise<void>;
}

const bodyOf = (request: IncomingMessage): Promise<string> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });

export const startAuthorizationServer = async (): Promise<AuthorizationServer> => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'k1' };
  const known = createLocalJWKSet({ keys: [{ ...(await exportJWK(publicKey)), alg: 'RS256', kid: 'k1' }] });
  let handle: ((...given: Parameters<Parameters<typeof createServer>[1] & object>) => unknown) | undefined;
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void handle?.(request, response);
    if (state.failure !== null) {
      response.writeHead(400, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      return void response.end(JSON.stringify({ error: state.failure, error_description: GATEWAY.secret }));
    }
    // The provider reads the same body, and nothing may wait before it does.
    void bodyOf(request).then((body) => state.asked.push(new URLSearchParams(body)));
    return void handle?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const issuer = `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const sign = (claims: Readonly<Record<string, unknown>>, audience: string, life: number): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setIssuedAt()
      .setJti(String(Math.random()))
      .setExpirationTime(Math.floor(Date.now() / 1000) + life)
      .sign(privateKey);
  const state: AuthorizationServer = {
    issuer,
    asked: [],
    failure: null,
    life: 600,
    subjectToken: (sub, audience) => sign({ sub, client_id: 'editor', groups: ['engineering'] }, audience, 3600),
    read: async (token) => (await jwtVerify(token, known, { audience: RESOURCE })).payload,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const { InvalidGrant, InvalidTarget } = (await quietly(() => import('oidc-provider'))).errors;
  const provider = await quietly(async () => {
    const { Provider } = await import('oidc-provider');
    return new Provider(issuer, {
      jwks: { keys: [key] },
      cookies: { keys: ['not-used'] },
      clients: [
        {
          client_id: GATEWAY.id,
          client_secret: GATEWAY.secret,
          redirect_uris: [],
          response_types: [],
          grant_types: ['client_credentials', EXCHANGE],
        },
      ],
      ttl: { ClientCredentials: () => state.life },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_: unknown, resource: string) => {
            if (resource !== RESOURCE) throw new InvalidTarget('unknown resource');
            return { scope: 'read write', audience: RESOURCE, accessTokenFormat: 'jwt', accessTokenTTL: state.life };
          },
        },
      },
    });
  });
  provider.registerGrantType(
    EXCHANGE,
    async (context) => {
      const { subject_token: subject = '', resource = '' } = context.oidc.params;
      const { payload } = await jwtVerify(subject, known).catch(() => {
        throw new InvalidGrant('the subject token is none');
      });
      const claims = { sub: payload.sub, act: { sub: context.oidc.client.clientId } };
      context.body = {
        access_token: await sign(claims, resource, state.life),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: state.life,
      };
    },
    ['subject_token', 'subject_token_type', 'requested_token_type', 'resource', 'audience', 'scope'],
  );
  handle = provider.callback();
  return state;
};
