/** Okta's management API on this machine, as far as snapshots need it: paging by `Link`, rate limits, errors. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export const TOKEN = '00-a-token-of-nobody';

export interface OktaUser {
  readonly id: string;
  readonly status: string;
  readonly created: string;
  readonly lastLogin: string | null;
  readonly profile: Readonly<Record<string, string>>;
  readonly factors?: readonly { readonly factorType: string; readonly provider: string; readonly status: string }[];
}

export interface OktaDouble {
  readonly origin: string;
  users: OktaUser[];
  groups: { id: string; profile: { name: string }; members: string[] }[];
  /** Requests of a window of the rate limit; more are refused until it ends. */
  limit: number;
  requests: number;
  refused: number;
  /** Asked before every request: an error, a body, or none. */
  fault: (path: string) => { readonly status: number; readonly body?: string; readonly link?: string } | undefined;
  /** Ends the window of the rate limit. */
  nextWindow(): void;
  close(): Promise<void>;
}

const ERRORS: Readonly<Record<number, readonly [code: string, summary: string]>> = {
  401: ['E0000011', 'Invalid token provided'],
  403: ['E0000006', 'You do not have permission to perform the requested action'],
  404: ['E0000007', 'Not found: Resource not found'],
  429: ['E0000047', 'API call exceeded rate limit due to too many requests.'],
  500: ['E0000009', 'Internal Server Error'],
};

const withoutFactors = ({ id, status, created, lastLogin, profile }: OktaUser): object => ({
  id,
  status,
  created,
  lastLogin,
  profile,
});

const usersOf = (double: OktaDouble, url: URL): readonly object[] => {
  const gone = url.searchParams.get('filter') === 'status eq "DEPROVISIONED"';
  return double.users.filter(({ status }) => (status === 'DEPROVISIONED') === gone).map(withoutFactors);
};

const factorsOf = (double: OktaDouble, id: string, part: string | undefined): readonly object[] | undefined => {
  const user = double.users.find((one) => one.id === id);
  return user && part === 'factors' ? (user.factors ?? []) : undefined;
};

const select = (double: OktaDouble, url: URL): readonly object[] | undefined => {
  const [, , , kind, id, part] = url.pathname.split('/');
  if (kind === 'users') return id === undefined ? usersOf(double, url) : factorsOf(double, id, part);
  if (kind === 'groups' && id === undefined)
    return double.groups.map((group) => ({ id: group.id, profile: group.profile }));
  const members = double.groups.find((group) => group.id === id)?.members;
  return part === 'users'
    ? members && double.users.filter((one) => members.includes(one.id)).map(withoutFactors)
    : undefined;
};

/** A page after `after`, and the links of it; factors come whole. */
const pageOf = (double: OktaDouble, url: URL, all: readonly object[]) => {
  const most = url.pathname.endsWith('/factors')
    ? all.length
    : Math.min(Number(url.searchParams.get('limit') ?? 200), 200);
  const from = Number(url.searchParams.get('after') ?? 0);
  const self = `<${double.origin}${url.pathname}${url.search}>; rel="self"`;
  if (from + most >= all.length) return { items: all.slice(from), link: self };
  const next = new URL(url);
  next.searchParams.set('after', String(from + most));
  return {
    items: all.slice(from, from + most),
    link: `${self}, <${double.origin}${next.pathname}${next.search}>; rel="next"`,
  };
};

/** Listens on a free port of the loopback interface; `now` in milliseconds since 1970. */
export const startOkta = async (now: () => number): Promise<OktaDouble> => {
  let used = 0;
  const fail = (response: ServerResponse, status: number, body?: string): void => {
    const [errorCode, errorSummary] = ERRORS[status] ?? ['E0000009', 'Internal Server Error'];
    const text =
      body ?? JSON.stringify({ errorCode, errorSummary, errorLink: errorCode, errorId: 'oae', errorCauses: [] });
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? '/', double.origin);
    double.requests++;
    response.setHeader('x-rate-limit-limit', String(double.limit));
    response.setHeader('x-rate-limit-remaining', String(Math.max(double.limit - ++used, 0)));
    response.setHeader('x-rate-limit-reset', String(Math.floor(now() / 1000) + 30));
    const fault = double.fault(url.pathname);
    if (fault?.link !== undefined) response.setHeader('link', fault.link);
    if (fault) return fail(response, fault.status, fault.body);
    if (request.headers.authorization !== `SSWS ${TOKEN}`) return fail(response, 401);
    if (used > double.limit) {
      double.refused++;
      return fail(response, 429);
    }
    const all = select(double, url);
    if (all === undefined) return fail(response, 404);
    const { items, link } = pageOf(double, url, all);
    response.writeHead(200, { 'content-type': 'application/json', link }).end(JSON.stringify(items));
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const double: OktaDouble = {
    origin: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    users: [],
    groups: [],
    limit: 10_000,
    requests: 0,
    refused: 0,
    fault: () => undefined,
    nextWindow: () => {
      used = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
};
