import { canonical } from '../../base/canonical.js';
import type { KeyedDigester } from '../../base/digest.js';
import { at, compactJson, member, stringOf, toValue } from '../../base/json.js';
import type { Ulid } from '../../base/ulid.js';
import type { Addressed, Decided } from '../../model/call.js';
import type { Decision } from '../../model/decision.js';
import type { MaskAbout, MaskFor, SealMessage } from '../../model/redaction.js';
import { refusedResource } from '../listened.js';
import { maskedText } from '../masked-text.js';
import type { Judge } from '../policy-call.js';
import { targetOf } from '../protocol/2025-11-25/message.js';
import { type Declared, parametersAgree } from '../protocol/2026-07-28/parameters.js';
import { joinRetry } from '../protocol/2026-07-28/retry.js';
import { maskingRefusal, Refusal } from '../refuse.js';
import type { Resuming } from '../resume.js';
import type { ToolDefinitions } from '../tools.js';

export interface DecideDeps {
  readonly judge: Judge;
  readonly digest: KeyedDigester;
  readonly tools: Pick<ToolDefinitions, 'get'>;
  readonly maskFor: MaskFor;
  readonly seal?: SealMessage | undefined;
  readonly resuming: Pick<Resuming, 'open'>;
  readonly newCall: () => Ulid;
}

const NO_PARAMS = { digest: null, masked: Buffer.from('null'), redactions: [] } as const;

/** The rule that decided may name the profile that masks. */
type Judged = Addressed & Pick<Decided, 'decision'>;

const aboutOf = ({ message, principal, decision }: Judged, base: string): MaskAbout => ({
  direction: 'to_server',
  profile: decision.masking ?? null,
  tool: message.method === 'tools/call' ? targetOf(message) : null,
  groups: principal.groups,
  base,
});

/** The arguments as recorded: masked, and named by a keyed digest of their canonical form. */
const readArguments = async (deps: DecideDeps, addressed: Judged): Promise<Decided['arguments']> => {
  const { message, server } = addressed;
  const params = member(message.node, 'params');
  const isTool = message.method === 'tools/call';
  const node = isTool ? member(params, 'arguments') : params;
  // A tool called without arguments is called with none: `{}` is what a grant for it names.
  if (!node) return isTool ? { ...NO_PARAMS, digest: deps.digest('args', '{}'), masked: Buffer.from('{}') } : NO_PARAMS;
  try {
    const compact = compactJson(message.bytes.subarray(node.start, node.end));
    const base = isTool ? '/params/arguments' : '/params';
    const { bytes, redactions } = await deps.maskFor(server, aboutOf(addressed, base))(compact);
    return { digest: deps.digest('args', canonical(toValue(node))), masked: bytes, redactions };
  } catch (error) {
    throw maskingRefusal(error, 'the arguments could not be masked for the record');
  }
};

/** Longest reason of a caller, in characters; a longer one is none. */
const MAX_REASON = 1_000;

/** Why the call is made, as the caller says (MCP `_meta`). */
const reasonOf = ({ message }: Addressed): string | null => {
  const reason = stringOf(at(message.node, 'params', '_meta', 'countersign/reason'))?.trim();
  return reason && reason.length <= MAX_REASON ? reason : null;
};

/** Masked: it goes into records and to reviewers. */
const maskedReason = ({ maskFor }: DecideDeps, addressed: Judged, reason: string): Promise<string> =>
  maskedText(maskFor(addressed.server, aboutOf(addressed, '/params/_meta/countersign~1reason')), reason);

/** The state of the caller's trace, which is free text: it is passed on and recorded where masking finds nothing in it. */
const cleanTraceState = async (
  { maskFor }: DecideDeps,
  addressed: Judged,
  traceState: string,
): Promise<string | null> => {
  const { server } = addressed;
  const about = aboutOf(addressed, '/params/_meta/tracestate');
  try {
    return (await maskedText(maskFor(server, about), traceState)) === traceState ? traceState : null;
  } catch {
    return null;
  }
};

const MOST_CLEAN = 4_096;
const MAX_CLEAN = 256;

/** Names of tools come again and again: those in which masking found nothing are remembered. */
const createClean = () => {
  const clean = new Set<string>();
  return {
    has: (key: string): boolean => clean.has(key),
    add: (key: string): void => {
      if (clean.size >= MOST_CLEAN) clean.clear();
      clean.add(key);
    },
  };
};

const recordedTarget = async (
  { maskFor }: DecideDeps,
  addressed: Judged,
  target: string | null,
  clean: ReturnType<typeof createClean>,
): Promise<string | null> => {
  if (target === null) return null;
  const about = aboutOf(addressed, '/params/name');
  const key = target.length > MAX_CLEAN ? '' : JSON.stringify([addressed.server.id, about, target]);
  if (clean.has(key)) return target;
  try {
    const written = await maskedText(maskFor(addressed.server, about), target);
    if (written === target && key !== '') clean.add(key);
    return written;
  } catch (error) {
    throw maskingRefusal(error, 'the target could not be masked for the record');
  }
};

const sealedRequest = async (seal: SealMessage, { message }: Addressed): Promise<string> => {
  try {
    return await seal(message.bytes);
  } catch {
    throw new Refusal('masking', 'the request could not be sealed for the record');
  }
};

/** A reason names its target: where the target holds what is masked, the reason must not show it. */
const withoutTarget = (decision: Decision, target: string | null, written: string | null): Decision => ({
  ...decision,
  reason: decision.reason.replaceAll(target ?? '', written ?? ''),
});

/** What an earlier leg left, and the message as the server gets it. */
const resume = (
  { resuming }: DecideDeps,
  addressed: Addressed,
  { effect, policy }: Decision,
): Pick<Decided, 'message' | 'resumed'> => {
  const { message, retry } = addressed;
  const resumed = retry === null || effect === 'deny' ? null : resuming.open(addressed, policy);
  return resumed?.asked === 'server'
    ? { message: joinRetry(message, resumed.state, retry?.responses ?? null), resumed }
    : { message, resumed };
};

/** What headers bear of the arguments is what the arguments are: a server over stdio cannot see the headers. */
const checkParameters = ({ era, message, mirrored }: Addressed, declared: readonly Declared[] = []): void => {
  if (era === 'modern' && !parametersAgree(declared, message, mirrored))
    throw new Refusal('header_mismatch', 'Mcp-Param');
};

type ForRecord = Pick<Decided, 'requestReason' | 'traceState' | 'arguments' | 'sealed'>;

/** What the record holds of the call. Most calls have nothing but arguments, and wait for nothing else. */
const forRecord = async (deps: DecideDeps, judged: Judged): Promise<ForRecord> => {
  const { traceState } = judged;
  const reason = reasonOf(judged);
  return {
    requestReason: reason === null ? null : await maskedReason(deps, judged, reason),
    traceState: traceState === null ? null : await cleanTraceState(deps, judged, traceState),
    arguments: await readArguments(deps, judged),
    sealed: deps.seal ? await sealedRequest(deps.seal, judged) : null,
  };
};

/** Policy over the call as it will be forwarded, and all that an approval or the record needs to know of it. */
export const createDecide = (deps: DecideDeps) => {
  const clean = createClean();
  return async (addressed: Addressed): Promise<Decided> => {
    const { message, server } = addressed;
    const method = message.method ?? '';
    const target = targetOf(message);
    const decision = refusedResource(deps.judge, addressed) ?? deps.judge(addressed);
    const judged = { ...addressed, decision };
    const written = await recordedTarget(deps, judged, target, clean);
    const definition = method === 'tools/call' && target !== null ? deps.tools.get(server.id, target) : undefined;
    checkParameters(addressed, definition?.declared);
    return {
      ...addressed,
      ...resume(deps, addressed, decision),
      call: deps.newCall(),
      target,
      recordedTarget: written,
      decision: target === written ? decision : withoutTarget(decision, target, written),
      risk: decision.risk === 'high' || definition?.destructive === true ? 'high' : 'low',
      definition: definition?.digest ?? null,
      ...(await forRecord(deps, judged)),
    };
  };
};
