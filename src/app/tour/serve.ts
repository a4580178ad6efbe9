/** What the demo leaves running: gateway, page of approvals and report, with calls that go on and one that waits. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { reason } from '../../base/errors.js';
import { resolveArguments } from '../../demo/plan.js';
import type { PlanCall, PlanPerson } from '../../demo/plan-model.js';
import { type Clients, createClients } from './clients.js';
import { approvalAudience, publicUrl } from './configuration.js';
import type { Narrate } from './narrate.js';
import { type ReportServer, serveReport } from './report-server.js';
import type { World } from './world.js';

/** Who can log in, at a provider without passwords. */
export interface DemoLogin {
  readonly name: string;
  readonly groups: readonly string[];
  /** Whether this person may approve what others ask for. */
  readonly reviewer: boolean;
}

export interface ServedDemo {
  /** The page of approvals. */
  readonly approvals: string;
  /** The evidence package, opened at the report. */
  readonly report: string;
  /** Addresses of MCP servers behind the gateway. */
  readonly servers: readonly string[];
  readonly logins: readonly DemoLogin[];
  /** Begins with the calls; what becomes of them is narrated. */
  begin(): void;
  /** Ends all of it. */
  close(): Promise<void>;
}

export interface ServeAsk {
  readonly world: World;
  /** The evidence package. */
  readonly packageDir: string;
  /** What the file server serves. */
  readonly files: string;
  readonly narrate: Narrate;
}

/** Between two ordinary calls, and from one decided request to the next, milliseconds. */
const PACE_MS = 3_000;
const PAUSE_MS = 8_000;
/** Tokens of the demo end after an hour: clients begin anew before. */
const CLIENTS_MS = 30 * 60_000;

const REVIEWERS = 'platform-leads';

/** What the sample account did after its logs were delivered would look like calls without effect. */
const isLocal = ({ server }: PlanCall): boolean => server !== 'cloud';

/** Code of the gateway's own error for a call that was not approved. */
const NOT_APPROVED = -31_002;
const coded = z.object({ code: z.literal(NOT_APPROVED) });

const waitingAnswer = z.looseObject({ _meta: z.looseObject({ 'countersign/approval': z.string() }) });

/** Logged-in clients, replaced before their tokens end. */
type Renewed = ReturnType<typeof createRenewed>;

const createRenewed = (world: World) => {
  let current: Clients | null = null;
  let since = 0;
  return {
    async get(): Promise<Clients> {
      if (current && Date.now() - since < CLIENTS_MS) return current;
      await current?.close();
      current = createClients(world, approvalAudience(world.ports));
      since = Date.now();
      return current;
    },
    async close(): Promise<void> {
      await current?.close();
    },
  };
};

/** One call; `waits` where a person did not decide within the time that the gateway holds a client. */
const callOnce = async (clients: Clients, planned: PlanCall, files: string): Promise<'ran' | 'waits'> => {
  const client = await clients.open(planned);
  const answer = await client.callTool({ name: planned.tool, arguments: resolveArguments(planned, files) });
  return waitingAnswer.safeParse(answer).success ? 'waits' : 'ran';
};

/** Resolves early where it ends. */
const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});

/** Ordinary calls of the plan, again and again: what is denied stays denied. */
const keepCalling = async (
  renewed: Renewed,
  calls: readonly PlanCall[],
  files: string,
  signal: AbortSignal,
): Promise<void> => {
  for (let i = 0; !signal.aborted; i++) {
    const planned = calls[i % calls.length];
    if (!planned) return;
    // Policy denies some of them; a gateway that is stopped answers none.
    await callOnce(await renewed.get(), planned, files).catch(() => {});
    await pause(PACE_MS, signal);
  }
};

/** A write that waits for a person, and after each decision another. */
const keepAsking = async (
  renewed: Renewed,
  { world, files, narrate }: ServeAsk,
  signal: AbortSignal,
): Promise<void> => {
  const [asks] = world.plan.people;
  if (!asks) return;
  for (let i = 1; !signal.aborted; i++) {
    const planned = writeOf(asks, i);
    narrate('held', `${asks.name} ${planned.says}; it waits for you on the page of approvals`);
    const outcome = await untilDecided(renewed, planned, files, signal);
    if (signal.aborted) return;
    narrate(
      outcome === 'ran' ? 'allowed' : 'denied',
      outcome === 'ran' ? 'approved; the call ran, once' : 'not approved; the call did not run',
    );
    await pause(PAUSE_MS, signal);
  }
};

const writeOf = (person: PlanPerson, i: number): PlanCall => ({
  key: `served-${i}`,
  by: person.id,
  connection: `${person.id}/files/asks`,
  server: 'files',
  tool: 'write_file',
  args: { path: `FOLDER/handbook/shift-${i}.md`, content: `# Notes of shift ${i}\n` },
  says: `asks to write handbook/shift-${i}.md`,
  expect: 'approved',
  reviews: [],
});

const untilDecided = async (
  renewed: Renewed,
  planned: PlanCall,
  files: string,
  signal: AbortSignal,
): Promise<'ran' | 'refused'> => {
  while (!signal.aborted) {
    try {
      if ((await callOnce(await renewed.get(), planned, files)) === 'ran') return 'ran';
    } catch (error) {
      if (!coded.safeParse(error).success && !signal.aborted) throw error;
      return 'refused';
    }
  }
  return 'refused';
};

/** Starts the gateway again, beside what still runs, and shows the package. */
export const serveWorld = async (ask: ServeAsk): Promise<ServedDemo> => {
  const { world, packageDir, files } = ask;
  const gateway = await world.startAgain();
  const report: ReportServer = await serveReport(packageDir);
  const ending = new AbortController();
  const [calling, asking] = [createRenewed(world), createRenewed(world)];
  const calls = world.plan.calls.filter((call) => isLocal(call) && call.reviews.length === 0);
  const failed = (error: unknown): void => ask.narrate('bad', `no further calls are made: ${reason(error)}`);
  let work: readonly Promise<void>[] = [];
  return {
    approvals: `http://localhost:${world.ports.admin}/`,
    report: report.url,
    servers: world.settings.servers.map(({ id }) => `${publicUrl(world.ports)}/${id}/mcp`),
    logins: world.plan.people.map(({ name, groups }) => ({ name, groups, reviewer: groups.includes(REVIEWERS) })),
    begin: () => {
      const { signal } = ending;
      work = [keepCalling(calling, calls, files, signal), keepAsking(asking, ask, signal)].map((one) =>
        one.catch(failed),
      );
    },
    close: async () => {
      ending.abort();
      // A call that waits ends with its session.
      await gateway.close('the demo is over');
      await Promise.all(work);
      await Promise.all([calling.close(), asking.close()].map((closed) => closed.catch(() => {})));
      await report.close();
    },
  };
};
