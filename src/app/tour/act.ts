/** The calls of the plan, made and reviewed; what each came to is compared with what the plan says. */
import { z } from 'zod';
import { CountersignError } from '../../base/errors.js';
import { resolveArguments } from '../../demo/plan.js';
import type { PlanCall, PlanReview } from '../../demo/plan-model.js';
import { type ApprovalsClient, adminUrl, createApprovalsClient } from '../approvals.js';
import type { Clients } from './clients.js';
import type { Narrate } from './narrate.js';
import type { World } from './world.js';

type Came = 'ok' | 'denied' | 'rejected';

interface Outcome {
  readonly came: Came;
  /** AWS request id in the answer. */
  readonly requestId: string | undefined;
}

const structured = z.object({ structuredContent: z.object({ requestId: z.string() }) });
const coded = z.object({ code: z.number() });
/** Codes of the gateway's own errors. */
const DENIED = -31_001;
const NOT_APPROVED = -31_002;

const call = async (clients: Clients, planned: PlanCall, folder: string): Promise<Outcome> => {
  const client = await clients.open(planned);
  try {
    const result = await client.callTool({ name: planned.tool, arguments: resolveArguments(planned, folder) });
    const parsed = structured.safeParse(result);
    if (result.isError === true)
      throw new CountersignError('DEMO_FAILED', { problem: `${planned.key} failed on its server` });
    return { came: 'ok', requestId: parsed.success ? parsed.data.structuredContent.requestId : undefined };
  } catch (error) {
    const code = coded.safeParse(error).data?.code;
    if (code === DENIED) return { came: 'denied', requestId: undefined };
    if (code === NOT_APPROVED) return { came: 'rejected', requestId: undefined };
    throw error;
  }
};

/** Waits until the request of this call shows up among those a reviewer may see. */
const waitingRequest = async (approvals: ApprovalsClient, planned: PlanCall): Promise<string> => {
  for (let tries = 0; tries < 200; tries++) {
    const found = (await approvals.list(false)).find(
      ({ tool, server }) => tool === planned.tool && server === planned.server,
    );
    if (found) return found.id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new CountersignError('DEMO_FAILED', { problem: `${planned.key} was not put up for approval` });
};

const review = async (
  world: World,
  clients: Clients,
  planned: PlanCall,
  verdict: PlanReview,
): Promise<PlanReview['outcome']> => {
  const url = adminUrl(world.settings.gateway.admin);
  const approvals = createApprovalsClient({ url, token: await clients.reviewerToken(verdict.by) });
  const id = await waitingRequest(approvals, planned);
  try {
    await approvals.decide(id, verdict.verdict, verdict.reason);
    return 'accepted';
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'APPROVAL_REFUSED') return 'refused';
    throw error;
  }
};

const EXPECTED: Readonly<Record<PlanCall['expect'], Came>> = {
  ok: 'ok',
  denied: 'denied',
  approved: 'ok',
  rejected: 'rejected',
};

const nameOf = ({ plan }: World, id: string): string => plan.people.find((person) => person.id === id)?.name ?? id;

const saysReview = (world: World, { by, verdict, outcome }: PlanReview): string => {
  if (outcome === 'refused') return `${nameOf(world, by)} tries to approve that; refused, it is their own request`;
  return `${nameOf(world, by)} ${verdict === 'approve' ? 'approves' : 'denies'} it, for exactly these arguments`;
};

const WORD: Readonly<Record<Came, string>> = { ok: 'ran', denied: 'denied by policy', rejected: 'not run' };

/** @returns the AWS request ids of the calls, by key of the plan */
export const performCalls = async (
  world: World,
  clients: Clients,
  folder: string,
  narrate: Narrate,
): Promise<ReadonlyMap<string, string>> => {
  const requestIds = new Map<string, string>();
  for (const planned of world.plan.calls) {
    const running = call(clients, planned, folder);
    const who = nameOf(world, planned.by);
    if (planned.reviews.length > 0) narrate('held', `${who} ${planned.says}; held for a second person`);
    // A call that fails while it is reviewed shows below, where it is awaited.
    running.catch(() => {});
    for (const verdict of planned.reviews) {
      const outcome = await review(world, clients, planned, verdict);
      narrate(outcome === 'accepted' ? 'note' : 'denied', saysReview(world, verdict));
      if (outcome !== verdict.outcome)
        throw new CountersignError('DEMO_FAILED', { problem: `a review of ${planned.key} was ${outcome}` });
    }
    const { came, requestId } = await running;
    if (came !== EXPECTED[planned.expect])
      throw new CountersignError('DEMO_FAILED', { problem: `${planned.key} came out as ${came}` });
    if (requestId !== undefined) requestIds.set(planned.key, requestId);
    const subject = planned.reviews.length > 0 ? `the call of ${who}` : `${who} ${planned.says}`;
    narrate(came === 'ok' ? 'allowed' : 'denied', `${subject}: ${WORD[came]}`);
  }
  return requestIds;
};

/** A token for approvals opens no MCP path, and a token for calls no approval. */
export const performBadTokens = async (world: World, clients: Clients, narrate: Narrate): Promise<void> => {
  const person = world.plan.people[0]?.id ?? '';
  const token = await clients.reviewerToken(person);
  const response = await fetch(`${world.gateway.url}/files/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
  });
  await response.body?.cancel();
  if (response.status !== 401)
    throw new CountersignError('DEMO_FAILED', { problem: `an approval token was answered with ${response.status}` });
  narrate('denied', `a token for approvals is shown on an MCP path: refused, and on record`);
};
