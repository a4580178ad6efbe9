/**
 * An AWS account on this machine: IAM, CloudTrail, IAM Identity Center and S3 as far as a snapshot asks them, with paging,
 * throttling and errors. What it is asked and answers is held to the published API models.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as trailApi from '@aws-sdk/client-cloudtrail';
import * as iamApi from '@aws-sdk/client-iam';
import * as orgApi from '@aws-sdk/client-organizations';
import * as ssoApi from '@aws-sdk/client-sso-admin';
import { holdToModel } from './api-model.js';

export interface AccountDouble {
  readonly endpoint: string;
  /** Rows of the credential report below its head. */
  report: string;
  /** Requests for the report that are answered with a report not yet made. */
  making: number;
  roles: { name: string; trust: object }[];
  trails: trailApi.Trail[];
  selectors: trailApi.AdvancedEventSelector[];
  /** By the name of the bucket; a policy of null: none. */
  buckets: Map<string, { policy: string | null; lockDays: number | null }>;
  assignments: ssoApi.AccountAssignment[];
  members: orgApi.Account[];
  /** Asked before every request, by operation: the name of an error, or none. */
  fault: (operation: string, requests: number) => string | undefined;
  /** Operations as they were asked. */
  readonly asked: string[];
  close(): Promise<void>;
}

export const ACCOUNT = '111122223333';
const PAGE = 2;
const INSTANCE = 'arn:aws:sso:::instance/ssoins-1111222233334444';
const HEAD =
  'user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,' +
  'access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,' +
  'access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,' +
  'access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated';

class Refusal extends Error {}

const textOf = (value: unknown): string => {
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
};

/** The Query protocol's XML: lists have `member` elements. */
const xmlOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.map((item) => `<member>${xmlOf(item)}</member>`).join('');
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array)
    return textOf(value);
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([name, member]) => `<${name}>${xmlOf(member)}</${name}>`)
    .join('');
};

/** A page of `items` after a token, and the next token. */
const pageOf = <T>(
  items: readonly T[],
  token: string | undefined,
): { readonly page: T[]; readonly next: string | undefined } => {
  const from = Number(token ?? 0);
  if (!Number.isInteger(from) || from >= Math.max(items.length, 1)) throw new Refusal('ValidationException');
  const end = from + PAGE;
  return { page: items.slice(from, end), next: end < items.length ? String(end) : undefined };
};

type Answer = readonly [operation: unknown, input: object, output: object];

const roleOf = ({ name, trust }: AccountDouble['roles'][number]): iamApi.Role => ({
  Path: '/',
  RoleName: name,
  RoleId: `AROA${name}`,
  Arn: `arn:aws:iam::${ACCOUNT}:role/${name}`,
  CreateDate: new Date('2026-01-01T00:00:00Z'),
  AssumeRolePolicyDocument: encodeURIComponent(JSON.stringify(trust)),
});

const answerIam = (double: AccountDouble, operation: string, form: URLSearchParams): Answer => {
  if (operation === 'GenerateCredentialReport') {
    const State = double.making-- > 0 ? 'STARTED' : 'COMPLETE';
    return [iamApi.GenerateCredentialReport$, {}, { State }];
  }
  if (operation === 'GetCredentialReport') {
    const Content = Buffer.from(`${HEAD}\n${double.report}`);
    return [iamApi.GetCredentialReport$, {}, { Content, ReportFormat: 'text/csv', GeneratedTime: new Date() }];
  }
  const token = form.get('Marker') ?? undefined;
  const { page, next } = pageOf(double.roles, token);
  const Roles = page.map(roleOf);
  const ask = { MaxItems: Number(form.get('MaxItems')), ...(token !== undefined && { Marker: token }) };
  return [
    iamApi.ListRoles$,
    ask,
    { Roles, IsTruncated: next !== undefined, ...(next !== undefined && { Marker: next }) },
  ];
};

type Ask = Readonly<Record<string, unknown>>;
const tokenOf = ({ NextToken }: Ask): string | undefined => (typeof NextToken === 'string' ? NextToken : undefined);

const answerSso = (double: AccountDouble, operation: string, ask: Ask): Answer => {
  if (operation === 'ListInstances') return [ssoApi.ListInstances$, ask, { Instances: [{ InstanceArn: INSTANCE }] }];
  if (ask['InstanceArn'] !== INSTANCE || ask['AccountId'] !== ACCOUNT) throw new Refusal('ResourceNotFoundException');
  if (operation === 'ListPermissionSetsProvisionedToAccount') {
    const sets = [...new Set(double.assignments.map(({ PermissionSetArn }) => PermissionSetArn ?? ''))];
    const { page, next } = pageOf(sets, tokenOf(ask));
    return [
      ssoApi.ListPermissionSetsProvisionedToAccount$,
      ask,
      { PermissionSets: page, ...(next && { NextToken: next }) },
    ];
  }
  const own = double.assignments.filter(({ PermissionSetArn }) => PermissionSetArn === ask['PermissionSetArn']);
  const { page, next } = pageOf(own, tokenOf(ask));
  return [ssoApi.ListAccountAssignments$, ask, { AccountAssignments: page, ...(next && { NextToken: next }) }];
};

const answerOrganization = (double: AccountDouble, ask: Ask): Answer => {
  const { page, next } = pageOf(double.members, tokenOf(ask));
  return [orgApi.ListAccounts$, ask, { Accounts: page, ...(next && { NextToken: next }) }];
};

const ANSWERS: Readonly<
  Record<string, (double: AccountDouble, operation: string, ask: Ask, region: string) => Answer>
> = {
  sso: answerSso,
  organizations: (double, _operation, ask) => answerOrganization(double, ask),
  cloudtrail: (double, operation, ask, region) => answerTrail(double, operation, ask, region),
};

const answerTrail = (double: AccountDouble, operation: string, ask: Ask, region: string): Answer => {
  if (operation === 'DescribeTrails') return [trailApi.DescribeTrails$, ask, { trailList: double.trails }];
  const trail = double.trails.find(({ TrailARN }) => TrailARN === (ask['TrailName'] ?? ask['Name']));
  if (trail === undefined) throw new Refusal('TrailNotFoundException');
  if (operation === 'GetTrailStatus') return [trailApi.GetTrailStatus$, ask, { IsLogging: true }];
  if (trail.HomeRegion !== region) throw new Refusal('InvalidHomeRegionException');
  return [trailApi.GetEventSelectors$, ask, { TrailARN: trail.TrailARN, AdvancedEventSelectors: double.selectors }];
};

const sendXml = (response: ServerResponse, status: number, xml: string): void => {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
};

const bucketPart = (url: URL): string =>
  url.searchParams.has('policy') ? 'policy' : url.searchParams.has('versioning') ? 'versioning' : 'object-lock';

const answerS3 = (double: AccountDouble, url: URL, response: ServerResponse, fault: string | undefined): void => {
  const bucket = double.buckets.get(url.pathname.split('/')[1] ?? '');
  const fail = (code: string, status = 404): void => sendXml(response, status, `<Error><Code>${code}</Code></Error>`);
  if (fault) return fail(fault, 403);
  if (bucket === undefined) return fail('NoSuchBucket');
  const part = bucketPart(url);
  if (part === 'versioning') {
    return sendXml(response, 200, '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>');
  }
  if (part === 'policy') {
    if (bucket.policy === null) return fail('NoSuchBucketPolicy');
    response.writeHead(200, { 'content-type': 'application/json' }).end(bucket.policy);
    return;
  }
  if (bucket.lockDays === null) return fail('ObjectLockConfigurationNotFoundError');
  const rule = `<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>${bucket.lockDays}</Days></DefaultRetention></Rule>`;
  const xml = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule}</ObjectLockConfiguration>`;
  sendXml(response, 200, xml);
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
};

const scopeOf = (request: IncomingMessage): readonly [region: string, service: string] => {
  const found = /Credential=[^/]+\/\d{8}\/([^/]+)\/([^/]+)\//.exec(request.headers.authorization ?? '');
  return [found?.[1] ?? '', found?.[2] ?? ''];
};

const checked = ([operation, input, output]: Answer): object => {
  holdToModel(operation, input, output);
  return output;
};

const refuse = (response: ServerResponse, service: string, error: unknown): void => {
  const name = error instanceof Refusal ? error.message : `Double: ${String(error)}`;
  if (service === 'iam') {
    return sendXml(
      response,
      400,
      `<ErrorResponse><Error><Type>Sender</Type><Code>${name}</Code></Error></ErrorResponse>`,
    );
  }
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify({ __type: name }));
};

const operationOf = (service: string, request: IncomingMessage, url: URL, body: string): string => {
  if (service === 's3') return bucketPart(url);
  if (service === 'iam') return new URLSearchParams(body).get('Action') ?? '';
  return String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
};

const handle = async (double: AccountDouble, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [region, service] = scopeOf(request);
  const body = await bodyOf(request);
  const operation = operationOf(service, request, url, body);
  double.asked.push(operation);
  const fault = double.fault(operation, double.asked.length);
  if (service === 's3') return answerS3(double, url, response, fault);
  try {
    if (fault) throw new Refusal(fault);
    if (service === 'iam') {
      const output = xmlOf(checked(answerIam(double, operation, new URLSearchParams(body))));
      const result = `<${operation}Result>${output}</${operation}Result>`;
      return sendXml(response, 200, `<${operation}Response>${result}</${operation}Response>`);
    }
    const ask: Ask = JSON.parse(body || '{}');
    const answer = ANSWERS[service]?.(double, operation, ask, region);
    if (answer === undefined) throw new Refusal('UnknownOperationException');
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(checked(answer)));
  } catch (error) {
    refuse(response, service, error);
  }
};

/** Listens on a free port of the loopback interface. */
export const startAccount = async (): Promise<AccountDouble> => {
  const server = createServer((request, response) => void handle(double, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const double: AccountDouble = {
    endpoint: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    report: '',
    making: 0,
    roles: [],
    trails: [],
    selectors: [],
    buckets: new Map(),
    assignments: [],
    members: [],
    fault: () => undefined,
    asked: [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
};
