/** A small S3 and CloudTrail on this machine, with versions, delete markers and the faults a test asks for. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface StoredVersion {
  readonly version: string;
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modified: number;
  readonly deleted: boolean;
}

/** What a request is told instead of its answer. */
export interface Fault {
  readonly status: number;
  readonly code: string;
}

export interface S3Double {
  readonly endpoint: string;
  /** Newest first. */
  readonly objects: Map<string, StoredVersion[]>;
  put(key: string, bytes: Buffer | string, metadata?: Readonly<Record<string, string>>): void;
  /** Adds a delete marker. */
  remove(key: string): void;
  /** Asked before every request; `what` is the key, or the prefix of a listing. */
  fault: (what: string, requests: number) => Fault | undefined;
  /** Name of the error that ListPublicKeys ends with; null: none. */
  keysFault: string | null;
  /** Answers ListPublicKeys: a JSON text. */
  keys: (region: string) => string;
  /** How far its clock is ahead of this machine's, milliseconds. */
  clock: number;
  /** Milliseconds added to every answer. */
  latency: number;
  requests: number;
  /** GETs of objects. */
  gets: number;
  close(): Promise<void>;
}

const PAGE = 50;
const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const etagOf = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex');

const versionXml = (key: string, one: StoredVersion, latest: boolean): string => {
  const tag = one.deleted ? 'DeleteMarker' : 'Version';
  const content = one.deleted ? '' : `<ETag>"${etagOf(one.bytes)}"</ETag><Size>${one.bytes.length}</Size>`;
  return `<${tag}><Key>${escape(key)}</Key><VersionId>${one.version}</VersionId><IsLatest>${latest}</IsLatest><LastModified>${new Date(one.modified).toISOString()}</LastModified>${content}</${tag}>`;
};

const versionsPage = (objects: S3Double['objects'], query: URLSearchParams): string => {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('key-marker') ?? '';
  const afterVersion = query.get('version-id-marker');
  const all = [...objects]
    .filter(([key]) => key.startsWith(prefix) && (key > after || (key === after && afterVersion !== null)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, versions]) => {
      const from = key === after ? versions.findIndex(({ version }) => version === afterVersion) + 1 : 0;
      return versions.slice(from).map((one) => ({ key, one, latest: one === versions[0] }));
    });
  const page = all.slice(0, PAGE);
  const last = page.at(-1);
  const more = all.length > PAGE && last;
  const next = more
    ? `<NextKeyMarker>${escape(last.key)}</NextKeyMarker><NextVersionIdMarker>${last.one.version}</NextVersionIdMarker>`
    : '';
  const items = page.map(({ key, one, latest }) => versionXml(key, one, latest)).join('');
  return `<ListVersionsResult><IsTruncated>${more !== undefined && more !== false}</IsTruncated>${next}${items}</ListVersionsResult>`;
};

const foldersPage = (objects: S3Double['objects'], query: URLSearchParams): string => {
  const prefix = query.get('prefix') ?? '';
  const names = new Set<string>();
  for (const [key, [latest]] of objects) {
    const rest = key.startsWith(prefix) && latest?.deleted === false ? key.slice(prefix.length) : '';
    if (rest.includes('/')) names.add(rest.slice(0, rest.indexOf('/') + 1));
  }
  const items = [...names]
    .sort()
    .map((name) => `<CommonPrefixes><Prefix>${escape(prefix + name)}</Prefix></CommonPrefixes>`);
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${items.join('')}</ListBucketResult>`;
};

/** All keys below a prefix, as clients that know no versions list them. */
const keysPage = (objects: S3Double['objects'], query: URLSearchParams): string => {
  const [prefix, after] = [query.get('prefix') ?? '', query.get('marker') ?? ''];
  const items = [...objects]
    .filter(([key, [latest]]) => key.startsWith(prefix) && key > after && latest?.deleted === false)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, [latest]]) => `<Contents><Key>${escape(key)}</Key><Size>${latest?.bytes.length ?? 0}</Size></Contents>`,
    );
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${items.join('')}</ListBucketResult>`;
};

const listPage = (objects: S3Double['objects'], query: URLSearchParams): string => {
  if (query.has('location')) return '<LocationConstraint>eu-central-1</LocationConstraint>';
  if (query.has('versions')) return versionsPage(objects, query);
  return query.has('delimiter') ? foldersPage(objects, query) : keysPage(objects, query);
};

const sendXml = (response: ServerResponse, status: number, xml: string): void => {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${xml}`);
};

const sendObject = (response: ServerResponse, one: StoredVersion): void => {
  const metadata = Object.entries(one.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value]);
  response
    .writeHead(200, {
      'content-length': one.bytes.length,
      etag: `"${etagOf(one.bytes)}"`,
      'x-amz-version-id': one.version,
      'last-modified': new Date(one.modified).toUTCString(),
      ...Object.fromEntries(metadata),
    })
    .end(one.bytes);
};

const regionOf = (request: IncomingMessage): string =>
  /Credential=[^/]+\/\d{8}\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';

const sendKeys = ({ keysFault, keys }: S3Double, region: string, response: ServerResponse): void => {
  const type = { 'content-type': 'application/x-amz-json-1.1' };
  if (keysFault === null) response.writeHead(200, type).end(keys(region));
  else response.writeHead(400, type).end(JSON.stringify({ __type: keysFault }));
};

/** S3 takes requests whose time is at most 15 minutes off its own. */
const isSkewed = (double: S3Double, request: IncomingMessage): boolean => {
  const [, date, time] = /^(\d{8})T(\d{6})Z$/.exec(String(request.headers['x-amz-date'] ?? '')) ?? [];
  if (date === undefined || time === undefined) return false;
  const iso = `${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
  return Math.abs(Date.parse(iso) - Date.now() - double.clock) > 15 * 60_000;
};

const answer = (double: S3Double, request: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  response.setHeader('date', new Date(Date.now() + double.clock).toUTCString());
  if (isSkewed(double, request)) return sendXml(response, 403, '<Error><Code>RequestTimeTooSkewed</Code></Error>');
  if (request.method === 'POST') {
    sendKeys(double, regionOf(request), response);
    return;
  }
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  const fault = double.fault(key || (url.searchParams.get('prefix') ?? ''), ++double.requests);
  if (fault) return sendXml(response, fault.status, `<Error><Code>${fault.code}</Code><Message>no</Message></Error>`);
  if (key === '') {
    return sendXml(response, 200, listPage(double.objects, url.searchParams));
  }
  double.gets++;
  const version = url.searchParams.get('versionId');
  const one = double.objects.get(key)?.find((item) => version === null || item.version === version);
  if (!one || one.deleted) return sendXml(response, 404, '<Error><Code>NoSuchKey</Code></Error>');
  sendObject(response, one);
};

/** Starts on a free port of the loopback interface. */
export const startS3Double = async (): Promise<S3Double> => {
  let stored = 0;
  const store = (key: string, one: Omit<StoredVersion, 'version' | 'modified'>): void => {
    stored++;
    const version = { ...one, version: `v${stored}`, modified: Date.UTC(2026, 10, 20, 12) + stored * 1000 };
    double.objects.set(key, [version, ...(double.objects.get(key) ?? [])]);
  };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => setTimeout(() => answer(double, request, response), double.latency));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const double: S3Double = {
    endpoint: `http://127.0.0.1:${port}`,
    objects: new Map(),
    put: (key, bytes, metadata = {}) => store(key, { bytes: Buffer.from(bytes), metadata, deleted: false }),
    remove: (key) => store(key, { bytes: Buffer.alloc(0), metadata: {}, deleted: true }),
    fault: () => undefined,
    keys: () => '{"PublicKeyList":[]}',
    keysFault: null,
    clock: 0,
    latency: 0,
    requests: 0,
    gets: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
};
