/** Who signed a request to the sample account. */
import { equalConstantTime } from '../../base/digest.js';
import type { Caller, Identities } from './identities.js';
import { type Authorization, headerOf, type SignableRequest, verifySignature } from './sigv4.js';
import { GLOBAL_REGION, type Service } from './wire.js';

/** AWS refuses a signature whose time is further off. */
const MAX_SKEW = 15 * 60_000;

/** An error answer to a request that no one is known to have made: AWS does not log those. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

export const refusal = (code: string, message: string, status = 403): Refusal => ({ code, message, status });

const signatureTime = (stamp: string): number =>
  Date.parse(stamp.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'));

/** The caller whose key signed the request, or why it is refused. */
export const authenticate = (
  request: SignableRequest,
  authorization: Authorization | undefined,
  service: Service,
  account: { readonly identities: Identities; readonly region: string },
  now: number,
): Caller | Refusal => {
  if (!authorization) return refusal('MissingAuthenticationToken', 'Request is missing Authentication Token');
  const { scope, accessKeyId } = authorization;
  if (scope.service !== service.name || scope.region !== (service.global ? GLOBAL_REGION : account.region)) {
    return refusal('SignatureDoesNotMatch', 'Credential should be scoped to a valid region and service');
  }
  const caller = account.identities.find(accessKeyId);
  if (!caller || !equalConstantTime(headerOf(request, 'x-amz-security-token'), caller.keys.sessionToken ?? '')) {
    return refusal('InvalidClientTokenId', 'The security token included in the request is invalid');
  }
  if (!(Math.abs(signatureTime(headerOf(request, 'x-amz-date')) - now) <= MAX_SKEW)) {
    return refusal('SignatureDoesNotMatch', 'Signature expired or not yet current');
  }
  if (!verifySignature(request, authorization, caller.keys.secretAccessKey)) {
    return refusal('SignatureDoesNotMatch', 'The request signature we calculated does not match the signature');
  }
  if (caller.kind === 'session' && caller.expires <= now) {
    return refusal('ExpiredToken', 'The security token included in the request is expired');
  }
  return caller;
};
