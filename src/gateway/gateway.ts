/** Puts the stages together. Everything they need comes in as an argument. */

import type { Clock } from '../base/clock.js';
import type { KeyedDigester } from '../base/digest.js';
import { ulid } from '../base/ulid.js';
import type { Upstreams } from '../model/call.js';
import type { Approvals, Authenticator, Ledger, Policy } from '../model/ports.js';
import type { AuthRefusal } from '../model/principal.js';
import type { MaskFor, SealMessage } from '../model/redaction.js';
import type { ServerSettings, Settings } from '../model/settings.js';
import type { ToolRecord } from '../model/tool.js';
import type { Tracer } from '../model/trace.js';
import { createEras } from './bridge/eras.js';
import { createConverse } from './bridge/open.js';
import { createMaskEvent } from './event-fields.js';
import { hostsServed } from './head.js';
import { createLimits, DEFAULT_REQUEST_LIMITS } from './limits.js';
import { createListener } from './listener.js';
import { createListening } from './listening.js';
import { createPipeline, type Stages } from './pipeline.js';
import { createJudge } from './policy-call.js';
import { createRequestStates } from './request-state.js';
import { createResuming } from './resume.js';
import type { HttpServer, ServerTls } from './server.js';
import { Sessions } from './sessions.js';
import { createSplits } from './split.js';
import { createAddress } from './stages/address.js';
import { createAuthenticate } from './stages/authenticate.js';
import { createDecide } from './stages/decide.js';
import { createForward } from './stages/forward.js';
import { createGrant } from './stages/grant.js';
import { createIntend } from './stages/intend.js';
import { createMask, createRecord } from './stages/outcome.js';
import { createRelay } from './stages/relay.js';
import { createStrangers, type Strangers } from './strangers.js';
import { declareTasks } from './task.js';
import { createTasks } from './tasks.js';
import { createToolDefinitions, type ToolDefinitions } from './tools.js';
import { traceStages } from './tracing.js';
import { createVisible } from './visible.js';

export interface GatewayDeps {
  readonly settings: Pick<Settings, 'gateway' | 'servers'>;
  readonly ledger: Ledger;
  readonly authenticator: Authenticator;
  readonly policy: Policy;
  readonly approvals: Pick<Approvals, 'acquire' | 'continuation' | 'get'>;
  readonly upstreams: Upstreams;
  /** The mask of a profile. Throws where there is none: nothing passes unmasked. */
  readonly maskFor: MaskFor;
  /** Absent: nothing is kept in clear, not even sealed. */
  readonly seal?: SealMessage | undefined;
  readonly digest: KeyedDigester;
  readonly clock: Clock;
  readonly challenge: (server: ServerSettings, reason: AuthRefusal) => string;
  readonly metadata: (path: string) => object | undefined;
  readonly onDefect: (error: unknown) => void;
  /** Absent: no spans are made, and the trace context of clients is passed on as it came. */
  readonly tracer?: Tracer | undefined;
  /** TLS of the listener. Absent: plain HTTP. */
  readonly tls?: ServerTls | undefined;
  /** Address of the page where approvals are decided, without a trailing slash. Absent or null: there is none. */
  readonly approvalPage?: string | null;
}

export interface Gateway {
  readonly server: HttpServer;
  /** Takes over what the ledger knows of tool definitions, before serving. */
  restoreTool(record: ToolRecord): void;
  /** Records a refusal that strangers can cause, so that they cannot fill the disk. */
  readonly note: Strangers['note'];
  /** Ends idle sessions and writes the summaries of refusals; called every few seconds. */
  sweep(): Promise<void>;
  /** Ends all sessions and writes what is left to write. */
  close(reason: string): Promise<void>;
  readonly sessions: number;
}

const SESSION_LIMITS = { sessions: 2_000, perPrincipal: 500, underway: 1_000 } as const;

const hostsOf = ({ gateway }: Pick<Settings, 'gateway'>): ReadonlySet<string> =>
  hostsServed(gateway.listen, [new URL(gateway.publicUrl).host, ...gateway.allowedHosts]);

interface Parts {
  readonly sessions: Sessions;
  readonly strangers: Strangers;
  readonly tools: ToolDefinitions;
}

const createStages = (deps: GatewayDeps, { sessions, strangers, tools }: Parts): Stages => {
  const { ledger, clock, policy, approvals, upstreams, maskFor, digest } = deps;
  const { approvalHold: hold, callTimeout } = deps.settings.gateway;
  const { approvalPage: page = null } = deps;
  const judge = createJudge({ policy, tools, clock });
  const limits = createLimits(deps.settings.gateway.limits ?? DEFAULT_REQUEST_LIMITS, clock);
  const resuming = createResuming(createRequestStates({ clock }), digest);
  const newCall = () => ulid(clock.now());
  const tasks = createTasks({ ledger, approvals, clock });
  const visible = createVisible(policy);
  const eras = createEras(clock);
  const converse = createConverse({ ledger, maskFor, newCall, upstreams, eras });
  return {
    authenticate: createAuthenticate({ authenticator: deps.authenticator, strangers }),
    address: createAddress({ sessions, eras }),
    unfold: (addressed) => tasks.unfold(addressed),
    enter: ({ principal, server }) => limits.enter(principal, server),
    decide: createDecide({
      judge,
      digest,
      tools,
      maskFor,
      seal: deps.seal,
      resuming,
      newCall,
    }),
    grant: createGrant({ ledger, approvals, judge, resuming, tools, sessions, clock, hold, page, tasks }),
    intend: createIntend({ ledger, sessions, converse, maskFor, clock }),
    forward: createForward({ sessions, callTimeout, maskEvent: createMaskEvent(maskFor), clock }),
    mask: createMask({
      maskFor,
      resuming,
      visible: (answered) => declareTasks(answered, visible(answered)),
      seal: deps.seal,
      splits: createSplits(),
    }),
    record: createRecord({ ledger, maskFor, sessions, tools, clock }),
    relay: createRelay({ ledger, judge, maskFor, sessions }),
  };
};

export const createGateway = (deps: GatewayDeps): Gateway => {
  const { ledger, clock, challenge, metadata, onDefect } = deps;
  const { gateway, servers } = deps.settings;
  const sessions = new Sessions({ ledger, clock }, { ...SESSION_LIMITS, idle: gateway.sessionIdle });
  const strangers = createStrangers(ledger, clock);
  const tools = createToolDefinitions(ledger);
  const plain = createStages(deps, { sessions, strangers, tools });
  const stages = deps.tracer ? traceStages(plain, deps.tracer) : plain;
  const server = createListener({
    servers,
    rules: { hosts: hostsOf(deps.settings), origins: new Set(gateway.allowedOrigins) },
    maxRequestBytes: gateway.maxRequestBytes,
    sessions,
    strangers,
    post: createPipeline(stages),
    authenticate: (received) => stages.authenticate(received),
    listen: createListening({
      mask: (answered) => stages.mask(answered),
      maskEvent: createMaskEvent(deps.maskFor),
      record: (masked) => stages.record(masked),
      clock,
    }),
    challenge,
    tls: deps.tls,
    metadata,
    onDefect,
  });
  return {
    server,
    note: (draft) => strangers.note(draft),
    restoreTool: (tool) => tools.restore(tool),
    async sweep() {
      await Promise.all([sessions.sweep(), strangers.flush()]);
    },
    async close(reason) {
      try {
        await sessions.closeAll(reason);
        await strangers.flush(true);
      } finally {
        await deps.upstreams.close();
      }
    },
    get sessions() {
      return sessions.size;
    },
  };
};
