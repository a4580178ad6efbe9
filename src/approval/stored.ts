/** Requests rebuilt from the `approval` records of the ledger. */
import { z } from 'zod';
import type { KeyedDigest } from '../base/digest.js';
import { CountersignError } from '../base/errors.js';
import { at, JsonError, parseJson, stringOf } from '../base/json.js';
import { isUlid } from '../base/ulid.js';
import type { Approval, ApprovalDecision, ToolFacts } from '../model/approval.js';
import { principalKey } from '../model/principal.js';
import type { Requester } from './people.js';
import { evolve, type Transition } from './state.js';

/** An `approval` record as read from the ledger, whose chain is verified already. */
export interface StoredApproval {
  /** The record's `d`. */
  readonly d: unknown;
  /** Payloads by name, JSON text. Those that were erased are absent; ours are never long enough for a file. */
  readonly payloads: Readonly<Record<string, string | { readonly data: string } | { readonly blob: string }>>;
  /** Time of the record: RFC 3339, or milliseconds since 1970. */
  readonly t: string | number;
  /** Leaf hash of the record, hex. */
  readonly leaf?: string;
}

export interface Rebuilt {
  readonly approval: Approval;
  readonly requester: Requester;
  /** False where the arguments were erased: nobody could judge them. */
  readonly complete: boolean;
}

const id = z.string().refine(isUlid);
const facts = z.object({ iss: z.string().min(1), sub: z.string().min(1) });
const keyed = z.custom<KeyedDigest>((value) => typeof value === 'string' && /^hs256:[^:]+:[^:]+$/.test(value));
/** Further members (commitments to payloads, fields of later versions) are let through unread. */
const schema = z.object({
  event: z.enum(['requested', 'approved', 'denied', 'granted', 'consumed', 'expired', 'cancelled', 'revoked']),
  approval: id,
  rule: z.string(),
  session: id,
  requester: facts.extend({
    act: z.string().nullish().default(null),
    client_id: z.string().nullish().default(null),
    groups: z.array(z.string()).default([]),
  }),
  policy_rule: z.string().nullish().default(null),
  every_group: z.boolean().default(false),
  passkey_required: z.boolean().default(false),
  passkey: z.object({ credential: z.string() }).nullish(),
  window: z
    .object({ ms: z.int().positive(), uses: z.int().positive(), tools: z.array(z.string()) })
    .nullish()
    .transform((window) => (window ? { duration: window.ms, uses: window.uses, tools: window.tools } : null)),
  server: z.string(),
  tool: z.string(),
  args: keyed,
  definition: z.string().nullable(),
  policy: z.string(),
  deadline: z.iso.datetime().transform((text) => Date.parse(text)),
  needed: z.int().positive(),
  reviewers: z.array(z.string()),
  by: facts.extend({ groups: z.array(z.string()).default([]) }).nullable(),
});
type Body = z.infer<typeof schema>;

const invalid = (problem: string): CountersignError => new CountersignError('APPROVAL_RECORD_INVALID', { problem });

const timeOf = (t: string | number): number => {
  const ms = typeof t === 'number' ? t : Date.parse(t);
  if (!Number.isFinite(ms)) throw invalid('its time cannot be read');
  return ms;
};

const payload = ({ payloads }: StoredApproval, name: string): string | undefined => {
  const found = payloads[name];
  if (found === undefined || typeof found === 'string') return found;
  return 'data' in found ? found.data : undefined;
};

const json = (text: string | undefined) => {
  try {
    return text === undefined ? undefined : parseJson(Buffer.from(text));
  } catch (error) {
    if (error instanceof JsonError) throw invalid(`a payload is not JSON: ${error.message}`);
    throw error;
  }
};

const personName = (record: StoredApproval, fallback: string): string => {
  const person = json(payload(record, 'person'));
  return stringOf(at(person, 'name')) ?? stringOf(at(person, 'email')) ?? fallback;
};

const toolFacts = (record: StoredApproval): ToolFacts => {
  const tool = json(payload(record, 'tool'));
  const destructive = at(tool, 'destructive');
  return {
    description: stringOf(at(tool, 'description')) ?? null,
    destructive: destructive?.kind === 'literal' && destructive.value === true,
  };
};

const requested = (body: Body, record: StoredApproval): Rebuilt => {
  const { requester, server, tool, args, definition, policy } = body;
  const key = principalKey({ issuer: requester.iss, subject: requester.sub });
  const maskedArgs = payload(record, 'args');
  return {
    approval: {
      id: body.approval,
      binding: { principal: key, server, tool, args, definition, policy },
      session: body.session,
      rule: body.rule,
      policyRule: body.policy_rule ?? null,
      requester: {
        key,
        name: personName(record, requester.sub),
        groups: requester.groups,
        agent: requester.act ?? null,
        reason: stringOf(json(payload(record, 'reason'))) ?? null,
      },
      tool: toolFacts(record),
      maskedArgs: maskedArgs ?? '{}',
      requestedAt: timeOf(record.t),
      deadline: body.deadline,
      needed: body.needed,
      reviewers: body.reviewers,
      everyGroup: body.every_group,
      passkey: body.passkey_required,
      window: body.window,
      uses: 0,
      definitions: {},
      leaf: record.leaf ?? null,
      decisions: [],
      state: 'pending',
    },
    requester: {
      issuer: requester.iss,
      subject: requester.sub,
      actor: requester.act ?? null,
      clientId: requester.client_id ?? null,
    },
    complete: maskedArgs !== undefined,
  };
};

const transitionOf = (body: Body, record: StoredApproval): Transition | null => {
  const { event, by } = body;
  if (event === 'requested') return null;
  if (event === 'granted') return body.window ? { event, ends: body.deadline } : { event };
  if (event === 'consumed') return body.window ? { event, tool: body.tool, definition: body.definition } : { event };
  if (event !== 'approved' && event !== 'denied') return { event };
  if (!by) throw invalid('a decision names nobody');
  const decision: ApprovalDecision = {
    by: principalKey({ issuer: by.iss, subject: by.sub }),
    name: personName(record, by.sub),
    verdict: event === 'approved' ? 'approve' : 'deny',
    reason: stringOf(json(payload(record, 'reason'))) ?? null,
    at: timeOf(record.t),
    groups: by.groups,
    signed: Boolean(body.passkey),
  };
  return { event, decision };
};

/**
 * Replays records in the ledger's order. Transitions of a request whose first record is not among them
 * (pruned) are passed over: without it nothing can be granted.
 * @returns the requests, and the time of the last record, milliseconds since 1970
 * @throws CountersignError APPROVAL_RECORD_INVALID
 */
export const rebuild = (records: Iterable<StoredApproval>): { requests: Rebuilt[]; lastAt: number } => {
  const requests = new Map<string, Rebuilt>();
  let lastAt = Number.NEGATIVE_INFINITY;
  for (const record of records) {
    const parsed = schema.safeParse(record.d);
    if (!parsed.success) {
      throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
    }
    lastAt = Math.max(lastAt, timeOf(record.t));
    const transition = transitionOf(parsed.data, record);
    const known = requests.get(parsed.data.approval);
    if (transition === null) {
      if (!known) requests.set(parsed.data.approval, requested(parsed.data, record));
    } else if (known) {
      requests.set(parsed.data.approval, { ...known, approval: evolve(known.approval, transition) });
    }
  }
  return { requests: [...requests.values()], lastAt };
};
