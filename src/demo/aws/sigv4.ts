/**
 * AWS Signature Version 4 for requests without a query signature: sign and verify.
 * Source: AWS documentation, "AWS Signature Version 4 for API requests".
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
}

export interface SignableRequest {
  readonly method: string;
  /** Path as sent, without a query. */
  readonly path: string;
  /** The query in its canonical form; absent: none. */
  readonly query?: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A header's value; empty where there is none. */
export const headerOf = (request: SignableRequest, name: string): string => request.headers[name] ?? '';

interface Scope {
  /** `YYYYMMDD`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** The parts of an `Authorization` header. */
export interface Authorization {
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const HEADER =
  /^AWS4-HMAC-SHA256 Credential=([A-Z0-9]{16,32})\/(\d{8})\/([a-z0-9-]{1,32})\/([a-z0-9-]{1,32})\/aws4_request, ?SignedHeaders=([a-z0-9;-]{1,1024}), ?Signature=([0-9a-f]{64})$/;

const hash = (data: Buffer | string): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: Buffer | string, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** Undefined where the header is none. */
export const parseAuthorization = (header: string): Authorization | undefined => {
  const found = HEADER.exec(header);
  if (!found) return undefined;
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', signature = ''] = found;
  return { accessKeyId, scope: { date, region, service }, signedHeaders: signed.split(';'), signature };
};

const canonicalRequest = (request: SignableRequest, signedHeaders: readonly string[]): string => {
  const headers = signedHeaders.map((name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, ' ')}\n`);
  return [
    request.method,
    request.path,
    request.query ?? '',
    headers.join(''),
    signedHeaders.join(';'),
    hash(request.body),
  ].join('\n');
};

const signature = (request: SignableRequest, signed: readonly string[], scope: Scope, secret: string): string => {
  const credentialScope = `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  const canonical = hash(canonicalRequest(request, signed));
  const toSign = [ALGORITHM, headerOf(request, 'x-amz-date'), credentialScope, canonical].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');
  return hmac(key, toSign).toString('hex');
};

/**
 * The headers of the request with date, token and `authorization` added. All headers are signed.
 * @param now milliseconds since 1970
 */
export const signRequest = (
  request: SignableRequest,
  keys: AwsKeys,
  target: { readonly region: string; readonly service: string },
  now: number,
): Record<string, string> => {
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope: Scope = { date: stamp.slice(0, 8), ...target };
  const headers: Record<string, string> = { ...request.headers, 'x-amz-date': stamp };
  if (keys.sessionToken !== null) headers['x-amz-security-token'] = keys.sessionToken;
  const signed = Object.keys(headers).sort();
  const value = signature({ ...request, headers }, signed, scope, keys.secretAccessKey);
  const credential = `${keys.accessKeyId}/${scope.date}/${scope.region}/${scope.service}/aws4_request`;
  headers['authorization'] =
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${signed.join(';')}, Signature=${value}`;
  return headers;
};

/** Headers without which a signature would not bind the request. */
const REQUIRED = ['host', 'x-amz-date'] as const;

/** Whether the secret made this signature over this very request. Compares in constant time. */
export const verifySignature = (request: SignableRequest, authorization: Authorization, secret: string): boolean => {
  if (!REQUIRED.every((name) => authorization.signedHeaders.includes(name))) return false;
  if (!headerOf(request, 'x-amz-date').startsWith(authorization.scope.date)) return false;
  const expected = signature(request, authorization.signedHeaders, authorization.scope, secret);
  return timingSafeEqual(Buffer.from(expected, 'hex'), Buffer.from(authorization.signature, 'hex'));
};
