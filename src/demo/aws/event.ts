/** CloudTrail events of the sample account, in the real format (event version 1.11). */
import type { JsonObject } from '../../base/json.js';
import { type Caller, describeCaller } from './identities.js';
import type { Operation, Outcome } from './operation.js';

/** What one API call left behind. */
export interface TrailEvent {
  readonly eventId: string;
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly region: string;
  /** Such as `ec2.amazonaws.com`. */
  readonly source: string;
  readonly name: string;
  /** The record as delivered. */
  readonly record: JsonObject;
}

export interface EventFacts {
  readonly eventId: string;
  readonly requestId: string;
  readonly time: number;
  readonly region: string;
  readonly accountId: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly caller: Caller;
  readonly operation: Operation;
  readonly outcome: Outcome;
}

/** Whole seconds, as CloudTrail writes `eventTime`. */
export const wholeSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const userIdentity = (caller: Caller, accountId: string): JsonObject => {
  const { arn, id } = describeCaller(caller, accountId);
  const { accessKeyId } = caller.keys;
  if (caller.kind === 'user') {
    return { type: 'IAMUser', principalId: id, arn, accountId, accessKeyId, userName: caller.name };
  }
  const { role, sourceIdentity } = caller;
  const issuer = { type: 'Role', principalId: role.id, arn: role.arn, accountId, userName: role.name };
  return {
    type: 'AssumedRole',
    principalId: id,
    arn,
    accountId,
    accessKeyId,
    sessionContext: {
      sessionIssuer: issuer,
      attributes: { creationDate: wholeSeconds(caller.created), mfaAuthenticated: 'false' },
      ...(sourceIdentity === null ? {} : { sourceIdentity }),
    },
  };
};

/** AWS cuts user agents at 1 KB. */
const MAX_USER_AGENT = 1024;

export const createEvent = (facts: EventFacts): TrailEvent => {
  const { accountId, caller, operation, outcome, region, requestId, eventId, time } = facts;
  const source = `${operation.service}.amazonaws.com`;
  const failure = outcome.failure;
  const record: JsonObject = {
    eventVersion: '1.11',
    userIdentity: userIdentity(caller, accountId),
    eventTime: wholeSeconds(time),
    eventSource: source,
    eventName: operation.name,
    awsRegion: region,
    sourceIPAddress: facts.sourceIp,
    userAgent: facts.userAgent.slice(0, MAX_USER_AGENT),
    ...(failure ? { errorCode: failure.eventCode, errorMessage: failure.message } : {}),
    requestParameters: outcome.requestParameters,
    responseElements: outcome.responseElements,
    requestID: requestId,
    eventID: eventId,
    readOnly: operation.readOnly,
    ...(outcome.resources ? { resources: outcome.resources } : {}),
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
    tlsDetails: {
      tlsVersion: 'TLSv1.3',
      cipherSuite: 'TLS_AES_128_GCM_SHA256',
      clientProvidedHostHeader: `${operation.service}.${region}.amazonaws.com`,
    },
  };
  return { eventId, requestId, time, region, source, name: operation.name, record };
};
