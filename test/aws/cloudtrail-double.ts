/** AWS CloudTrail's LookupEvents on this machine, with its limits; held to the published API model. */
import { createServer, type IncomingMessage } from 'node:http';
import { type Event, LookupEvents$ } from '@aws-sdk/client-cloudtrail';
import { holdToModel } from './api-model.js';

export interface TrailDouble {
  readonly endpoint: string;
  /** Of each region. */
  readonly events: Map<string, Event[]>;
  /** Requests that were refused for coming too quickly. */
  throttled: number;
  /** Asked before every request: the name of an error, or none. */
  fault: (region: string, requests: number) => string | undefined;
  /** Tokens are refused from the n-th page on, once. */
  requests: number;
  /** When each answered request of a region came, milliseconds of the process. */
  readonly times: Map<string, number[]>;
  close(): Promise<void>;
}

class Refusal extends Error {}

interface Ask {
  readonly StartTime?: number;
  readonly EndTime?: number;
  readonly MaxResults?: number;
  readonly NextToken?: string;
}

const bodyOf = async (request: IncomingMessage): Promise<Ask> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
};

const regionOf = (request: IncomingMessage): string =>
  /Credential=[^/]+\/\d{8}\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? '';

const DAY = 86_400;

/** A page, newest first; the token belongs to the very times it was given for. */
const pageOf = (all: readonly Event[], ask: Ask, now: number): { Events: Event[]; NextToken?: string } => {
  const { StartTime = now - 90 * DAY, EndTime = now, MaxResults = 50, NextToken } = ask;
  if (MaxResults < 1 || MaxResults > 50) throw new Refusal('InvalidMaxResultsException');
  if (StartTime > EndTime) throw new Refusal('InvalidTimeRangeException');
  const bound = `${StartTime} ${EndTime} ${MaxResults}`;
  const [from = '', times] = NextToken === undefined ? ['0', bound] : NextToken.split('|');
  if (times !== bound) throw new Refusal('InvalidNextTokenException');
  const found = all
    .filter(({ EventTime }) => {
      const at = (EventTime?.getTime() ?? 0) / 1000;
      return at >= Math.max(StartTime, now - 90 * DAY) && at <= EndTime;
    })
    .sort((a, b) => (b.EventTime?.getTime() ?? 0) - (a.EventTime?.getTime() ?? 0));
  const end = Number(from) + MaxResults;
  return { Events: found.slice(Number(from), end), ...(end < found.length && { NextToken: `${end}|${bound}` }) };
};

const wire = (event: Event): object => ({ ...event, EventTime: (event.EventTime?.getTime() ?? 0) / 1000 });

/** Listens on a free port of the loopback interface; `now` in milliseconds since 1970. */
export const startTrailDouble = async (now: () => number): Promise<TrailDouble> => {
  const buckets = new Map<string, { tokens: number; at: number }>();
  /** Two requests a second and region, as AWS counts: a bucket of two. */
  const admit = (region: string): boolean => {
    const at = performance.now();
    const bucket = buckets.get(region) ?? { tokens: 2, at };
    const tokens = Math.min(2, bucket.tokens + ((at - bucket.at) / 1000) * 2);
    buckets.set(region, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
    return tokens >= 1;
  };
  const answer = async (request: IncomingMessage): Promise<object> => {
    const ask = await bodyOf(request);
    const region = regionOf(request);
    if (request.headers['x-amz-target'] !== 'CloudTrail_20131101.LookupEvents')
      throw new Refusal('UnknownOperationException');
    const fault = double.fault(region, ++double.requests);
    if (fault) throw new Refusal(fault);
    if (!admit(region)) {
      double.throttled++;
      throw new Refusal('ThrottlingException');
    }
    double.times.set(region, [...(double.times.get(region) ?? []), performance.now()]);
    const page = pageOf(double.events.get(region) ?? [], ask, now() / 1000);
    const time = (seconds: number | undefined): Date | undefined =>
      seconds === undefined ? undefined : new Date(seconds * 1000);
    holdToModel(LookupEvents$, { ...ask, StartTime: time(ask.StartTime), EndTime: time(ask.EndTime) }, page);
    return { ...page, Events: page.Events.map(wire) };
  };
  const server = createServer((request, response) => {
    const type = { 'content-type': 'application/x-amz-json-1.1' };
    answer(request).then(
      (body) => response.writeHead(200, type).end(JSON.stringify(body)),
      (error: unknown) =>
        response
          .writeHead(400, type)
          .end(JSON.stringify({ __type: error instanceof Refusal ? error.message : `Double: ${String(error)}` })),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  const double: TrailDouble = {
    endpoint: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    events: new Map(),
    throttled: 0,
    fault: () => undefined,
    requests: 0,
    times: new Map(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
};
