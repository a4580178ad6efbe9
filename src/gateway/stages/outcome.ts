/** Masks and records what a server says: outcomes of calls, and every message beside them. */
import type { Clock } from '../../base/clock.js';
import { at, member } from '../../base/json.js';
import type { Answered, Intended, Masked, Message, Recorded } from '../../model/call.js';
import type { Ledger } from '../../model/ports.js';
import type { RecordDraft, ResultStatus } from '../../model/record.js';
import {
  type MaskAbout,
  type MaskFor,
  redactionFacts,
  redactionPayload,
  type SealMessage,
  sealedPayload,
} from '../../model/redaction.js';
import { awsRequestIds } from '../aws-request-ids.js';
import { oneLine } from '../one-line.js';
import { revisionOf } from '../protocol/2025-11-25/message.js';
import { errorBytes, maskingRefusal, Refusal } from '../refuse.js';
import { type Resuming, withSealedState } from '../resume.js';
import { type Sessions, underwayKey } from '../sessions.js';
import type { createSplits } from '../split.js';
import type { ToolDefinitions } from '../tools.js';

export interface OutcomeDeps {
  readonly ledger: Pick<Ledger, 'append'>;
  readonly maskFor: MaskFor;
  readonly sessions: Pick<Sessions, 'get' | 'close'>;
  readonly tools: ToolDefinitions;
  readonly clock: Clock;
}

/** Whether this is the answer of its call, rather than a message on its stream. */
const isAnswer = ({ intended, message }: Answered): boolean => intended !== null && message.kind === 'response';

const statusOf = (message: Message): ResultStatus => {
  if (member(message.node, 'error')) return 'protocol_error';
  const isError = at(message.node, 'result', 'isError');
  if (isError?.kind === 'literal' && isError.value === true) return 'tool_error';
  const resultType = at(message.node, 'result', 'resultType');
  return resultType?.kind === 'string' && resultType.value === 'input_required' ? 'input_required' : 'ok';
};

const aboutOf = ({ intended }: Answered): MaskAbout => ({
  direction: 'to_client',
  tool: intended?.message.method === 'tools/call' ? intended.target : null,
  groups: intended?.principal.groups ?? [],
  profile: intended?.decision.masking ?? null,
  base: '',
});

export interface MaskDeps extends Pick<OutcomeDeps, 'maskFor'> {
  readonly resuming: Resuming;
  readonly visible: (answered: Answered) => Buffer;
  readonly seal?: SealMessage | undefined;
  readonly splits: ReturnType<typeof createSplits>;
}

/** An answer that asks for input, to a client that can be asked. */
const withState = ({ resuming }: MaskDeps, masked: Masked): Masked => {
  const { intended, message } = masked;
  if (intended?.era !== 'modern') return masked;
  return { ...masked, outgoing: withSealedState(masked.masked, message, intended, resuming) };
};

/** Masking that fails blocks: an answer becomes an error, anything else is kept back. */
export const createMask =
  (deps: MaskDeps) =>
  async (answered: Answered): Promise<Masked> => {
    const status = isAnswer(answered) ? (answered.failure ?? statusOf(answered.message)) : null;
    try {
      const mask = deps.maskFor(answered.server, aboutOf(answered));
      const { bytes, redactions } = await mask(deps.visible(answered));
      if (await deps.splits.isSplit(answered, mask)) throw new Refusal('masking', 'a value is split over two events');
      const sealed = deps.seal ? await deps.seal(answered.message.bytes) : null;
      const masked = { ...answered, masked: oneLine(bytes), redactions, status, sealed };
      return status === 'input_required' ? withState(deps, masked) : masked;
    } catch (error) {
      const refusal = maskingRefusal(error);
      const masked = errorBytes(refusal, answered.message.id);
      const blocked = {
        ...answered,
        masked,
        redactions: [],
        status: 'blocked_by_masking',
        problem: refusal.message,
      } as const;
      return status !== null ? blocked : { ...blocked, deliverable: false };
    }
  };

const resultDraft = (masked: Masked, intended: Intended, status: ResultStatus, now: number): RecordDraft => ({
  type: 'result',
  d: {
    call: intended.call,
    intent: intended.intent.seq,
    status,
    ms: now - intended.startedAt,
    bytes: masked.message.bytes.length,
    ...redactionFacts(masked.redactions),
    aws_request_ids: masked.server.aws ? awsRequestIds(masked.message.node) : [],
  },
  payloads: {
    result: masked.masked,
    ...redactionPayload(masked.redactions),
    ...sealedPayload(masked.sealed),
  },
});

const messageDraft = (masked: Masked): RecordDraft => ({
  type: 'message',
  d: {
    session: masked.session,
    server: masked.server.id,
    direction: 'to_client',
    kind: masked.message.kind,
    method: masked.message.method,
    call: masked.intended?.call ?? null,
    forwarded: masked.deliverable,
    ...redactionFacts(masked.redactions),
  },
  payloads: { content: masked.masked, ...redactionPayload(masked.redactions), ...sealedPayload(masked.sealed) },
});

/** What the gateway learns from an outcome once it is on disk. */
const learn = async (deps: OutcomeDeps, masked: Masked, intended: Intended): Promise<void> => {
  const session = deps.sessions.get(masked.session);
  const { method } = intended.message;
  session?.underway.get(underwayKey(intended))?.settle();
  if (method === 'tools/list' && masked.status === 'ok')
    await deps.tools.observe(masked.server.id, masked.message, deps.maskFor(masked.server, aboutOf(masked)));
  if (method !== 'initialize' || !session) return;
  if (masked.status !== 'ok') return deps.sessions.close(session, 'the server did not open the session');
  session.open = true;
  session.revision = revisionOf(masked.message) ?? null;
};

/** Status of the HTTP response that is an error alone (MCP specification 2026-07-28, "Request Metadata"). */
const HTTP: Readonly<Record<number, number>> = {
  [-32_700]: 400,
  [-32_600]: 400,
  [-32_601]: 404,
  [-32_020]: 400,
  [-32_021]: 400,
  [-32_022]: 400,
};

const httpOf = ({ node }: Message): number => {
  const code = at(node, 'error', 'code');
  return (code?.kind === 'number' ? HTTP[code.value] : undefined) ?? 200;
};

export const createRecord =
  (deps: OutcomeDeps) =>
  async (masked: Masked): Promise<Recorded | undefined> => {
    const { intended, status, event, deliverable } = masked;
    if (status === 'blocked_by_masking') {
      const problem = masked.problem ?? 'a message could not be masked and was kept back';
      await deps.ledger.append({ type: 'masking', d: { event: 'failure', call: intended?.call ?? null, problem } });
    }
    if (intended === null || !isAnswer(masked)) {
      const receipt = await deps.ledger.append(messageDraft(masked));
      return deliverable ? { bytes: masked.masked, receipt, event, final: false } : undefined;
    }
    const draft = resultDraft(masked, intended, status ?? 'unknown', deps.clock.monotonic());
    const receipt = await deps.ledger.append(draft);
    await learn(deps, masked, intended);
    const http = intended.era === 'modern' ? httpOf(masked.message) : 200;
    return { bytes: masked.outgoing ?? masked.masked, receipt, event, final: true, http };
  };
