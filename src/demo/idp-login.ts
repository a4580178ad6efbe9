/** Logins without a browser, for scripts: the same requests a browser would make, with its cookies. */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  calculatePKCECodeChallenge,
  clientCredentialsGrant,
  discovery,
  None,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from 'openid-client';

export interface DemoTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly idToken: string | null;
}

const REDIRECT = 'http://127.0.0.1/callback';
const MAX_STEPS = 12;

const keepCookies = (jar: Map<string, string>, response: Response): void => {
  for (const line of response.headers.getSetCookie()) {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && value !== '') jar.set(name, value);
    else if (name !== undefined) jar.delete(name);
  }
};

/**
 * Follows an authorization request at the demo's provider as a browser would, choosing `person` on its page.
 * @returns the address the browser would be sent to in the end, which is not requested
 */
export const followLogin = async (
  authorizationUrl: URL,
  person: string,
  jar = new Map<string, string>(),
): Promise<URL> => {
  let url = authorizationUrl;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MAX_STEPS; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: form }),
    });
    await response.arrayBuffer();
    keepCookies(jar, response);
    const location = response.headers.get('location');
    if (location === null && (response.status !== 200 || form)) {
      throw new Error(`the identity provider answered with status ${response.status}`);
    }
    form = location === null ? new URLSearchParams({ person }) : undefined;
    url = new URL(location ?? url, url);
    if (url.origin !== authorizationUrl.origin) return url;
  }
  throw new Error('the identity provider sends from page to page');
};

/** The person's tokens for `resource`: authorization code with PKCE, state, nonce and issuer checks. */
export const loginAs = async (
  issuer: string,
  person: string,
  resource: string,
  clientId: string,
): Promise<DemoTokens> => {
  const options = { execute: [allowInsecureRequests] };
  const configuration = await discovery(new URL(issuer), clientId, undefined, None(), options);
  const [pkceCodeVerifier, expectedState, expectedNonce] = [randomPKCECodeVerifier(), randomState(), randomNonce()];
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: REDIRECT,
    scope: 'openid profile email groups offline_access',
    resource,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const callback = await followLogin(url, person);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce };
  const tokens = await authorizationCodeGrant(configuration, callback, checks, { resource });
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token ?? null,
    idToken: tokens.id_token ?? null,
  };
};

/** A workload's token for `resource` by client credentials (RFC 6749 §4.4). */
export const clientToken = async (
  issuer: string,
  clientId: string,
  secret: string,
  resource: string,
): Promise<DemoTokens> => {
  const options = { execute: [allowInsecureRequests] };
  const configuration = await discovery(new URL(issuer), clientId, undefined, ClientSecretBasic(secret), options);
  const tokens = await clientCredentialsGrant(configuration, { resource });
  return { accessToken: tokens.access_token, refreshToken: null, idToken: null };
};
