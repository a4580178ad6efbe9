/**
 * Tasks (extension `io.modelcontextprotocol/tasks` of revision 2026-07-28) for calls that wait for a person. The gateway
 * keeps the call; the poll that finds it decided runs it as a further leg, so that policy and token are looked at once
 * more and the answer is recorded, as for any other call. What it answered is kept for later polls.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.js';
import { at, stringOf } from '../base/json.js';
import type { Ulid } from '../base/ulid.js';
import type { Addressed, CallTask, Decided, Message } from '../model/call.js';
import type { Approvals, Ledger } from '../model/ports.js';
import { principalKey } from '../model/principal.js';
import { Pending } from './pending.js';
import { Refusal } from './refuse.js';
import { answerOf, change, factsOf, isFinal, type Kept, settled, sizeOf, stateOf, withId } from './task.js';

const PREFIX = 'cs-task-';
/** How long an answer is kept after the request's deadline, milliseconds. */
const KEEP = 15 * 60_000;
/** Tasks of one principal, tasks in all, and bytes of all calls and answers that are kept. */
const MOST_OWN = 20;
const MOST = 500;
const MOST_BYTES = 64 * 1024 ** 2;

/** The tasks that are kept, within bounds. */
const createKeep = (clock: Pick<Clock, 'now'>) => {
  const kept = new Map<string, Kept>();
  const sweep = (): void => {
    for (const [id, { ends, running }] of kept) if (ends <= clock.now() && !running) kept.delete(id);
  };
  const bytes = (): number => [...kept.values()].reduce((sum, one) => sum + sizeOf(one), 0);
  /** Forgets the oldest that are over until so many bytes fit. */
  const room = (size: number): boolean => {
    for (const [id, one] of kept) {
      if (bytes() + size <= MOST_BYTES) break;
      if (isFinal(one)) kept.delete(id);
    }
    return bytes() + size <= MOST_BYTES;
  };
  return {
    get: (id: string): Kept | undefined => {
      sweep();
      return kept.get(id);
    },
    add: (one: Kept): boolean => {
      sweep();
      const own = [...kept.values()].filter(({ owner }) => owner === one.owner).length;
      if (own >= MOST_OWN || kept.size >= MOST || !room(sizeOf(one))) return false;
      kept.set(one.id, one);
      return true;
    },
    room,
  };
};

/** What a call waits for. */
interface Waits {
  readonly approval: Ulid;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  readonly said: string;
}

/** The tasks of the gateway's own. */
export interface Tasks {
  /** Keeps a call that waits; the answer that creates its task, or undefined where no more can be kept. */
  begin(decided: Decided, waits: Waits): Buffer | undefined;
  /**
   * What goes on for a request: itself, or, for a poll of one's own task that is decided, the leg it runs.
   * @throws Pending with the answer to every other request about such a task; Refusal task_unknown
   */
  unfold(addressed: Addressed): Promise<Addressed>;
}

interface TasksDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly approvals: Pick<Approvals, 'get'>;
  readonly clock: Pick<Clock, 'now'>;
}

const createCallTask = (kept: Kept, keep: ReturnType<typeof createKeep>, clock: Pick<Clock, 'now'>): CallTask => {
  const end = (to: Parameters<typeof change>[1], id: string): Buffer => {
    change(kept, to, clock.now());
    kept.running = false;
    return stateOf(kept, id);
  };
  return {
    settle: (answer, id) => {
      const next = settled(answer);
      if (keep.room(next.payload?.length ?? 0)) return end({ ...next, responses: null }, id);
      const payload = Buffer.from('{"code":-31006,"message":"The answer is on record, but too long to be kept."}');
      return end({ status: 'failed', said: 'The answer could not be kept.', payload, responses: null }, id);
    },
    waits: (approval, said, id) => end({ approval, said }, id),
  };
};

/** A call as it is kept when it begins to wait. */
const keptOf = (decided: Decided, { approval, deadline, said }: Waits, now: number): Kept => ({
  id: `${PREFIX}${randomBytes(18).toString('base64url')}`,
  owner: principalKey(decided.principal),
  server: decided.server.id,
  message: decided.message,
  headers: decided.headers,
  approval,
  said,
  createdAt: now,
  changedAt: now,
  ends: deadline + KEEP,
  status: 'working',
  payload: null,
  state: null,
  responses: null,
  running: false,
});

/** Takes what the server of an undecided task asked for. */
const update = (kept: Kept, { bytes, node }: Message, now: number): void => {
  const responses = at(node, 'params', 'inputResponses');
  if (kept.status !== 'input_required' || responses?.kind !== 'object') return;
  const given = Buffer.from(bytes.subarray(responses.start, responses.end));
  change(kept, { status: 'working', said: 'The call goes on.', responses: given, payload: null }, now);
};

/** How an approval ended that no call can use any more. */
const ENDED = {
  denied: 'a reviewer denied it',
  expired: 'nobody decided in time',
  consumed: 'the approval was used by another call with the same arguments',
  cancelled: 'the request was withdrawn',
  revoked: 'the approval was revoked',
  forgotten: 'the request is not known any more',
} as const;

const failed = (why: string): Pick<Kept, 'status' | 'said' | 'payload'> => {
  const { code, message } = new Refusal('approval_denied', why);
  return { status: 'failed', said: `${message}.`, payload: Buffer.from(JSON.stringify({ code, message })) };
};

const CANCELLED = { status: 'cancelled', said: 'Cancelled by the client.', payload: null } as const;

const taskIdOf = ({ era, message }: Addressed): string | undefined => {
  const id = message.method?.startsWith('tasks/') ? stringOf(at(message.node, 'params', 'taskId')) : undefined;
  return era === 'modern' && id?.startsWith(PREFIX) ? id : undefined;
};

/** Tasks that live in this process; a restart forgets them, and the same call again finds its grant. */
export const createTasks = ({ ledger, approvals, clock }: TasksDeps): Tasks => {
  const keep = createKeep(clock);

  /** Every request about a task is on record before it is answered. */
  const answer = async ({ session, server, message }: Addressed, bytes: Buffer): Promise<never> => {
    const facts = { session, server: server.id, direction: 'to_server', kind: 'request' } as const;
    const d = { ...facts, method: message.method, call: null, forwarded: false, redactions: {} };
    const receipt = await ledger.append({ type: 'message', d });
    throw new Pending({ bytes, receipt, event: null, final: true, told: true });
  };

  /** Whether the call may go on: approved, or a further leg of one that has begun. A task whose approval ended fails. */
  const isDue = (kept: Kept): boolean => {
    if (kept.status !== 'working' || kept.running) return false;
    const state = approvals.get(kept.approval)?.state;
    if (kept.state !== null) return true;
    if (state !== 'pending' && state !== 'granted') change(kept, failed(ENDED[state ?? 'forgotten']), clock.now());
    return state === 'granted';
  };

  const poll = async (addressed: Addressed, kept: Kept, id: string): Promise<Addressed> => {
    if (!isDue(kept) || !kept.message) return answer(addressed, stateOf(kept, id));
    kept.running = true;
    const { state, responses, headers } = kept;
    const retry = state === null ? null : { state, responses };
    return { ...addressed, message: withId(kept.message, id), headers, retry, task: createCallTask(kept, keep, clock) };
  };

  return {
    begin: (decided, waits) => {
      const kept = keptOf(decided, waits, clock.now());
      return keep.add(kept) ? answerOf(decided.message.id ?? 'null', 'task', factsOf(kept)) : undefined;
    },
    unfold: async (addressed) => {
      const name = taskIdOf(addressed);
      if (name === undefined) return addressed;
      const { message, principal, server } = addressed;
      const kept = keep.get(name);
      if (kept?.owner !== principalKey(principal) || kept.server !== server.id) throw new Refusal('task_unknown');
      const id = message.id ?? 'null';
      if (message.method === 'tasks/get') return poll(addressed, kept, id);
      if (message.method === 'tasks/update') update(kept, message, clock.now());
      else if (message.method === 'tasks/cancel') change(kept, CANCELLED, clock.now());
      else throw new Refusal('unknown_method');
      return answer(addressed, answerOf(id, 'complete', ''));
    },
  };
};
