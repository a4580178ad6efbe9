/** STS of the sample account. */
import { describeCaller } from './identities.js';
import { denied, invalid, longTime, type OperationContext, type Outcome, type Parameters } from './operation.js';

const NAME = /^[\w+=,.@-]{2,64}$/;

interface AssumeRequest {
  readonly roleArn: string;
  readonly name: string;
  readonly sourceIdentity: string | null;
  readonly seconds: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy: string | null;
}

const tagsOf = (input: Parameters): Readonly<Record<string, string>> => {
  const tags: Record<string, string> = {};
  for (let at = 1; input.get(`Tags.member.${at}.Key`) !== undefined; at++)
    tags[input.get(`Tags.member.${at}.Key`) ?? ''] = input.get(`Tags.member.${at}.Value`) ?? '';
  return tags;
};

/** The name of the parameter that is not valid, or the request. */
const parseAssume = (input: Parameters): AssumeRequest | string => {
  const name = input.get('RoleSessionName') ?? '';
  const identity = input.get('SourceIdentity') ?? null;
  const seconds = Number(input.get('DurationSeconds') ?? '3600');
  if (!NAME.test(name)) return 'RoleSessionName';
  if (identity !== null && !NAME.test(identity)) return 'SourceIdentity';
  if (!(seconds >= 900 && seconds <= 43_200)) return 'DurationSeconds';
  return {
    roleArn: input.get('RoleArn') ?? '',
    name,
    sourceIdentity: identity,
    seconds,
    tags: tagsOf(input),
    policy: input.get('Policy') ?? null,
  };
};

/** Users and machines may assume the one role, but not its own sessions; `SourceIdentity` is taken over as given. */
export const assumeRole = (context: OperationContext): Outcome => {
  const { state, caller, now } = context;
  const request = parseAssume(context.input);
  if (typeof request === 'string') return invalid('ValidationError', `${request} is not valid`);
  const { role } = state.identities;
  const named = request.sourceIdentity === null ? {} : { sourceIdentity: request.sourceIdentity };
  const requestParameters = {
    roleArn: request.roleArn,
    roleSessionName: request.name,
    ...named,
    ...(Object.keys(request.tags).length > 0 && { principalTags: request.tags }),
    ...(request.policy !== null && { policy: request.policy }),
  };
  const own = caller.kind === 'session' && caller.role.arn === role.arn;
  if (request.roleArn !== role.arn || own) {
    return denied(context, 'sts:AssumeRole', request.roleArn, requestParameters);
  }
  const expires = now + request.seconds * 1000;
  const session = state.identities.assume(request.name, request.sourceIdentity, now, expires);
  const { arn, id } = describeCaller(session, state.accountId);
  const { accessKeyId, secretAccessKey, sessionToken } = session.keys;
  return {
    result: {
      AssumedRoleUser: { AssumedRoleId: id, Arn: arn },
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        SessionToken: sessionToken,
        Expiration: `${new Date(expires).toISOString().slice(0, 19)}Z`,
      },
      ...(request.sourceIdentity === null ? {} : { SourceIdentity: request.sourceIdentity }),
    },
    requestParameters: { ...requestParameters, durationSeconds: request.seconds },
    responseElements: {
      credentials: { accessKeyId, sessionToken, expiration: longTime(expires) },
      assumedRoleUser: { assumedRoleId: id, arn },
      ...named,
    },
    resources: [{ accountId: state.accountId, type: 'AWS::IAM::Role', ARN: role.arn }],
  };
};

export const getCallerIdentity = ({ state, caller }: OperationContext): Outcome => {
  const { arn, id } = describeCaller(caller, state.accountId);
  return {
    result: { UserId: id, Account: state.accountId, Arn: arn },
    requestParameters: null,
    responseElements: null,
  };
};
