/** Multi round-trip requests (MCP specification 2026-07-28): a call made once more, with what its answer asked for. */
import { at, type JsonNode, member, stringOf } from '../../../base/json.js';
import { changeMembers, replaceNodes } from '../../../base/json-edit.js';
import type { Message, Retry } from '../../../model/call.js';
import { Refusal } from '../../refuse.js';
import { readMessage } from '../2025-11-25/message.js';

/** The requests whose answers may ask for input. */
const LEGS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

const paramsOf = ({ node }: Message): JsonNode | undefined => member(node, 'params');

const withParams = (message: Message, changes: Readonly<Record<string, string | Buffer | null>>): Message => {
  const params = paramsOf(message);
  if (params?.kind !== 'object') return message;
  return readMessage(replaceNodes(message.bytes, [[params, changeMembers(message.bytes, params, changes)]]));
};

/**
 * Parts a call made once more into the call and what makes it another leg.
 * @throws Refusal request_state, where either member is not what it must be
 */
export const partRetry = (message: Message): { readonly message: Message; readonly retry: Retry | null } => {
  const params = paramsOf(message);
  const state = member(params, 'requestState');
  const responses = member(params, 'inputResponses');
  if (!LEGS.has(message.method ?? '') || (!state && !responses)) return { message, retry: null };
  if ((state && state.kind !== 'string') || (responses && responses.kind !== 'object'))
    throw new Refusal('request_state');
  return {
    message: withParams(message, { requestState: null, inputResponses: null }),
    retry: {
      state: stringOf(state) ?? null,
      responses: responses ? message.bytes.subarray(responses.start, responses.end) : null,
    },
  };
};

/** The leg as the server gets it: with the state that the server gave, and the responses. */
export const joinRetry = (message: Message, state: string | null, responses: Buffer | null): Message =>
  withParams(message, {
    ...(state === null ? {} : { requestState: JSON.stringify(state) }),
    ...(responses === null ? {} : { inputResponses: responses }),
  });

/** Whether a message is an answer that asks for input. */
export const isInputRequired = ({ node }: Pick<Message, 'node'>): boolean =>
  stringOf(at(node, 'result', 'resultType')) === 'input_required';
