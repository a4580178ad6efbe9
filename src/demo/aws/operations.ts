/** What the sample account can do: a few operations of six services. */
import type { JsonObject } from '../../base/json.js';
import {
  type AccountState,
  denied,
  failed,
  invalid,
  longTime,
  type Operation,
  type OperationContext,
  type Outcome,
  type SampleInstance,
} from './operation.js';
import { assumeRole, getCallerIdentity } from './sts.js';

const CODES = { running: 16, stopped: 80, pending: 0, stopping: 64 } as const;
const stateOf = (name: keyof typeof CODES): JsonObject => ({ code: CODES[name], name });

const describeInstances = ({ state }: OperationContext): Outcome => ({
  result: {
    reservationSet: {
      item: state.instances.map(({ id, name, state: now }) => ({
        reservationId: `r-${id.slice(2)}`,
        ownerId: state.accountId,
        instancesSet: {
          item: {
            instanceId: id,
            instanceState: stateOf(now),
            instanceType: 't3.small',
            tagSet: { item: { key: 'Name', value: name } },
          },
        },
      })),
    },
  },
  requestParameters: { instancesSet: {}, filterSet: {} },
  responseElements: null,
});

const switchInstance =
  (target: SampleInstance['state'], passing: 'pending' | 'stopping') =>
  ({ state, input }: OperationContext): Outcome => {
    const id = input.get('InstanceId.1') ?? '';
    const requestParameters = { instancesSet: { items: [{ instanceId: id }] } };
    const instance = state.instances.find((candidate) => candidate.id === id);
    if (!instance) {
      const message = `The instance ID '${id}' does not exist`;
      const code = 'InvalidInstanceID.NotFound';
      return failed(requestParameters, { code, eventCode: `Client.${code}`, message, status: 400 });
    }
    const change = { instanceId: id, currentState: stateOf(passing), previousState: stateOf(instance.state) };
    instance.state = target;
    return {
      result: { instancesSet: { item: change } },
      requestParameters,
      responseElements: { instancesSet: { items: [change] } },
    };
  };

const getSecretValue = ({ state, input }: OperationContext): Outcome => {
  const name = input.get('SecretId') ?? '';
  const value = state.secrets.get(name);
  const requestParameters = { secretId: name };
  if (value === undefined) {
    return invalid(
      'ResourceNotFoundException',
      'Secrets Manager can not find the specified secret.',
      requestParameters,
    );
  }
  const arn = `arn:aws:secretsmanager:${state.region}:${state.accountId}:secret:${name}-Sample`;
  return {
    result: { ARN: arn, Name: name, SecretString: value, VersionStages: ['AWSCURRENT'] },
    requestParameters,
    responseElements: null,
  };
};

const listUsers = ({ state }: OperationContext): Outcome => ({
  result: {
    Users: { member: state.identities.users().map(({ name, arn, id }) => ({ UserName: name, UserId: id, Arn: arn })) },
    IsTruncated: false,
  },
  requestParameters: null,
  responseElements: null,
});

const createAccessKey = ({ state, input, now }: OperationContext): Outcome => {
  const userName = input.get('UserName') ?? '';
  const keys = state.identities.addKey(userName);
  if (!keys) return invalid('NoSuchEntity', `The user with name ${userName} cannot be found.`, { userName });
  const { accessKeyId, secretAccessKey } = keys;
  return {
    result: {
      AccessKey: { UserName: userName, AccessKeyId: accessKeyId, Status: 'Active', SecretAccessKey: secretAccessKey },
    },
    requestParameters: { userName },
    responseElements: { accessKey: { userName, accessKeyId, status: 'Active', createDate: longTime(now) } },
  };
};

const trailArn = (state: AccountState): string =>
  `arn:aws:cloudtrail:${state.region}:${state.accountId}:trail/${state.trail}`;

/** Always refused: logging goes on, and the attempt is what the trail shows. */
const stopLogging = (context: OperationContext): Outcome => {
  const name = context.input.get('Name') ?? '';
  return denied(context, 'cloudtrail:StopLogging', trailArn(context.state), { name });
};

const describeTrails = ({ state }: OperationContext): Outcome => ({
  result: {
    trailList: [
      {
        Name: state.trail,
        S3BucketName: state.bucket,
        IncludeGlobalServiceEvents: true,
        IsMultiRegionTrail: true,
        HomeRegion: state.region,
        TrailARN: trailArn(state),
        LogFileValidationEnabled: true,
      },
    ],
  },
  requestParameters: { trailNameList: [] },
  responseElements: null,
});

const listBuckets = ({ state }: OperationContext): Outcome => ({
  result: { Owner: { ID: state.accountId }, Buckets: { Bucket: { Name: state.bucket } } },
  requestParameters: { Host: `s3.${state.region}.amazonaws.com` },
  responseElements: null,
});

const operation = (
  service: string,
  name: string,
  readOnly: boolean,
  run: (context: OperationContext) => Outcome,
): Operation => ({ service, name, readOnly, run });

const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    operation('sts', 'AssumeRole', true, assumeRole),
    operation('sts', 'GetCallerIdentity', true, getCallerIdentity),
    operation('ec2', 'DescribeInstances', true, describeInstances),
    operation('ec2', 'StopInstances', false, switchInstance('stopped', 'stopping')),
    operation('ec2', 'StartInstances', false, switchInstance('running', 'pending')),
    operation('secretsmanager', 'GetSecretValue', true, getSecretValue),
    operation('iam', 'ListUsers', true, listUsers),
    operation('iam', 'CreateAccessKey', false, createAccessKey),
    operation('cloudtrail', 'StopLogging', false, stopLogging),
    operation('cloudtrail', 'DescribeTrails', true, describeTrails),
    operation('s3', 'ListBuckets', true, listBuckets),
  ].map((item) => [`${item.service}:${item.name}`, item]),
);

export const findOperation = (service: string, name: string): Operation | undefined =>
  OPERATIONS.get(`${service}:${name}`);
