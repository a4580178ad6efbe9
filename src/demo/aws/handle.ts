/** One request to the sample account: authenticated, run, logged, answered. */
import type { Clock } from '../../base/clock.js';
import type { Random } from '../random.js';
import { authenticate, type Refusal, refusal } from './authenticate.js';
import { createEvent, type TrailEvent } from './event.js';
import type { AccountState } from './operation.js';
import { findOperation } from './operations.js';
import { headerOf, parseAuthorization, type SignableRequest } from './sigv4.js';
import {
  type Answer,
  findService,
  formatAnswer,
  formatFailure,
  GLOBAL_REGION,
  parseOperation,
  UNKNOWN_SERVICE,
} from './wire.js';

/** Addresses reserved for documentation (RFC 5737): what a planted caller may claim to come from. */
const DOCUMENTATION_ADDRESS = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$/;

export interface HandleDeps {
  readonly state: AccountState;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: (event: TrailEvent) => void;
}

export interface Handled {
  readonly answer: Answer;
  readonly requestId: string;
}

/** Answers one request. What was authenticated and is an operation becomes an event, failed or not. */
export const handleRequest = (request: SignableRequest, remoteAddress: string, deps: HandleDeps): Handled => {
  const { state, random } = deps;
  const requestId = random.uuid();
  const now = deps.clock.now();
  const authorization = parseAuthorization(headerOf(request, 'authorization'));
  const service = findService(authorization?.scope.service ?? '') ?? UNKNOWN_SERVICE;
  const refuse = (why: Refusal): Handled => ({ answer: formatFailure(service, why, requestId), requestId });
  const caller = authenticate(request, authorization, service, state, now);
  if ('code' in caller) return refuse(caller);
  const parsed = parseOperation(service, { ...request, target: headerOf(request, 'x-amz-target') });
  const operation = parsed && findOperation(service.name, parsed.name);
  if (!operation) return refuse(refusal('InvalidAction', 'The sample account does not have this operation', 400));
  const outcome = operation.run({ state, caller, input: parsed.input, now });
  const region = service.global ? GLOBAL_REGION : state.region;
  const claimed = headerOf(request, 'x-sample-source-ip');
  const sourceIp = DOCUMENTATION_ADDRESS.test(claimed) ? claimed : remoteAddress;
  const userAgent = headerOf(request, 'user-agent');
  const eventId = random.uuid();
  const { accountId } = state;
  const facts = { eventId, requestId, time: now, region, accountId, sourceIp, userAgent, caller, operation, outcome };
  deps.log(createEvent(facts));
  const answer = outcome.failure
    ? formatFailure(service, outcome.failure, requestId)
    : formatAnswer(service, operation.name, outcome.result, requestId);
  return { answer, requestId };
};
