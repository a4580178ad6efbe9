/** Where the groups of accounts are read whose tokens leave them out: Microsoft Graph, with a token of its own. */
import type { Clock } from '../base/clock.js';
import type { KeyedDigester } from '../base/digest.js';
import { createGraphGroups, type GroupsOf } from '../identity/graph-groups.js';
import type { GroupOverageSettings, IssuerSettings } from '../model/identity-settings.js';
import { createTokens, type OAuthToken } from '../upstream/oauth-tokens.js';
import { resolveSecret } from './config.js';
import { openSecret } from './server-secrets.js';

interface GroupSourceDeps {
  readonly clock: Clock;
  readonly environment: Record<string, string | undefined>;
  readonly digest: KeyedDigester;
}

const sourceOf = async (settings: GroupOverageSettings, deps: GroupSourceDeps): Promise<GroupsOf> => {
  const { clock, environment, digest } = deps;
  const secret = await openSecret(settings.clientSecret, (source) => resolveSecret(source, environment), clock);
  const graph = settings.graph.replace(/\/$/, '');
  const client = {
    grant: 'client_credentials',
    at: { kind: 'tokenUrl', tokenUrl: settings.tokenUrl },
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    clientAuth: 'post',
    scopes: [`${graph}/.default`],
    resource: null,
    audience: null,
  } as const;
  const tokens = createTokens('Microsoft Graph', client, { clock, digest, secret });
  let last: OAuthToken | undefined;
  const token = {
    get: async () => {
      last = await tokens.get(undefined);
      return last.value;
    },
    refused: () => last && tokens.drop(last),
  };
  return createGraphGroups({ settings, token, clock });
};

/**
 * By issuer; an issuer without the setting has none, and its tokens that leave groups out are refused.
 * @throws CountersignError KEY_FILE, SECRET_MISSING, SECRET_STORE
 */
export const openGroupSources = async (
  issuers: readonly IssuerSettings[],
  deps: GroupSourceDeps,
): Promise<ReadonlyMap<string, GroupsOf>> => {
  const opened = issuers.map(async ({ issuer, groupOverage }) =>
    groupOverage ? [[issuer, await sourceOf(groupOverage, deps)] as const] : [],
  );
  return new Map((await Promise.all(opened)).flat());
};
