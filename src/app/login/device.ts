/** Login on another device: a code is shown here and entered there (RFC 8628). */
import * as oidc from 'openid-client';
import { isTrustworthyUrl } from '../../identity/issuer.js';
import type { StoredToken } from '../token-store.js';
import { failed, scopeOf, toStored, unavailable } from './issuer.js';

/** What the person needs on the other device. None of it is a secret. */
export interface DevicePrompt {
  readonly code: string;
  readonly address: string;
  /** The address with the code in it, where the issuer gives one. */
  readonly complete: string | null;
  /** Until the code is no longer taken. */
  readonly seconds: number;
}

interface DeviceLogin {
  readonly configuration: oidc.Configuration;
  readonly clientId: string;
  readonly issuer: string;
  readonly demo: boolean;
  readonly signal: AbortSignal;
  readonly prompt: (prompt: DevicePrompt) => void;
}

/** RFC 8628 §6.1 recommends codes of letters or digits; what else a terminal would do with one is not tried. */
const CODE = /^[\w-]{4,32}$/;

/**
 * Waits until the person has entered the code.
 * @throws CountersignError LOGIN_UNAVAILABLE, LOGIN_FAILED; errors of openid-client
 */
export const byDevice = async (audience: string, login: DeviceLogin): Promise<StoredToken> => {
  const { configuration, demo, signal, prompt } = login;
  const endpoint = configuration.serverMetadata().device_authorization_endpoint;
  if (endpoint === undefined) throw unavailable(`${login.issuer} has no device flow; log in with a browser`);
  if (!isTrustworthyUrl(endpoint, demo)) throw failed('the issuer has no https address for device logins');
  const scope = scopeOf(configuration, true);
  const begun = await oidc.initiateDeviceAuthorization(configuration, { scope, resource: audience });
  const { user_code: code, verification_uri: address, verification_uri_complete: whole } = begun;
  if (!CODE.test(code) || !isTrustworthyUrl(address, demo)) throw failed('the issuer gave no code that can be shown');
  const complete = whole !== undefined && isTrustworthyUrl(whole, demo) ? new URL(whole).href : null;
  prompt({ code, address: new URL(address).href, complete, seconds: begun.expires_in });
  const tokens = await oidc
    .pollDeviceAuthorizationGrant(configuration, begun, { resource: audience }, { signal })
    .catch((error: unknown) => {
      throw signal.aborted ? failed('nobody finished it in time') : error;
    });
  return toStored(tokens, audience, { ...login, renewable: true });
};
