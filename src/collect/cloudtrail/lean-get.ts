/**
 * GetObject for many objects of one bucket: the request that the SDK made for one of them, with another key, signed and
 * sent by the SDK's own signer and connections. That is a third of the work of a whole command. Whatever is not a plain
 * answer is left to the SDK, with its retries, redirects, corrections of the clock and renewals of credentials.
 */
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';

type Handler = S3Client['config']['requestHandler'];
type Request = Parameters<Handler['handle']>[0];

/** What the SDK chose to sign a request with. */
interface Scheme {
  readonly identity: unknown;
  readonly httpAuthOption: { readonly signingProperties?: unknown };
  readonly signer: { sign(request: Request, identity: unknown, properties: unknown): Promise<Request> };
}

interface Template {
  readonly request: Request;
  readonly scheme: Scheme;
  /** Path before the key. */
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly made: number;
}

export interface LeanAnswer {
  readonly bytes: Buffer;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface LeanGet {
  /** Told of the key before the SDK is asked for it, so that its request can serve for others. */
  asked(key: string): void;
  /** The object; null where the SDK is to be asked. */
  get(key: string, version: string | null, maxBytes: number): Promise<LeanAnswer | null>;
}

/** Then the SDK is asked again, which renews credentials that are about to end. Milliseconds. */
const TEMPLATE_LASTS = 60_000;
/** Headers of one attempt. */
const OF_ATTEMPT = ['amz-sdk-invocation-id', 'amz-sdk-request'] as const;

/** Under which the SDK's middleware hand things on. */
const SMITHY = '__smithy_context';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isRequest = (value: unknown): value is Request =>
  isObject(value) && 'method' in value && value.method === 'GET' && 'path' in value && 'query' in value;

const isScheme = (value: unknown): value is Scheme =>
  isObject(value) &&
  'identity' in value &&
  'httpAuthOption' in value &&
  isObject(value.httpAuthOption) &&
  'signer' in value &&
  isObject(value.signer) &&
  'sign' in value.signer &&
  typeof value.signer.sign === 'function';

/** RFC 3986: beyond what `encodeURIComponent` leaves, `!'()*` too. */
const encoded = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const requestFor = ({ request, prefix }: Template, key: string, version: string | null): Request => {
  const copy: Request = Object.assign(Object.create(Object.getPrototypeOf(request)), request);
  copy.path = prefix + encoded(key);
  copy.headers = { ...request.headers };
  for (const name of OF_ATTEMPT) delete copy.headers[name];
  copy.query = { ...request.query };
  delete copy.query['versionId'];
  if (version !== null) copy.query['versionId'] = version;
  return copy;
};

const bytesOf = async (body: Readable, length: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let held = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) return null;
    chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    held += chunk.length;
    if (held > length) return null;
  }
  return held === length ? Buffer.concat(chunks, held) : null;
};

/** Watches the client's own requests for objects. */
export const createLeanGet = (client: S3Client): LeanGet => {
  let template: Template | null = null;
  const under = new Set<string>();
  client.middlewareStack.add(
    (next, context) => (args) => {
      const scheme: unknown = context[SMITHY]?.['selectedHttpAuthScheme'];
      const { request } = args;
      const key = [...under].find((one) => isRequest(request) && request.path.endsWith(`/${encoded(one)}`));
      if (key !== undefined && isRequest(request) && isScheme(scheme)) {
        const copy: Request = Object.assign(Object.create(Object.getPrototypeOf(request)), request);
        copy.headers = { ...request.headers };
        const prefix = request.path.slice(0, -encoded(key).length);
        template = { request: copy, scheme, prefix, made: Date.now() };
        under.clear();
      }
      return next(args);
    },
    // Behind the signing, whose headers the next signing replaces.
    { step: 'finalizeRequest', priority: 'low', name: 'noteRequest' },
  );

  const fetchBy = async (
    by: Template,
    key: string,
    version: string | null,
    max: number,
  ): Promise<LeanAnswer | null> => {
    const { signer, identity, httpAuthOption } = by.scheme;
    const request = await signer.sign(requestFor(by, key, version), identity, httpAuthOption.signingProperties);
    const { response } = await client.config.requestHandler.handle(request);
    const body: unknown = response.body;
    const length = Number(response.headers['content-length'] ?? Number.NaN);
    if (!(body instanceof Readable)) return null;
    if (response.statusCode === 200 && length <= max) {
      const bytes = await bytesOf(body, length);
      if (bytes !== null) return { bytes, headers: response.headers };
    }
    body.destroy();
    return null;
  };

  return {
    asked: (key) => {
      if (under.size < 64) under.add(key);
    },
    get: async (key, version, maxBytes) => {
      if (template === null || Date.now() - template.made > TEMPLATE_LASTS) return null;
      // What fails here is asked for again by the SDK, which says why where it fails too.
      return fetchBy(template, key, version, maxBytes).catch(() => null);
    },
  };
};
