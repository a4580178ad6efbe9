/** `LookupEvents` over the AWS SDK, which is loaded when the first collection needs it. */
import type { CloudTrailClient, Event as LookedUp } from '@aws-sdk/client-cloudtrail';
import { AWS_TIMEOUTS, awsCredentials, awsFailure, quietAws } from '../../base/aws-client.js';
import type { LookupSettings } from '../../model/trail-settings.js';
import { BucketError } from './bucket.js';
import type { LookupEvents, LookupPage } from './lookup.js';

/** Beside the pace of our own: other programs look up in the same account and use up the same two requests a second. */
const RETRIES = { retryMode: 'adaptive', maxAttempts: 10 } as const;

/** A region that is not enabled for the account knows none of its credentials. */
const UNKNOWN = /^(?:UnrecognizedClientException|InvalidClientTokenId)$/;

/** LookupEvents is allowed or denied as a whole: what one window is refused, the others of its region are too. */
const DENIED = 'AccessDeniedException';

const failure = (error: unknown): BucketError => {
  const { name, problem, ends } = awsFailure(error);
  const where = UNKNOWN.test(name) ? ', or the region is not enabled for the account' : '';
  return new BucketError(`${problem}${where}`, ends || name === DENIED);
};

const textOf = (event: LookedUp): string => event.CloudTrailEvent ?? JSON.stringify(event);

const lookupIn = async (client: CloudTrailClient, ask: Parameters<LookupEvents>[1]): Promise<LookupPage> => {
  const { LookupEventsCommand } = await import('@aws-sdk/client-cloudtrail');
  const range = { StartTime: new Date(ask.from), EndTime: new Date(ask.to), MaxResults: 50 };
  try {
    const answer = await client.send(
      new LookupEventsCommand({ ...range, ...(ask.token !== null && { NextToken: ask.token }) }),
    );
    return { events: (answer.Events ?? []).map(textOf), next: answer.NextToken ?? null };
  } catch (error) {
    throw failure(error);
  }
};

/** Opens one client for each region that is asked; `close` ends their connections. */
export const openLookup = async (
  settings: LookupSettings,
  environment: Record<string, string | undefined>,
): Promise<{ readonly lookup: LookupEvents; readonly close: () => void }> => {
  quietAws(environment);
  const api = await import('@aws-sdk/client-cloudtrail');
  const { profile, roleArn, externalId, endpoint } = settings;
  const clients = new Map<string, CloudTrailClient>();
  const clientOf = async (region: string): Promise<CloudTrailClient> => {
    const known = clients.get(region);
    if (known) return known;
    const session = 'countersign-collect';
    const client = new api.CloudTrailClient({
      region,
      requestHandler: AWS_TIMEOUTS,
      ...RETRIES,
      ...(endpoint !== null && { endpoint }),
      ...(await awsCredentials({ profile, roleArn, externalId, region, session })),
    });
    clients.set(region, client);
    return client;
  };
  return {
    lookup: async (region, ask) => lookupIn(await clientOf(region), ask),
    close: () => clients.forEach((client) => client.destroy()),
  };
};
