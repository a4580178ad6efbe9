/**
 * Operations of a cloud on this machine: what each reads, answers, and leaves in CloudTrail. What they are asked and answer
 * is held to the published API models.
 */
import * as iamApi from '@aws-sdk/client-iam';
import * as s3Api from '@aws-sdk/client-s3';
import * as secretsApi from '@aws-sdk/client-secrets-manager';
import * as stsApi from '@aws-sdk/client-sts';
import { isObject, type JsonObject, type JsonValue } from '../../src/base/json.js';
import type { Caller } from '../../src/demo/aws/identities.js';
import { type AccountState, failed, type Outcome } from '../../src/demo/aws/operation.js';
import { assumeRole, getCallerIdentity } from '../../src/demo/aws/sts.js';
import { holdToModel } from './api-model.js';

export interface CloudState extends AccountState {
  readonly buckets: Map<string, Map<string, Buffer>>;
  readonly vault: Map<string, string>;
}

export interface CloudRequest {
  readonly method: string;
  /** Path as sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `x-amz-target`. */
  readonly target: string;
  readonly body: Buffer;
}

export interface CloudAnswer {
  readonly type: string;
  readonly body: string | Buffer;
}

export interface CloudOperation {
  readonly service: string;
  readonly name: string;
  readonly readOnly: boolean;
  /** A data event: logged only by a trail that selects it. */
  readonly data: boolean;
  run(ask: Ask): { readonly outcome: Outcome; readonly answer: CloudAnswer };
}

export interface Ask {
  readonly state: CloudState;
  readonly caller: Caller;
  readonly request: CloudRequest;
  readonly requestId: string;
  readonly now: number;
}

interface Done extends Pick<Outcome, 'requestParameters' | 'responseElements' | 'resources' | 'failure'> {
  readonly input: object;
  /** As the SDK gives it to its caller. */
  readonly output: object;
}

const XML = 'text/xml';
const JSON_TYPE = 'application/x-amz-json-1.1';
const form = ({ body }: CloudRequest): URLSearchParams => new URLSearchParams(body.toString('utf8'));
const CREATED = new Date('2026-01-05T09:00:00Z');

const xmlOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null)
    return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return Object.entries(value)
    .map(([name, member]) => `<${name}>${xmlOf(member)}</${name}>`)
    .join('');
};

/** The Query protocol's answer. */
const queryAnswer = (name: string, output: object, requestId: string): CloudAnswer => ({
  type: XML,
  body: `<${name}Response><${name}Result>${xmlOf(output)}</${name}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${name}Response>`,
});

const jsonAnswer = (output: object): CloudAnswer => ({ type: JSON_TYPE, body: JSON.stringify(output) });

type Kind = Pick<CloudOperation, 'service' | 'name' | 'readOnly'> & {
  readonly data?: boolean;
  readonly model: unknown;
};

const operation = (
  { service, name, readOnly, data = false, model }: Kind,
  perform: (ask: Ask) => Done,
  answer: (done: Done, ask: Ask) => CloudAnswer,
): CloudOperation => ({
  service,
  name,
  readOnly,
  data,
  run: (ask) => {
    const done = perform(ask);
    holdToModel(model, done.input, done.failure ? undefined : done.output);
    const { requestParameters, responseElements, resources, failure } = done;
    const outcome = { result: {}, requestParameters, responseElements, ...(resources && { resources }) };
    return { outcome: failure ? { ...outcome, failure } : outcome, answer: answer(done, ask) };
  },
});

const refusedBy = (done: Pick<Done, 'input'>, parameters: JsonValue, code: string, status = 404): Done => ({
  ...done,
  ...failed(parameters, { code, eventCode: code, message: 'it is not there', status }),
  output: {},
});

/** The sample account's STS, which knows users, roles and their sessions. */
const sts = (name: 'AssumeRole' | 'GetCallerIdentity', model: unknown, run: typeof assumeRole): CloudOperation =>
  operation(
    { service: 'sts', name, readOnly: true, model },
    ({ state, caller, request, now }) => {
      const fields = form(request);
      const { result, ...more } = run({ state, caller, input: new Map(fields), now });
      for (const envelope of ['Action', 'Version']) fields.delete(envelope);
      const seconds = fields.get('DurationSeconds');
      const input = { ...Object.fromEntries(fields), ...(seconds !== null && { DurationSeconds: Number(seconds) }) };
      const { Credentials } = result;
      const expires = isObject(Credentials) ? Credentials['Expiration'] : undefined;
      if (!isObject(Credentials) || typeof expires !== 'string') return { ...more, input, output: result };
      const Expiration = new Date(expires);
      return { ...more, input, output: { ...result, Credentials: { ...Credentials, Expiration } } };
    },
    ({ output }, { requestId }) => queryAnswer(name, output, requestId),
  );

const USERS = ['ada', 'ben', 'cleo'].map((UserName) => ({
  Path: '/',
  UserName,
  UserId: `AIDA${UserName.toUpperCase()}`,
  Arn: `arn:aws:iam::111122223333:user/${UserName}`,
  CreateDate: CREATED,
}));

const listUsers = operation(
  { service: 'iam', name: 'ListUsers', readOnly: true, model: iamApi.ListUsers$ },
  ({ request }) => {
    const [marker, items] = [form(request).get('Marker'), Number(form(request).get('MaxItems') ?? 100)];
    const input = { MaxItems: items, ...(marker !== null && { Marker: marker }) };
    const end = Number(marker ?? 0) + items;
    const more = end < USERS.length;
    const output = {
      Users: USERS.slice(Number(marker ?? 0), end),
      IsTruncated: more,
      ...(more && { Marker: String(end) }),
    };
    return { input, output, requestParameters: { maxItems: items }, responseElements: null };
  },
  ({ output }, { requestId }) => queryAnswer('ListUsers', output, requestId),
);

const bodyOf = ({ body }: CloudRequest): Readonly<Record<string, unknown>> => JSON.parse(body.toString('utf8'));

const secretArn = ({ region, accountId }: CloudState, name: string): string =>
  `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-AbCdEf`;

const getSecret = operation(
  { service: 'secretsmanager', name: 'GetSecretValue', readOnly: true, model: secretsApi.GetSecretValue$ },
  ({ state, request }) => {
    const input = bodyOf(request);
    const name = String(input['SecretId']);
    const value = state.vault.get(name);
    const requestParameters = { secretId: name };
    if (value === undefined) return refusedBy({ input }, requestParameters, 'ResourceNotFoundException', 400);
    const output = { ARN: secretArn(state, name), Name: name, SecretString: value };
    return { input, output, requestParameters, responseElements: null };
  },
  ({ output }) => jsonAnswer(output),
);

const putSecret = operation(
  { service: 'secretsmanager', name: 'PutSecretValue', readOnly: false, model: secretsApi.PutSecretValue$ },
  ({ state, request }) => {
    const input = bodyOf(request);
    const [name, token] = [String(input['SecretId']), String(input['ClientRequestToken'])];
    state.vault.set(name, String(input['SecretString']));
    const requestParameters = { secretId: name, clientRequestToken: token };
    const output = { ARN: secretArn(state, name), Name: name, VersionId: token };
    return { input, output, requestParameters, responseElements: { arn: output.ARN } };
  },
  ({ output }) => jsonAnswer(output),
);

const nothing = (): CloudAnswer => ({ type: XML, body: '' });

const s3Resources = ({ accountId }: CloudState, bucket: string, key?: string): readonly JsonObject[] => [
  ...(key === undefined ? [] : [{ type: 'AWS::S3::Object', ARN: `arn:aws:s3:::${bucket}/${key}` }]),
  { accountId, type: 'AWS::S3::Bucket', ARN: `arn:aws:s3:::${bucket}` },
];

const placeOf = ({ path }: CloudRequest): { readonly Bucket: string; readonly Key: string } => {
  const [, Bucket = '', ...rest] = path.split('/').map(decodeURIComponent);
  return { Bucket, Key: rest.join('/') };
};

const hostOf = ({ region }: CloudState): string => `s3.${region}.amazonaws.com`;

const listBuckets = operation(
  { service: 's3', name: 'ListBuckets', readOnly: true, model: s3Api.ListBuckets$ },
  ({ state }) => {
    const Buckets = [...state.buckets.keys()].map((Name) => ({ Name, CreationDate: CREATED }));
    return { input: {}, output: { Buckets }, requestParameters: { Host: hostOf(state) }, responseElements: null };
  },
  ({ output }) => ({
    type: XML,
    body: `<ListAllMyBucketsResult>${xmlOf(output).replaceAll(/<(\/?)member>/g, '<$1Bucket>')}</ListAllMyBucketsResult>`,
  }),
);

const createBucket = operation(
  { service: 's3', name: 'CreateBucket', readOnly: false, model: s3Api.CreateBucket$ },
  ({ state, request }) => {
    const { Bucket } = placeOf(request);
    const requestParameters = { bucketName: Bucket, Host: hostOf(state) };
    const input = { Bucket };
    if (state.buckets.has(Bucket)) return refusedBy({ input }, requestParameters, 'BucketAlreadyOwnedByYou', 409);
    state.buckets.set(Bucket, new Map());
    const resources = s3Resources(state, Bucket);
    return { input, output: { Location: `/${Bucket}` }, requestParameters, responseElements: null, resources };
  },
  nothing,
);

const tagBucket = operation(
  { service: 's3', name: 'PutBucketTagging', readOnly: false, model: s3Api.PutBucketTagging$ },
  ({ state, request }) => {
    const { Bucket } = placeOf(request);
    const [, Key = '', Value = ''] =
      /<Key>([^<]*)<\/Key><Value>([^<]*)<\/Value>/.exec(request.body.toString('utf8')) ?? [];
    const requestParameters = { bucketName: Bucket, tagging: '', Host: hostOf(state) };
    const input = { Bucket, Tagging: { TagSet: [{ Key, Value }] } };
    return { input, output: {}, requestParameters, responseElements: null, resources: s3Resources(state, Bucket) };
  },
  nothing,
);

const putObject = operation(
  { service: 's3', name: 'PutObject', readOnly: false, data: true, model: s3Api.PutObject$ },
  ({ state, request }) => {
    const { Bucket, Key } = placeOf(request);
    const requestParameters = { bucketName: Bucket, key: Key, Host: hostOf(state) };
    const input = { Bucket, Key };
    const held = state.buckets.get(Bucket);
    if (held === undefined) return refusedBy({ input }, requestParameters, 'NoSuchBucket');
    held.set(Key, request.body);
    const resources = s3Resources(state, Bucket, Key);
    return { input, output: { ETag: '"0"' }, requestParameters, responseElements: null, resources };
  },
  nothing,
);

const getObject = operation(
  { service: 's3', name: 'GetObject', readOnly: true, data: true, model: s3Api.GetObject$ },
  ({ state, request }) => {
    const { Bucket, Key } = placeOf(request);
    const requestParameters = { bucketName: Bucket, key: Key, Host: hostOf(state) };
    const input = { Bucket, Key };
    if (state.buckets.get(Bucket)?.has(Key) !== true) return refusedBy({ input }, requestParameters, 'NoSuchKey');
    const resources = s3Resources(state, Bucket, Key);
    return { input, output: {}, requestParameters, responseElements: null, resources };
  },
  (_done, { state, request }) => {
    const { Bucket, Key } = placeOf(request);
    return { type: 'text/plain', body: state.buckets.get(Bucket)?.get(Key) ?? Buffer.alloc(0) };
  },
);

const s3Name = ({ method, path, query }: CloudRequest): CloudOperation | undefined => {
  const depth = path.split('/').filter((part) => part !== '').length;
  if (depth === 0) return method === 'GET' ? listBuckets : undefined;
  if (depth === 1 && method === 'PUT') return query.has('tagging') ? tagBucket : createBucket;
  if (depth > 1) return { PUT: putObject, GET: getObject }[method];
  return undefined;
};

const NAMED = new Map(
  [
    sts('AssumeRole', stsApi.AssumeRole$, assumeRole),
    sts('GetCallerIdentity', stsApi.GetCallerIdentity$, getCallerIdentity),
    listUsers,
    getSecret,
    putSecret,
  ].map((one) => [`${one.service} ${one.name}`, one] as const),
);

/** The operation that a request is; undefined where this cloud does not have it. */
export const operationOf = (service: string, request: CloudRequest): CloudOperation | undefined => {
  if (service === 's3') return s3Name(request);
  const name = request.target === '' ? form(request).get('Action') : request.target.split('.').at(-1);
  return NAMED.get(`${service} ${name}`);
};
