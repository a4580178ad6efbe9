/**
 * What a client is told whose call waits for a person longer than a client can, in the way of its own revision: so
 * that it neither hangs nor gives up blindly, and makes the same call again.
 */
import { at, type JsonObject, type JsonValue, parseJson, stringOf } from '../base/json.js';
import type { Ulid } from '../base/ulid.js';
import type { Era } from '../model/call.js';
import { declares } from './capabilities.js';

/** A call that waits, and what of its client the answer depends on. */
export interface WaitingCall {
  /** Id of the request, as written. */
  readonly id: string;
  readonly era: Era;
  /** Revision of the session; null where it is not settled. */
  readonly revision: string | null;
  /** What the client says that it can do. */
  readonly capabilities: JsonValue;
  readonly approval: Ulid;
  /** Who may approve, and until when. */
  readonly sentence: string;
  /** Address of the page where it is decided; null where there is none. */
  readonly page: string | null;
}

/** `URLElicitationRequiredError` of revision 2025-11-25. */
const URL_ELICITATION_REQUIRED = -32_042;

/** Name of the gateway's own question among the `inputRequests` of a call. */
const QUESTION = 'approval';

/** Whether the client can bring its user to an address. */
const opensPages = ({ capabilities }: WaitingCall): boolean => declares(capabilities, 'elicitation', 'url');

const linkOf = ({ page, approval }: Pick<WaitingCall, 'page' | 'approval'>): string | null =>
  page === null ? null : `${page}/requests/${approval}`;

/** Who may approve, until when, and where. */
export const waitingSentence = (call: Omit<WaitingCall, 'id'>): string => {
  const link = linkOf(call);
  const where = link === null ? '' : ` It is decided at ${link}`;
  return `This call needs the approval of another person. It was not run. ${call.sentence}${where}`;
};

const about = ({ approval }: WaitingCall): JsonObject => ({ 'countersign/approval': approval });

/** A tool result that a model can read. */
const readable = (call: WaitingCall): JsonObject => ({
  result: { content: [{ type: 'text', text: waitingSentence(call) }], isError: true, _meta: about(call) },
});

const elicitation = (call: WaitingCall, url: string): JsonObject => ({
  mode: 'url',
  message: waitingSentence(call),
  url,
});

const urlRequired = (call: WaitingCall, url: string): JsonObject => ({
  error: {
    code: URL_ELICITATION_REQUIRED,
    message: waitingSentence(call),
    data: { elicitations: [{ ...elicitation(call, url), elicitationId: call.approval }], _meta: about(call) },
  },
});

const inputRequired = (call: WaitingCall, state: string, ask: boolean): JsonObject => {
  const url = linkOf(call);
  const inputRequests =
    ask && url !== null && opensPages(call)
      ? { inputRequests: { [QUESTION]: { method: 'elicitation/create', params: elicitation(call, url) } } }
      : {};
  return { result: { resultType: 'input_required', requestState: state, ...inputRequests, _meta: about(call) } };
};

const bodyOf = (call: WaitingCall, seal: () => string, asked: boolean): JsonObject => {
  if (call.era === 'modern') return inputRequired(call, seal(), !asked);
  const url = linkOf(call);
  return url !== null && call.revision === '2025-11-25' && opensPages(call) ? urlRequired(call, url) : readable(call);
};

/**
 * The answer: `input_required` (2026-07-28), the error that leads to the page (2025-11-25 with URL-mode elicitation),
 * or a tool result that says it in words.
 * @param seal gives the `requestState` of the next leg; called for 2026-07-28 alone
 * @param asked whether this call was shown the page before: a user is asked once, then the call is held again
 */
export const waitingBytes = (call: WaitingCall, seal: () => string, asked: boolean): Buffer => {
  const body = JSON.stringify(bodyOf(call, seal, asked)).slice(1);
  return Buffer.from(`{"jsonrpc":"2.0","id":${call.id},${body}`);
};

/** Whether the user did not want to open the page. @param responses `inputResponses`, JSON */
export const declinesPage = (responses: Buffer | null): boolean => {
  const action = responses === null ? undefined : stringOf(at(parseJson(responses), QUESTION, 'action'));
  return action === 'decline' || action === 'cancel';
};
