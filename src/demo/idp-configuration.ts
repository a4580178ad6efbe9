/** How the demo's identity provider is set up. */
import { randomBytes } from 'node:crypto';
import type { JWK } from 'jose';
import type { Context, Token } from 'oidc-provider';
import { errorPage, formPage, type Person } from './idp-page.js';
import { createIdpStore } from './idp-store.js';

export interface IdpClient {
  readonly id: string;
  /** A workload has one (client credentials); the command line has none (PKCE, loopback redirect). */
  readonly secret: string | null;
  /** Where a web client is sent back to; absent: the command line's loopback address. */
  readonly redirectUris?: readonly string[];
  /** Groups in a workload's own tokens. */
  readonly groups: readonly string[];
}

export interface IdpContent {
  readonly people: readonly Person[];
  readonly clients: readonly IdpClient[];
  readonly audience: readonly string[];
  readonly approvalAudience: string;
}

type Module = typeof import('oidc-provider');

/** Lifetimes in seconds. Shorter for approvals: a reviewer's token should not outlive the login by much. */
const TTL = { token: 3600, approvalToken: 900, session: 86_400 };

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

const clientOf = ({ id, secret, redirectUris }: IdpClient) =>
  secret === null
    ? {
        client_id: id,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        // RFC 8252 §7.3: on loopback any port will do.
        redirect_uris: redirectUris ?? ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token', DEVICE],
        response_types: ['code'],
      }
    : {
        client_id: id,
        client_secret: secret,
        redirect_uris: [],
        grant_types: ['client_credentials'],
        response_types: [],
      };

const resources = (module: Module, { audience, approvalAudience }: IdpContent, alg: string) => ({
  enabled: true,
  defaultResource: () => audience[0],
  useGrantedResource: () => true,
  getResourceServerInfo: (_: Context, resource: string) => {
    const base = { accessTokenFormat: 'jwt', jwt: { sign: { alg } } };
    if (resource === approvalAudience) {
      return { ...base, scope: 'approve', audience: approvalAudience, accessTokenTTL: TTL.approvalToken };
    }
    const found = audience.find((one) => resource === one || resource.startsWith(`${one}/`));
    if (found === undefined) throw new module.errors.InvalidTarget('unknown resource');
    return { ...base, scope: 'mcp', audience: found, accessTokenTTL: TTL.token };
  },
});

/** The demo asks for no consent: everything asked for is granted. */
const grantAll = async ({ oidc }: Context) => {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope('openid profile email groups offline_access');
  for (const [resource, { scope }] of Object.entries(oidc.resourceServers)) grant.addResourceScope(resource, scope);
  await grant.save();
  return grant;
};

const personClaims = ({ name, email, groups }: Person) => ({ name, email, groups });

/** Claims beside the standard ones. `auth_time` is that of the session's login, also in refreshed tokens. */
const accessTokenClaims = (content: IdpContent) => (ctx: Context, token: Token) => {
  const { AuthorizationCode, DeviceCode, RefreshToken } = ctx.oidc.entities;
  const source = AuthorizationCode ?? DeviceCode ?? RefreshToken;
  const person = content.people.find(({ id }) => id === token.accountId);
  if (!person) return { groups: content.clients.find(({ id }) => id === token.clientId)?.groups ?? [] };
  return { ...personClaims(person), auth_time: source?.authTime, amr: source?.amr };
};

/** RFC 8628: the pages on which a code is entered and confirmed. The provider makes the forms. */
const deviceFlow = () => {
  const show =
    (title: string, text: string) =>
    (ctx: { type: string; body: string }, form = ''): void => {
      ctx.type = 'html';
      ctx.body = formPage(title, text, form);
    };
  return {
    enabled: true,
    charset: 'base-20',
    userCodeInputSource: show('Demo device login', 'Enter the code that the terminal shows.'),
    userCodeConfirmSource: show('Demo device login', 'Go on only if your own terminal shows this code.'),
    successSource: show('Demo device login', 'You are logged in. Close this page and go back to the terminal.'),
  };
};

const consentless = (module: Module) => {
  const policy = module.interactionPolicy.base();
  policy.get('consent')?.checks.remove('native_client_prompt');
  return policy;
};

/** The configuration object of oidc-provider 9. Whatever it would warn about when left out is stated. */
export const providerConfiguration = (module: Module, content: IdpContent, key: JWK) => ({
  jwks: { keys: [key] },
  clients: content.clients.map(clientOf),
  clientDefaults: { id_token_signed_response_alg: key.alg },
  enabledJWA: { idTokenSigningAlgValues: [key.alg] },
  adapter: createIdpStore(),
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  pkce: { required: () => true },
  scopes: ['openid', 'offline_access'],
  claims: { openid: ['sub'], profile: ['name'], email: ['email'], groups: ['groups'] },
  conformIdTokenClaims: false,
  findAccount: (_: Context, id: string) => {
    const person = content.people.find((one) => one.id === id);
    return person && { accountId: id, claims: () => ({ sub: id, ...personClaims(person) }) };
  },
  loadExistingGrant: grantAll,
  issueRefreshToken: (_: Context, client: { grantTypeAllowed(grant: string): boolean }) =>
    client.grantTypeAllowed('refresh_token'),
  extraTokenClaims: accessTokenClaims(content),
  interactions: { policy: consentless(module), url: (_: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
  clientBasedCORS: () => false,
  renderError: (ctx: { type: string; body: string }, out: { error: string }) => {
    ctx.type = 'html';
    ctx.body = errorPage(`the request was refused: ${out.error}`);
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: deviceFlow(),
    rpInitiatedLogout: { enabled: false },
    resourceIndicators: resources(module, content, key.alg ?? 'RS256'),
  },
  ttl: {
    AccessToken: (_: Context, token: { resourceServer?: { accessTokenTTL?: number } }) =>
      token.resourceServer?.accessTokenTTL ?? TTL.token,
    ClientCredentials: TTL.token,
    AuthorizationCode: 60,
    DeviceCode: 600,
    IdToken: TTL.token,
    Interaction: 600,
    Grant: TTL.session,
    RefreshToken: TTL.session,
    Session: TTL.session,
  },
});
