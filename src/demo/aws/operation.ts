/** The shape of the sample account's operations: what they read, what they answer, what CloudTrail says of them. */
import type { JsonObject, JsonValue } from '../../base/json.js';
import { type Caller, describeCaller, type Identities } from './identities.js';

export interface SampleInstance {
  readonly id: string;
  readonly name: string;
  state: 'running' | 'stopped';
}

/** What operations read and change. */
export interface AccountState {
  readonly accountId: string;
  readonly region: string;
  readonly trail: string;
  readonly bucket: string;
  readonly identities: Identities;
  readonly instances: readonly SampleInstance[];
  /** Secret name to secret string. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Parameters of a request: form fields of the Query protocol, or members of a JSON body. */
export type Parameters = ReadonlyMap<string, string>;

export interface OperationContext {
  readonly state: AccountState;
  readonly caller: Caller;
  readonly input: Parameters;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface OperationFailure {
  /** Code in the answer, and in the event. */
  readonly code: string;
  readonly eventCode: string;
  readonly message: string;
  readonly status: number;
}

export interface Outcome {
  /** The answer: XML element content, or the JSON body. */
  readonly result: JsonObject;
  readonly requestParameters: JsonValue;
  readonly responseElements: JsonValue;
  readonly resources?: readonly JsonObject[];
  readonly failure?: OperationFailure;
}

export interface Operation {
  readonly service: string;
  readonly name: string;
  readonly readOnly: boolean;
  run(context: OperationContext): Outcome;
}

export const failed = (requestParameters: JsonValue, failure: OperationFailure): Outcome => ({
  result: {},
  requestParameters,
  responseElements: null,
  failure,
});

export const invalid = (code: string, message: string, requestParameters: JsonValue = null): Outcome =>
  failed(requestParameters, { code, eventCode: code, message, status: 400 });

export const denied = (context: OperationContext, action: string, resource: string, parameters: JsonValue): Outcome => {
  const { arn } = describeCaller(context.caller, context.state.accountId);
  return failed(parameters, {
    code: 'AccessDenied',
    eventCode: 'AccessDenied',
    message: `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} with an explicit deny in a service control policy`,
    status: 403,
  });
};

/** `Jul 30, 2024, 9:53:13 PM`, as CloudTrail writes times within `responseElements`. */
export const longTime = (ms: number): string =>
  new Date(ms).toLocaleString('en-US', { timeZone: 'UTC', dateStyle: 'medium', timeStyle: 'medium' });
