/** The wire protocols of AWS services, as far as the sample account speaks them: Query, EC2 Query, JSON 1.1, S3. */
import { isArray, type JsonObject, type JsonValue, parseJson, toValue } from '../../base/json.js';
import type { OperationFailure, Parameters } from './operation.js';

type Protocol = 'query' | 'ec2' | 'json' | 's3';

export interface Service {
  readonly name: string;
  readonly protocol: Protocol;
  /** XML name space, or the content type of JSON. */
  readonly schema: string;
  /** Global services log in us-east-1. */
  readonly global: boolean;
}

const service = (name: string, protocol: Protocol, schema: string, global = false): Service => ({
  name,
  protocol,
  schema,
  global,
});

const STS = service('sts', 'query', 'https://sts.amazonaws.com/doc/2011-06-15/');
const SERVICES: ReadonlyMap<string, Service> = new Map(
  [
    STS,
    service('iam', 'query', 'https://iam.amazonaws.com/doc/2010-05-08/', true),
    service('ec2', 'ec2', 'http://ec2.amazonaws.com/doc/2016-11-15/'),
    service('secretsmanager', 'json', 'application/x-amz-json-1.1'),
    service('cloudtrail', 'json', 'application/x-amz-json-1.1'),
    service('s3', 's3', 'http://s3.amazonaws.com/doc/2006-03-01/'),
  ].map((item) => [item.name, item]),
);

/** The Region of global services. */
export const GLOBAL_REGION = 'us-east-1';

export const findService = (name: string): Service | undefined => SERVICES.get(name);

/** Speaks for an unknown service: its error format is the common one. */
export const UNKNOWN_SERVICE = STS;

export interface ParsedOperation {
  readonly name: string;
  readonly input: Parameters;
}

const parseForm = (body: Buffer): ParsedOperation | undefined => {
  const input = new Map(new URLSearchParams(body.toString('utf8')));
  const name = input.get('Action');
  return name === undefined ? undefined : { name, input };
};

/** String members alone: no operation here needs others. */
const parseJsonBody = (target: string, body: Buffer): ParsedOperation | undefined => {
  const name = /^[\w.]{1,80}\.(\w{1,40})$/.exec(target)?.[1];
  const value = toValue(parseJson(body.length === 0 ? Buffer.from('{}') : body));
  if (name === undefined || typeof value !== 'object' || value === null || isArray(value)) return undefined;
  const input = new Map<string, string>();
  for (const [key, item] of Object.entries(value)) if (typeof item === 'string') input.set(key, item);
  return { name, input };
};

/** Undefined where the request names no operation. */
export const parseOperation = (
  { protocol }: Service,
  request: { readonly method: string; readonly path: string; readonly target: string; readonly body: Buffer },
): ParsedOperation | undefined => {
  if (request.path !== '/') return undefined;
  if (protocol === 's3') return request.method === 'GET' ? { name: 'ListBuckets', input: new Map() } : undefined;
  if (request.method !== 'POST') return undefined;
  try {
    return protocol === 'json' ? parseJsonBody(request.target, request.body) : parseForm(request.body);
  } catch {
    return undefined;
  }
};

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** A list repeats its element, as AWS's flattened members do. */
const element = (name: string, value: JsonValue): string => {
  if (isArray(value)) return value.map((item) => element(name, item)).join('');
  const content =
    typeof value === 'object' && value !== null
      ? Object.entries(value)
          .map(([key, item]) => element(key, item))
          .join('')
      : escapeXml(String(value ?? ''));
  return `<${name}>${content}</${name}>`;
};

const document = (name: string, schema: string, content: JsonObject): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content).replace(
    `<${name}>`,
    `<${name} xmlns="${schema}">`,
  )}`;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** An operation's answer. */
export const formatAnswer = (to: Service, operation: string, result: JsonObject, requestId: string): Answer => {
  const { protocol, schema } = to;
  const xml = (body: string): Answer => ({ status: 200, type: 'text/xml', body });
  if (protocol === 'json') return { status: 200, type: schema, body: JSON.stringify(result) };
  if (protocol === 's3') return xml(document('ListAllMyBucketsResult', schema, result));
  if (protocol === 'ec2') return xml(document(`${operation}Response`, schema, { requestId, ...result }));
  const metadata = { ResponseMetadata: { RequestId: requestId } };
  return xml(document(`${operation}Response`, schema, { [`${operation}Result`]: result, ...metadata }));
};

/** An error answer. */
export const formatFailure = (
  { protocol, schema }: Service,
  { code, message, status }: Pick<OperationFailure, 'code' | 'message' | 'status'>,
  requestId: string,
): Answer => {
  if (protocol === 'json') {
    const type = code.endsWith('Exception') ? code : `${code}Exception`;
    return { status: 400, type: schema, body: JSON.stringify({ __type: type, Message: message }) };
  }
  const error = { Code: code, Message: message };
  if (protocol === 'ec2') {
    const body = element('Response', { Errors: { Error: error }, RequestID: requestId });
    return { status, type: 'text/xml', body };
  }
  if (protocol === 's3') return { status, type: 'application/xml', body: element('Error', error) };
  const body = document('ErrorResponse', schema, { Error: { Type: 'Sender', ...error }, RequestId: requestId });
  return { status, type: 'text/xml', body };
};
