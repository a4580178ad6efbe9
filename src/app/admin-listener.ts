/** The admin listener of a gateway: approvals for people, health, readiness and metrics for machines. */
import { createApprovalApi } from '../approval/channels/api.js';
import type { ApprovalWorkflow } from '../approval/workflow.js';
import { type AdminRoute, createAdmin, isServed } from '../gateway/admin.js';
import type { Gateway } from '../gateway/gateway.js';
import { hostsServed } from '../gateway/head.js';
import type { HttpServer, ServerTls } from '../gateway/server.js';
import type { BearerAuthenticator } from '../identity/authenticator.js';
import type { Anchoring } from '../ledger/anchors/anchoring.js';
import type { OpenedLedger } from '../ledger/opening.js';
import { createMasker } from '../masking/mask.js';
import type { Settings } from '../model/settings.js';
import { anchorHealth, overdueSince } from './anchors.js';
import { type PageParts, pageRoutes } from './approval-page.js';
import { healthOf } from './health.js';
import { commonProfile } from './masking.js';
import type { Metrics } from './metrics.js';
import { operatingRoute, type Parts } from './operating.js';
import type { Reloader } from './reload.js';

/** What is told of. */
export interface Told {
  readonly ledger: OpenedLedger;
  readonly anchoring: Anchoring;
  readonly gateway: Gateway;
  readonly approvals: ApprovalWorkflow;
  readonly authenticator: BearerAuthenticator;
  readonly metrics: Metrics;
  readonly reloader: Reloader;
}

type PageMore = Pick<PageParts, 'clock' | 'subscribe' | 'passkeys'>;

const approvalRoutes = (
  settings: Settings,
  { approvals, authenticator, gateway }: Told,
  more: PageMore,
): readonly AdminRoute[] => {
  const { admin, allowedHosts } = settings.gateway;
  const parts: Omit<PageParts, keyof PageMore> = {
    approvals,
    authenticate: (authorization, use) => authenticator.authenticate(authorization, use),
    record: (draft) => gateway.note(draft),
    mask: createMasker(commonProfile(settings)),
  };
  return [
    ...pageRoutes(settings, { ...parts, ...more }),
    createApprovalApi({ ...parts, allowedHosts: [...hostsServed(admin, allowedHosts)] }),
  ];
};

const partsOf = ({ ledger, authenticator }: Told, overdue: number | null): Parts => {
  const { keyless } = authenticator;
  return {
    ledger: ledger.condition === 'writing' ? null : ledger.condition,
    anchors: overdue === null ? null : 'what was recorded has gone unconfirmed for longer than is allowed',
    issuers: keyless === 0 ? null : `the keys of ${keyless} cannot be read, so their tokens are refused`,
  };
};

const watch = ({ metrics, gateway, ledger, approvals, anchoring }: Told): void =>
  metrics.watch(() => ({
    sessions: gateway.sessions,
    recording: ledger.condition === 'writing',
    records: ledger.size,
    approvalsWaiting: approvals.list().filter(({ state }) => state === 'pending').length,
    unanchoredRecords: anchoring.window.records,
  }));

/** Not listening yet. */
export const createAdminListener = (
  settings: Settings,
  told: Told,
  more: PageMore & { readonly onDefect: (error: unknown) => void; readonly tls: ServerTls | undefined },
): HttpServer => {
  const { ledger, gateway, anchoring, reloader, metrics } = told;
  const hosts = hostsServed(settings.gateway.admin, settings.gateway.allowedHosts);
  const overdue = (): number | null => overdueSince(anchoring, settings.ledger.maxUnanchored ?? null, more.clock);
  watch(told);
  return createAdmin({
    hosts,
    routes: [
      operatingRoute({ hosts: (host) => isServed(host, hosts), parts: () => partsOf(told, overdue()), metrics }),
      ...approvalRoutes(settings, told, more),
    ],
    health: () => ({
      ...healthOf(ledger, gateway.sessions, overdue()),
      ...anchorHealth(anchoring),
      configuration: reloader.refused ? 'a change was refused' : 'in force',
    }),
    onDefect: more.onDefect,
    tls: more.tls,
  });
};
