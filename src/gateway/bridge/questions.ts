/** Questions of a server of the older revisions, put to clients of 2026-07-28 as input that a call requires. */
import { at, type JsonValue, member } from '../../base/json.js';
import type { Message } from '../../model/call.js';
import { readMessage } from '../protocol/2025-11-25/message.js';
import type { Leg } from './leg.js';

/** How long a client may take. */
const WAIT_MS = 15 * 60_000;
/** Calls of one session that wait for their clients; the oldest is given up beyond. */
const MOST_WAITING = 64;

/** What a server may ask, and the capability that a client needs for it. */
const ASKED: Readonly<Record<string, string>> = {
  'sampling/createMessage': 'sampling',
  'elicitation/create': 'elicitation',
  'roots/list': 'roots',
};

const can = (capabilities: JsonValue, name: string): boolean =>
  typeof capabilities === 'object' && capabilities !== null && Object.hasOwn(capabilities, name);

/** The id of a server's request goes back as it came. */
const answerTo = (id: string, member: 'result' | 'error', text: string): Message =>
  readMessage(Buffer.from(`{"jsonrpc":"2.0","id":${id},"${member}":${text}}`));

const failure = (id: string, message: string): Message =>
  answerTo(id, 'error', JSON.stringify({ code: -32_601, message }));

/** The gateway's own answer to a question that no client is asked; undefined where one is. */
export const ownAnswer = ({ method, id }: Message, capabilities: JsonValue): Message | undefined => {
  const own = id ?? 'null';
  if (method === 'ping') return answerTo(own, 'result', '{}');
  const needed = ASKED[method ?? ''];
  if (needed === undefined) return failure(own, 'Method not found');
  return can(capabilities, needed) ? undefined : failure(own, 'The client cannot answer this');
};

/** The answer of a call that asks its client for input. */
export const inputRequired = (leg: Leg, id: string): Buffer => {
  const requests = [...leg.questions].map(([key, { method, params }]) => {
    const inner = params === null ? '' : `,"params":${params}`;
    return `${JSON.stringify(key)}:{"method":${JSON.stringify(method)}${inner}}`;
  });
  const state = JSON.stringify(leg.call);
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":${state}}}`,
  );
};

/** State of a call that is made anew once the client has done what was asked. */
export const AGAIN = 'again';

/** `URLElicitationRequiredError` (2025-11-25): the client is to open pages, and to call again. */
const URLS_REQUIRED = -32_042;

/** The same as input that the call requires; undefined for any other answer. */
export const urlsRequired = ({ bytes, node }: Message, id: string, capabilities: JsonValue): Buffer | undefined => {
  const code = at(node, 'error', 'code');
  const pages = at(node, 'error', 'data', 'elicitations');
  if (code?.kind !== 'number' || code.value !== URLS_REQUIRED) return undefined;
  if (pages?.kind !== 'array' || !can(capabilities, 'elicitation')) return undefined;
  const requests = pages.items.map(
    (page, i) => `"e${i}":{"method":"elicitation/create","params":${bytes.toString('utf8', page.start, page.end)}}`,
  );
  return Buffer.from(
    `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":"${AGAIN}"}}`,
  );
};

/** What the client answered, as answers to the server's requests. Nothing is asked twice. */
export const answersOf = (leg: Leg, message: Message): readonly Message[] => {
  const responses = member(member(message.node, 'params'), 'inputResponses');
  const answers = [...leg.questions].map(([key, { id }]) => {
    const response = member(responses, key);
    return response
      ? answerTo(id, 'result', message.bytes.toString('utf8', response.start, response.end))
      : failure(id, 'The client gave no answer');
  });
  leg.questions.clear();
  return answers;
};

/** Calls that wait for their clients, by the state that names them. */
export const createWaiting = (giveUp: (leg: Leg) => void) => {
  const waiting = new Map<string, { readonly leg: Leg; readonly timer: NodeJS.Timeout }>();
  const take = (state: string): Leg | undefined => {
    const found = waiting.get(state);
    waiting.delete(state);
    clearTimeout(found?.timer);
    return found?.leg;
  };
  const drop = (state: string): void => {
    const leg = take(state);
    if (leg) giveUp(leg);
  };
  return {
    take,
    keep: (leg: Leg): void => {
      waiting.set(leg.call, { leg, timer: setTimeout(() => drop(leg.call), WAIT_MS) });
      for (const state of waiting.keys()) {
        if (waiting.size <= MOST_WAITING) return;
        drop(state);
      }
    },
    endAll: (): void => {
      for (const state of waiting.keys()) drop(state);
    },
  };
};
