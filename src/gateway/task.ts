/** One task of the gateway's own, and how it looks on the wire (extension `io.modelcontextprotocol/tasks`, 2026-07-28). */
import { timestamp } from '../base/clock.js';
import { at, member, parseJson, stringOf } from '../base/json.js';
import { changeMembers, replaceNodes } from '../base/json-edit.js';
import type { Ulid } from '../base/ulid.js';
import type { Addressed, Answered, Message, MirroredHeaders } from '../model/call.js';
import type { PrincipalKey } from '../model/principal.js';
import { declares } from './capabilities.js';
import { readMessage } from './protocol/2025-11-25/message.js';

const EXTENSION = 'io.modelcontextprotocol/tasks';
/** How often a client is to ask, milliseconds. */
const POLL = 5_000;

type Status = 'working' | 'input_required' | 'completed' | 'failed' | 'cancelled';
/** Which member of the task's state holds its payload. */
const PAYLOAD: Readonly<Partial<Record<Status, string>>> = {
  input_required: 'inputRequests',
  completed: 'result',
  failed: 'error',
};

/** A task as it is kept: the call, and what has become of it. */
export interface Kept {
  readonly id: string;
  readonly owner: PrincipalKey;
  readonly server: string;
  /** The call; null once the task is over. */
  message: Message | null;
  readonly headers: MirroredHeaders | null;
  readonly createdAt: number;
  readonly ends: number;
  changedAt: number;
  status: Status;
  said: string;
  /** JSON text. */
  payload: Buffer | null;
  approval: Ulid;
  /** For the next leg, where the server asked for input. */
  state: string | null;
  responses: Buffer | null;
  running: boolean;
}

/** Whether nothing more happens to it. */
export const isFinal = ({ status }: Kept): boolean => status !== 'working' && status !== 'input_required';
/** Bytes that are kept for it. */
export const sizeOf = ({ message, payload }: Kept): number => (message?.bytes.length ?? 0) + (payload?.length ?? 0);

type Change = Partial<Pick<Kept, 'status' | 'said' | 'payload' | 'approval' | 'state' | 'responses'>>;

/** Changes a task that is not over. What it called is forgotten once it is. */
export const change = (kept: Kept, to: Change, now: number): void => {
  if (isFinal(kept)) return;
  Object.assign(kept, to, { changedAt: now });
  if (isFinal(kept)) kept.message = null;
};

/** Whether the client takes tasks. */
export const takesTasks = ({ era, capabilities }: Pick<Addressed, 'era' | 'capabilities'>): boolean =>
  era === 'modern' && declares(capabilities, 'extensions', EXTENSION);

/** The members that every form of a task has, as JSON without braces. */
export const factsOf = (kept: Kept): string =>
  JSON.stringify({
    taskId: kept.id,
    status: kept.status,
    statusMessage: kept.said,
    createdAt: timestamp(kept.createdAt),
    lastUpdatedAt: timestamp(kept.changedAt),
    ttlMs: kept.ends - kept.createdAt,
    pollIntervalMs: POLL,
  }).slice(1, -1);

/** An answer about a task. `facts` and `more` are members of its result, as JSON. @param id of the request, as written */
export const answerOf = (
  id: string,
  resultType: 'task' | 'complete',
  facts: string,
  more: Buffer | string = '',
): Buffer =>
  Buffer.concat([
    Buffer.from(`{"jsonrpc":"2.0","id":${id},"result":{"resultType":"${resultType}"${facts && `,${facts}`}`),
    Buffer.from(more),
    Buffer.from('}}'),
  ]);

/** The answer to `tasks/get`. */
export const stateOf = (kept: Kept, id: string): Buffer => {
  const name = PAYLOAD[kept.status];
  const more = name && kept.payload ? Buffer.concat([Buffer.from(`,"${name}":`), kept.payload]) : '';
  return answerOf(id, 'complete', factsOf(kept), more);
};

/** What the answer of a leg makes of its task. */
export const settled = (answer: Buffer): Pick<Kept, 'status' | 'said' | 'payload' | 'state'> => {
  const node = parseJson(answer);
  const text = (name: string, ...path: string[]): Buffer | null => {
    const found = at(node, ...path, name);
    return found ? answer.subarray(found.start, found.end) : null;
  };
  const error = text('error');
  if (error) return { status: 'failed', said: 'The call failed.', payload: error, state: null };
  if (stringOf(at(node, 'result', 'resultType')) !== 'input_required')
    return { status: 'completed', said: 'The call has run.', payload: text('result'), state: null };
  const state = stringOf(at(node, 'result', 'requestState')) ?? null;
  const asked = text('inputRequests', 'result');
  const status = asked ? 'input_required' : 'working';
  return { status, said: 'The server asks for input.', payload: asked, state };
};

/** The call under another id. */
export const withId = ({ bytes, node }: Message, id: string): Message => {
  const own = member(node, 'id');
  return own ? readMessage(replaceNodes(bytes, [[own, id]])) : readMessage(bytes);
};

/** The bytes of an answer to `server/discover`, in which the gateway's own tasks are declared. */
export const declareTasks = ({ intended, message }: Answered, bytes: Buffer): Buffer => {
  if (intended?.message.method !== 'server/discover' || intended.era !== 'modern') return bytes;
  const node = parseJson(bytes);
  const capabilities = at(node, 'result', 'capabilities');
  if (message.kind !== 'response' || capabilities?.kind !== 'object') return bytes;
  const extensions = member(capabilities, 'extensions');
  const declared = extensions?.kind === 'object' ? extensions : undefined;
  if (declared && member(declared, EXTENSION)) return bytes;
  const changed = declared
    ? changeMembers(bytes, declared, { [EXTENSION]: '{}' })
    : Buffer.from(JSON.stringify({ [EXTENSION]: {} }));
  return replaceNodes(bytes, [[capabilities, changeMembers(bytes, capabilities, { extensions: changed })]]);
};
