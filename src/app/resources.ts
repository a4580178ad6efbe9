/** What clients are told of the servers behind the gateway before they have a token (RFC 9728, RFC 6750 §3). */
import {
  protectedResourceMetadata,
  protectedResourceMetadataUrl,
  unauthorizedChallenge,
} from '../identity/challenge.js';
import type { ServerSettings, Settings } from '../model/settings.js';

/** The address a client is configured with; metadata and audience must name exactly this. */
const resourceOf = (settings: Settings, server: ServerSettings): string =>
  `${settings.gateway.publicUrl}/${server.id}/mcp`;

/** All scopes that some issuer's tokens need, told to clients before they ask for a token. */
const scopesOf = ({ issuers }: Settings): readonly string[] => [
  ...new Set(issuers.flatMap(({ scopes = [] }) => scopes)),
];

const scopeOf = (settings: Settings): { readonly scope?: string } => {
  const scopes = scopesOf(settings);
  return scopes.length === 0 ? {} : { scope: scopes.join(' ') };
};

/** The challenge of a refusal, and the metadata document at a path. */
export const resources = (settings: Settings) => ({
  challenge: (server: ServerSettings, reason: Parameters<typeof unauthorizedChallenge>[0]['reason']): string =>
    unauthorizedChallenge({
      metadataUrl: protectedResourceMetadataUrl(resourceOf(settings, server)),
      reason,
      ...scopeOf(settings),
    }),
  metadata: (path: string): object | undefined => {
    const server = settings.servers.find(({ id }) => path === `/${id}/mcp`);
    if (!server) return undefined;
    const issuers = settings.issuers.map(({ issuer }) => issuer);
    const scopes = scopesOf(settings);
    return protectedResourceMetadata({
      resource: resourceOf(settings, server),
      issuers,
      name: server.id,
      ...(scopes.length > 0 && { scopes }),
    });
  },
});
