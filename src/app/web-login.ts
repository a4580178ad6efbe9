/** Login for the web page of approvals: authorization code with PKCE at a configured issuer. */
import * as oidc from 'openid-client';
import type { PendingLogin, WebLogin } from '../approval/channels/web/ports.js';
import { isTrustworthyUrl } from '../identity/issuer.js';
import type { IssuerSettings } from '../model/identity-settings.js';
import type { Settings } from '../model/settings.js';

/** Longest wait for one answer of the issuer, seconds. */
const TIMEOUT = 10;
const SCOPES = ['openid', 'profile', 'email', 'groups'];

interface Target {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string;
}

/** The issuer people log in at on the page: the first that has a client for it. */
export const webTarget = (issuers: readonly IssuerSettings[]): Target | null => {
  for (const { issuer, webClientId, approvalAudience: audience } of issuers) {
    if (webClientId && audience !== null) return { issuer, clientId: webClientId, audience };
  }
  return null;
};

const discover = async ({ issuer, clientId }: Target, demo: boolean): Promise<oidc.Configuration> => {
  const execute = demo && issuer.startsWith('http:') ? [oidc.allowInsecureRequests] : [];
  const options = { timeout: TIMEOUT, execute };
  const found = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), options);
  const { issuer: named, authorization_endpoint: endpoint = '' } = found.serverMetadata();
  if (named !== issuer || !isTrustworthyUrl(endpoint, demo)) throw new Error('the metadata of the issuer do not fit');
  return found;
};

/** The metadata are read at the first login, and again after a failure. */
export const createWebLogin = (
  target: Target,
  { demo, approvalMaxAge }: Pick<Settings, 'demo' | 'approvalMaxAge'>,
): WebLogin => {
  const { audience } = target;
  const maxAge = Math.floor(approvalMaxAge / 1000);
  let configuration: Promise<oidc.Configuration> | undefined;
  const current = async (): Promise<oidc.Configuration> => {
    configuration ??= discover(target, demo);
    try {
      return await configuration;
    } catch (error) {
      configuration = undefined;
      throw error;
    }
  };
  return {
    start: async (redirectUri) => {
      const found = await current();
      const supported = found.serverMetadata().scopes_supported ?? SCOPES.slice(0, 3);
      const pending: PendingLogin = {
        verifier: oidc.randomPKCECodeVerifier(),
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
      };
      const url = oidc.buildAuthorizationUrl(found, {
        redirect_uri: redirectUri,
        scope: SCOPES.filter((scope) => supported.includes(scope)).join(' '),
        resource: audience,
        state: pending.state,
        nonce: pending.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
        code_challenge_method: 'S256',
        prompt: 'login',
        max_age: String(maxAge),
      });
      return { url: url.href, pending };
    },
    finish: async (callback, { verifier, state, nonce }) => {
      const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, maxAge };
      const tokens = await oidc.authorizationCodeGrant(await current(), callback, checks, { resource: audience });
      return tokens.access_token;
    },
  };
};
