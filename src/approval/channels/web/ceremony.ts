/** What the browser and this page say to each other about passkeys (W3C Web Authentication Level 3, §7.1 and §7.2). */
import { isIP } from 'node:net';
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { z } from 'zod';
import { assertionFault } from '../../../base/webauthn.js';
import type { PasskeyAssertion } from '../../../model/passkey.js';
import type { Principal } from '../../../model/principal.js';
import type { Passkey } from '../../passkeys.js';

/** Ed25519, ES256, RS256: what the offline verifier reads. */
const ALGORITHMS = [-8, -7, -257];

const base64url = z
  .string()
  .max(12_000)
  .regex(/^[A-Za-z0-9_-]+$/);
const envelope = { id: base64url, rawId: base64url, type: z.literal('public-key') };
const Registration = z.object({
  ...envelope,
  response: z.object({ clientDataJSON: base64url, attestationObject: base64url }),
});
const Assertion = z.object({
  ...envelope,
  response: z.object({ clientDataJSON: base64url, authenticatorData: base64url, signature: base64url }),
});

export interface Ceremony {
  /** Domain of the page; null where it is an address: no passkey can be bound to one. */
  readonly rp: string | null;
  /** Options for the browser to make a passkey, and the challenge in them. */
  create(
    owner: Principal,
    known: readonly Passkey[],
  ): Promise<{ readonly options: object; readonly challenge: string }>;
  /** The passkey that was made; null where the answer does not hold. */
  created(
    answer: unknown,
    challenge: string,
  ): Promise<Pick<Passkey, 'credential' | 'publicKey' | 'rp' | 'aaguid'> | null>;
  /** Options for the browser to sign the leaf hash of a request, as JSON; null where no passkey of the person counts. */
  sign(leaf: string | null, own: readonly Passkey[]): Promise<string | null>;
  /** The signature over the leaf hash; null where it does not hold, for the gateway or for the offline verifier. */
  signed(answer: unknown, leaf: string, own: readonly Passkey[]): Promise<PasskeyAssertion | null>;
}

const challengeOf = (leaf: string): string => Buffer.from(leaf, 'hex').toString('base64url');

const signedBy = async (answer: unknown, leaf: string, own: readonly Passkey[], origin: string) => {
  const parsed = Assertion.safeParse(answer);
  const passkey = parsed.success && own.find((one) => one.credential === parsed.data.id && one.state === 'enrolled');
  if (!parsed.success || !passkey) return null;
  const publicKey = new Uint8Array(Buffer.from(passkey.publicKey, 'base64url'));
  const { verified } = await verifyAuthenticationResponse({
    response: { ...parsed.data, clientExtensionResults: {} },
    expectedChallenge: challengeOf(leaf),
    expectedOrigin: origin,
    expectedRPID: passkey.rp,
    // The counter of synchronised passkeys stays 0, so nothing is concluded from it.
    credential: { id: passkey.credential, publicKey, counter: 0 },
  });
  const { authenticatorData, clientDataJSON, signature } = parsed.data.response;
  const assertion: PasskeyAssertion = {
    credential: passkey.credential,
    authenticator_data: authenticatorData,
    client_data: clientDataJSON,
    signature,
    public_key: passkey.publicKey,
  };
  return verified && assertionFault(assertion, { challenge: leaf, rp: passkey.rp }) === null ? assertion : null;
};

const registered = async (answer: unknown, challenge: string, origin: string, rp: string) => {
  const parsed = Registration.safeParse(answer);
  if (!parsed.success) return null;
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response: { ...parsed.data, clientExtensionResults: {} },
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rp,
    supportedAlgorithmIDs: ALGORITHMS,
  });
  if (!verified) return null;
  const { credential, aaguid } = registrationInfo;
  return {
    credential: credential.id,
    publicKey: Buffer.from(credential.publicKey).toString('base64url'),
    rp,
    aaguid,
  };
};

/** @param origin scheme, host and port that browsers use */
export const createCeremony = (origin: string): Ceremony => {
  const { hostname } = new URL(origin);
  const rp = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : null;
  return {
    rp,
    create: async (owner, known) => {
      const options = await generateRegistrationOptions({
        rpName: 'Countersign',
        rpID: rp ?? '',
        userName: owner.email ?? owner.name ?? owner.subject,
        userDisplayName: owner.name ?? owner.subject,
        attestationType: 'none',
        excludeCredentials: known.map(({ credential }) => ({ id: credential })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        supportedAlgorithmIDs: ALGORITHMS,
      });
      return { options, challenge: options.challenge };
    },
    // The library throws for whatever does not fit; what it says may quote the answer, so it is not shown.
    created: (answer, challenge) =>
      rp === null ? Promise.resolve(null) : registered(answer, challenge, origin, rp).catch(() => null),
    sign: async (leaf, own) => {
      const usable = own.filter(({ state, rp: bound }) => state === 'enrolled' && bound === rp);
      if (leaf === null || rp === null || usable.length === 0) return null;
      const options = await generateAuthenticationOptions({
        rpID: rp,
        challenge: new Uint8Array(Buffer.from(leaf, 'hex')),
        allowCredentials: usable.map(({ credential }) => ({ id: credential })),
        userVerification: 'required',
      });
      return JSON.stringify(options);
    },
    signed: (answer, leaf, own) => signedBy(answer, leaf, own, origin).catch(() => null),
  };
};
