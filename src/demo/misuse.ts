/** Performs the planted violations against the sample account, over its real wire protocols. */
import type { Clock } from '../base/clock.js';
import type { SampleAccount } from './aws/account.js';
import { callAws } from './aws/client.js';
import type { AwsKeys } from './aws/sigv4.js';
import type { Happened, Plan, PlanBypass, PlanOperation } from './plan-model.js';

export interface MisuseDeps {
  readonly account: SampleAccount;
  readonly clock: Clock;
  /** The `SourceIdentity` that the gateway gives a person's sessions. */
  readonly sourceIdentityOf: (personId: string) => string;
}

/** Everything but the missing effects: those the caller brings about with `withhold`. */
export type Misused = Omit<Happened, 'missingEffects'>;

const USER_AGENT = 'aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8 lang/python#3.13.7 sample/misuse';

/** Performs one operation; the id of the event it left. */
const perform = async (
  { account, clock }: MisuseDeps,
  keys: AwsKeys,
  { service, name, parameters }: PlanOperation,
  sourceIp?: string,
): Promise<string> => {
  const caller = {
    endpoint: account.endpoint,
    region: account.region,
    keys,
    now: clock.now(),
    userAgent: USER_AGENT,
    ...(sourceIp === undefined ? {} : { sourceIp }),
  };
  const { requestId, status } = await callAws(caller, service, name, parameters);
  const event = account.events().find((candidate) => candidate.requestId === requestId);
  if (!event) throw new Error(`${service} ${name} left no event (status ${status})`);
  return event.eventId;
};

/** Assumes the governed role with a user's long-lived key, past the gateway; the event of it and the keys. */
const assumeOutside = async (
  deps: MisuseDeps,
  bypass: PlanBypass,
): Promise<{ readonly eventId: string; readonly keys: AwsKeys }> => {
  const { account } = deps;
  const parameters = { RoleArn: account.roleArn, RoleSessionName: bypass.sessionName };
  const operation = { service: 'sts', name: 'AssumeRole', parameters };
  const eventId = await perform(deps, account.user(bypass.user).keys, operation, bypass.sourceIp);
  const session = account.sessions().findLast(({ name }) => name === bypass.sessionName);
  if (!session) throw new Error('the role was not assumed');
  return { eventId, keys: session.keys };
};

const performStopLogging = async (deps: MisuseDeps, plan: Plan, outside: AwsKeys): Promise<string> => {
  const { by, user, sourceIp } = plan.violations.stopLogging;
  const keys = by === 'bypass' ? outside : deps.account.user(user).keys;
  const operation = { service: 'cloudtrail', name: 'StopLogging', parameters: { Name: 'sample-trail' } };
  return perform(deps, keys, operation, sourceIp);
};

/**
 * Performs the plan's bypasses, the attempt to stop logging and the unexplained operations.
 * The sessions of the people named must be open: their credentials are used as if a server leaked them.
 */
export const performMisuse = async (plan: Plan, deps: MisuseDeps): Promise<Misused> => {
  const { bypasses, stopLogging, unexplained } = plan.violations;
  const bypassed: string[] = [];
  const longLived: string[] = [];
  const newCredentials: string[] = [];
  const act = async (keys: AwsKeys, operation: PlanOperation, sourceIp?: string): Promise<string> => {
    const eventId = await perform(deps, keys, operation, sourceIp);
    if (operation.name === 'CreateAccessKey') newCredentials.push(eventId);
    return eventId;
  };
  let first: AwsKeys | null = null;
  for (const bypass of bypasses) {
    const { eventId, keys } = await assumeOutside(deps, bypass);
    first ??= keys;
    bypassed.push(eventId);
    longLived.push(eventId);
    for (const operation of bypass.operations) bypassed.push(await act(keys, operation, bypass.sourceIp));
  }
  if (!first) throw new RangeError('the plan has no bypass');
  const stopId = await performStopLogging(deps, plan, first);
  const unexplainedIds: string[] = [];
  for (const { person, operation } of unexplained) {
    const identity = deps.sourceIdentityOf(person);
    const session = deps.account.sessions().find(({ sourceIdentity }) => sourceIdentity === identity);
    if (!session) throw new Error(`${person} has no session with AWS credentials`);
    unexplainedIds.push(await act(session.keys, operation));
  }
  return {
    bypassed,
    unexplained: unexplainedIds,
    longLived,
    newCredentials,
    stopLogging: { eventId: stopId, withGovernedRole: stopLogging.by === 'bypass' },
  };
};
